"""What a database has: objects, owners, what they need of each other, and what surrounds them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple, cast

from gatepost.postgres import catalog
from gatepost.postgres.catalog import Definition, Key

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

Place = tuple[str, int]
RELATIONS = ("tables", "views", "materialized_views")


class Schema(NamedTuple):
    """A schema, its owner, and who else has which rights in it."""

    name: str
    owner: str
    grants: list[dict[str, Any]]


class Extension(NamedTuple):
    """An extension and the schema of its objects."""

    name: str
    schema: str


class DefaultPrivilege(NamedTuple):
    """What a role gets of the objects that an owner will make."""

    owner: str
    schema: str | None
    object_type: str
    role: str
    grantable: bool
    privileges: list[str]


class Setting(NamedTuple):
    """A parameter that is set for a database, for a role, or for a role in a database."""

    database: str | None
    role: str | None
    name: str

    @property
    def what(self) -> str:
        """How it is called: `search_path of role reader in database platform`."""
        said = (
            f"role {self.role}" if self.role else "",
            f"database {self.database}" if self.database else "",
        )
        return f"{self.name} of {' in '.join(word for word in said if word)}"


class Unexpressed(NamedTuple):
    """Something that no declaration can say, and why."""

    what: str
    reason: str


class Body(NamedTuple):
    """A function's text, which nobody but its language understands."""

    language: str
    text: str


class Separable(NamedTuple):
    """The default of a column or the check of a domain, and what it needs."""

    what: str
    schema: str
    name: str
    part: str
    needs: Key

    @property
    def key(self) -> Key:
        """Whose it is."""
        return Key("types" if self.what == "check" else "tables", self.schema, self.name)


@dataclass
class Database:
    """All that a program about a database has to know."""

    name: str
    user: str
    version: int
    definitions: dict[Key, Definition]
    owners: dict[Key, str]
    needs: dict[Key, set[Key]]
    bodies: dict[Key, Body]
    schemas: list[Schema]
    extensions: list[Extension]
    default_privileges: list[DefaultPrivilege]
    settings: list[Setting]
    places: dict[Key, Place]
    """Where the catalogs have each object."""
    unexpressed: list[Unexpressed] = field(default_factory=list)
    astray: set[Key] = field(default_factory=set)
    """Functions whose bodies name what is found only by their callers' search paths, or is not there."""
    separable: list[Separable] = field(default_factory=list)
    recursive: set[Key] = field(default_factory=set)
    """Views that read themselves."""
    left_out: dict[Key, str] = field(default_factory=dict)
    """What cannot be declared, with the reason, and is in the definitions no more."""
    statements: dict[Key, str] = field(default_factory=dict)
    """What makes the objects that have no kind of their own."""

    @cached_property
    def main_owner(self) -> str:
        """The role that owns most; the user where nobody owns anything."""
        counted = Counter(owner for key, owner in self.owners.items() if key in self.definitions)
        return counted.most_common(1)[0][0] if counted else self.user


@cache
def query(name: str) -> LiteralString:
    """Return the text of a named query of this package."""
    return files("gatepost.adopt").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def read(connection: Connection) -> Database:
    """Read a whole database in a fixed number of queries; nothing in it is changed."""
    definitions = _declarable(connection)
    with catalog.canonical_names(connection):
        keys: dict[Place, Key] = {}
        owners: dict[Key, str] = {}
        for row in _rows(connection, "objects"):
            key = Key(*row[2:6])
            keys[row[0], row[1]] = key
            owners[key] = row[6]
        needs = _needs(keys, _rows(connection, "edges"), definitions)
        bodies = {Key("functions", *row[:3]): Body(*row[3:5]) for row in _rows(connection, "bodies")}
        return Database(
            name=connection.info.dbname,
            user=connection.info.user,
            version=connection.info.server_version,
            definitions=definitions,
            owners=owners,
            needs=needs,
            bodies={key: body for key, body in bodies.items() if key in definitions},
            schemas=schemas(connection),
            extensions=[Extension(*row) for row in _rows(connection, "extensions")],
            default_privileges=default_privileges(connection),
            settings=[one for one in settings(connection) if one.database],
            places={key: place for place, key in keys.items()},
            unexpressed=[Unexpressed(*row) for row in _rows(connection, "unexpressed")],
            **_circular(keys, _rows(connection, "separable")),
        )


