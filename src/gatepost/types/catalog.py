"""What the database has, as the renderers need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, LiteralString

from psycopg.rows import dict_row

from gatepost.errors import UsageError
from gatepost.postgres.connect import translating

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

Kind = Literal["base", "array", "enum", "composite", "relation", "range", "multirange", "pseudo"]
_KINDS: dict[str, Kind] = {"b": "base", "e": "enum", "r": "range", "m": "multirange", "p": "pseudo"}


@dataclass(frozen=True)
class Type:
    """A type that is no domain: those are what they are made of."""

    schema: str
    name: str
    kind: Kind
    element: Type | None = None
    """An array's elements, or a range's bounds."""
    labels: tuple[str, ...] = ()
    attributes: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Field:
    """A named value: an argument, a result's column, an attribute of a composite type."""

    name: str
    type: Type
    is_optional: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table or view."""

    name: str
    type: Type
    comment: str | None
    is_nullable: bool
    has_default: bool
    is_writable: bool
    """Whether a client may give a value: not where the database makes it."""


@dataclass(frozen=True)
class Relationship:
    """A foreign key."""

    foreign_key: str
    columns: tuple[str, ...]
    is_one_to_one: bool
    referenced_schema: str
    referenced_name: str
    referenced_columns: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """A table or a view."""

    schema: str
    name: str
    comment: str | None
    is_view: bool
    is_insertable: bool
    is_updatable: bool
    columns: tuple[Column, ...]
    relationships: tuple[Relationship, ...] = ()


@dataclass(frozen=True)
class Function:
    """A function that can be called by name."""

    schema: str
    name: str
    comment: str | None
    arguments: tuple[Field, ...]
    returns: Type
    is_set: bool
    columns: tuple[Field, ...]
    """The columns of its result, where it `returns table` or has out parameters."""


@dataclass(frozen=True)
class Definitions:
    """Everything of the schemas, in an order that does not change."""

    schemas: tuple[str, ...]
    relations: tuple[Relation, ...]
    functions: tuple[Function, ...]
    types: tuple[Type, ...]
    """The enums and composite types of the schemas, and those elsewhere that something here uses."""

    @cached_property
    def relation_names(self) -> frozenset[tuple[str, str]]:
        """Schema and name of every table and view."""
        return frozenset((one.schema, one.name) for one in self.relations)


def read(connection: Connection, schemas: Sequence[str] = ()) -> Definitions:
    """Return the definitions of `schemas`, else of all but the system's.

    :raises UsageError: there is no such schema.
    """
    with translating("reading the catalog"):
        chosen = _schemas(connection, schemas)
        types = _Types(_rows(connection, "types"))
        relations = _relations(connection, chosen, types)
        functions = tuple(_function(row, types) for row in _rows(connection, "functions", chosen))
    return Definitions(tuple(chosen), relations, functions, types.used_or_in(chosen))


def _rows(connection: Connection, name: str, schemas: Sequence[str] | None = None) -> list[dict[str, Any]]:
    text: LiteralString = files("gatepost.types").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    parameters = None if schemas is None else {"schemas": list(schemas)}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(text, parameters).fetchall()


def _schemas(connection: Connection, wanted: Sequence[str]) -> list[str]:
    known = [row["name"] for row in _rows(connection, "schemas")]
    if missing := sorted(set(wanted) - set(known)):
        raise UsageError(f"there is no schema {', '.join(missing)}: there are {', '.join(known) or 'none'}")
    return [name for name in known if not wanted or name in wanted]


class _Types:
    """The database's types by their ids, each resolved when it is first used."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = {row["id"]: row for row in rows}
        self._made: dict[int, Type] = {}

    def __getitem__(self, id_: int) -> Type:
        if id_ not in self._made:
            self._made[id_] = self._make(self._rows[id_])
        return self._made[id_]

    def _make(self, row: Mapping[str, Any]) -> Type:
        schema, name = row["schema"], row["name"]
        if row["base"]:
            return self[row["base"]]
        if row["element"]:
            return Type(schema, name, "array", self[row["element"]])
        if row["kind"] == "c":
            if row["is_relation"]:
                return Type(schema, name, "relation")
            attributes = tuple(Field(one["name"], self[one["type"]]) for one in row["attributes"])
            return Type(schema, name, "composite", attributes=attributes)
        bounds = self[row["bounds"]] if row["bounds"] else None
        return Type(schema, name, _KINDS[row["kind"]], bounds, tuple(row["labels"]))

    def used_or_in(self, schemas: Sequence[str]) -> tuple[Type, ...]:
        for id_, row in self._rows.items():
            own = row["schema"] in schemas and row["kind"] in ("e", "c") and not row["is_relation"]
            if own:
                self[id_]
        found = {one for one in self._made.values() if one.kind in ("enum", "composite")}
        return tuple(sorted(found, key=lambda one: (one.schema, one.name)))


def _relations(connection: Connection, schemas: Sequence[str], types: _Types) -> tuple[Relation, ...]:
    keys: dict[tuple[str, str], list[Relationship]] = {}
    for row in _rows(connection, "relationships", schemas):
        place = row.pop("schema"), row.pop("name")
        lists = {name: tuple(row[name]) for name in ("columns", "referenced_columns")}
        keys.setdefault(place, []).append(Relationship(**{**row, **lists}))
    return tuple(
        Relation(
            **{name: value for name, value in row.items() if name != "columns"},
            columns=tuple(_column(one, types, is_view=row["is_view"]) for one in row["columns"]),
            relationships=tuple(keys.get((row["schema"], row["name"]), ())),
        )
        for row in _rows(connection, "relations", schemas)
    )


def _column(described: Mapping[str, Any], types: _Types, *, is_view: bool) -> Column:
    made = {**described, "type": types[described["type"]]}
    # PostgreSQL does not say whether a view's column can be null
    return Column(**{**made, "is_nullable": True} if is_view else made)


def _function(row: Mapping[str, Any], types: _Types) -> Function:
    names = row["argument_names"] or [""] * len(row["argument_types"])
    listed = list(zip(row["argument_modes"], names, row["argument_types"], strict=True))
    given = [(name, types[id_]) for mode, name, id_ in listed if mode in ("i", "b", "v")]
    return Function(
        row["schema"],
        row["name"],
        row["comment"],
        tuple(
            # an argument without a name can only be given by its place
            Field(name or f"${place + 1}", type_, place >= row["required"])
            for place, (name, type_) in enumerate(given)
        ),
        types[row["returns"]],
        row["is_set"],
        tuple(Field(name, types[id_]) for mode, name, id_ in listed if mode in ("o", "b", "t")),
    )