def schemas(connection: Connection) -> list[Schema]:
    """Return the schemas that are not PostgreSQL's own or an extension's."""
    return [Schema(*row) for row in _rows(connection, "schemas")]


def default_privileges(connection: Connection) -> list[DefaultPrivilege]:
    """Return all default privileges, those that PostgreSQL gives where others are set beside them too."""
    return [DefaultPrivilege(*row) for row in _rows(connection, "default_privileges")]


def settings(connection: Connection) -> list[Setting]:
    """Return what is set for the database, and for every role."""
    return [Setting(*row) for row in _rows(connection, "settings")]


def _circular(keys: dict[Place, Key], rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    found = [
        Separable(what, schema, name, part, keys[place])
        for what, schema, name, part, *at in rows
        if (place := (str(at[0]), int(at[1]))) in keys
    ]
    return {
        "separable": [one for one in found if one.what != "view"],
        "recursive": {one.needs for one in found if one.what == "view"},
    }


def _declarable(connection: Connection) -> dict[Key, Definition]:
    """Return what has a kind; the constraints of a foreign table are in the statement that makes it."""
    rows = connection.execute(
        "select nspname, relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where relkind = 'f'"
    )
    foreign = set(rows.fetchall())
    found = catalog.read_all(connection)
    return {
        key: definition
        for key, definition in found.items()
        if key.kind != "constraints" or (key.schema, key.name) not in foreign
    }


def _rows(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    return cast("list[tuple[Any, ...]]", connection.execute(query(name)).fetchall())


def partitions(definitions: Mapping[Key, Mapping[str, Any]]) -> dict[Key, Key]:
    """Return the declared table of each partition."""
    return {
        Key("tables", one.get("schema") or key.schema, one["name"]): key
        for key, definition in definitions.items()
        if key.kind == "tables"
        for one in definition.get("partitions") or ()
    }


def relation_of(key: Key, definitions: Container[Key], parts: Mapping[Key, Key]) -> Key | None:
    """Return the declared table or view that an object belongs to."""
    if not key.object or key.kind == "functions":
        return None
    relations = (Key(kind, key.schema, key.name) for kind in RELATIONS)
    found = (parts.get(one, one) for one in relations)
    return next((one for one in found if one in definitions), None)


def _needs(
    keys: dict[Place, Key], edges: list[tuple[Any, ...]], definitions: dict[Key, Definition]
) -> dict[Key, set[Key]]:
    """Return what each object needs, what belongs to it included."""
    whole = {(edge[0], edge[1]): (edge[2], edge[3]) for edge in edges if edge[4] == "P"}
    parts = partitions(definitions)

    def declared(place: Place) -> Key | None:
        for at in _chain(place, whole):
            if (key := keys.get(at)) is not None and parts.get(key, key) in definitions:
                return parts.get(key, key)
        return None

    needs: dict[Key, set[Key]] = {key: set() for key in definitions}
    for catalog_, oid, on_catalog, on_oid, kind in edges:
        one, other = declared((catalog_, oid)), declared((on_catalog, on_oid))
        owned = one is not None and one.kind == "sequences" and kind in ("a", "i")
        if one and other and one != other and kind != "P" and not owned:
            needs[one].add(other)
    for key in definitions:
        if relation := relation_of(key, definitions, parts):
            needs[key].add(relation)
    _need_what_they_belong_to(needs, definitions, parts)
    return needs


def _need_what_they_belong_to(
    needs: dict[Key, set[Key]], definitions: dict[Key, Definition], parts: Mapping[Key, Key]
) -> None:
    """Let properties come after their relation with its keys and indexes."""
    belongs: dict[tuple[str, str], set[Key]] = defaultdict(set)
    for key in definitions:
        if key.kind in (*RELATIONS, "types", "constraints", "indexes"):
            belongs[key.schema, key.name].add(key)
    for part, table in parts.items():
        belongs[part.schema, part.name].add(table)
    for key, definition in definitions.items():
        if key.is_property and "of" in definition:
            schema, name = definition["of"]
            needs[key] |= belongs[schema, name]


def _chain(place: Place, whole: dict[Place, Place]) -> Iterator[Place]:
    seen: set[Place] = set()
    current: Place | None = place
    while current is not None and current not in seen:
        seen.add(current)
        yield current
        current = whole.get(current)
