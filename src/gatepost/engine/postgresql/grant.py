"""`postgresql:index/grant:Grant`: the privileges of a role on a database, a schema or objects in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatepost.engine.postgresql.connection import Session, names
from gatepost.engine.postgresql.kind import Kind, Property
from gatepost.engine.postgresql.membership import member_of, owner_of_database, owner_of_schema, role_exists
from gatepost.engine.postgresql.privileges import PRIVILEGES, as_declared, keywords, unknown_privileges
from gatepost.engine.postgresql.values import Plain
from gatepost.errors import PermissionMissing, StatementFailed

if TYPE_CHECKING:
    from psycopg import sql

_OBJECT_TYPES = tuple(kind for kind in PRIVILEGES if kind != "type")
_WITHOUT_SCHEMA = ("database", "foreign_data_wrapper", "foreign_server")
_ROUTINES = {"function": ("f", "a", "w"), "procedure": ("p",), "routine": ("f", "a", "w", "p")}
_RELATIONS = {"table": ("r",), "sequence": ("S",), "column": ("r", "p", "v", "m", "f")}

# One row an object: its name, its oid and its access list, of all that a kind of grant can speak about.
_DATABASE = "select datname, oid, datacl from pg_database where datname = %s"
_SCHEMA = "select nspname, oid, nspacl from pg_namespace where nspname = %s"
_WRAPPER = "select fdwname, oid, fdwacl from pg_foreign_data_wrapper where fdwname = %s"
_SERVER = "select srvname, oid, srvacl from pg_foreign_server where srvname = %s"
_ROUTINE = (
    "select proname, oid, coalesce(proacl, acldefault('f', proowner)) from pg_proc"
    " where pronamespace = (select oid from pg_namespace where nspname = %s) and prokind::text = any(%s)"
)
_RELATION = (
    "select relname, oid, relacl from pg_class"
    " where relnamespace = (select oid from pg_namespace where nspname = %s) and relkind::text = any(%s)"
)
_COLUMN = (
    "select attname, attrelid, attacl from pg_attribute where attrelid = (select c.oid from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relname = %s)"
)
_GRANTED = """
    select o.name, o.oid, array(
        select distinct a.privilege_type from aclexplode(o.acl) a
        where a.grantee = coalesce((select oid from pg_roles where rolname = nullif(%s, 'public')), 0)
    ) from ({objects}) o (name, oid, acl)
"""


class Grant(Kind):
    """Privileges, changed in place; who, where and on what replaces."""

    token = "postgresql:index/grant:Grant"  # noqa: S105
    properties = {
        "columns": Property("set", replaces=True),
        "database": Property(required=True, replaces=True),
        "objectType": Property(required=True, replaces=True, choices=_OBJECT_TYPES),
        "objects": Property("set", replaces=True),
        "privileges": Property("set", required=True),
        "role": Property(required=True, replaces=True),
        "schema": Property(replaces=True),
        "withGrantOption": Property("boolean", default=False, replaces=True),
    }

    def problems(self, values: Plain) -> Iterator[tuple[str, str]]:
        """Refuse objects, columns and privileges that the object type does not have."""
        kind = values.get("objectType")
        if kind is None:
            return
        if kind not in _WITHOUT_SCHEMA and "schema" not in values:
            yield "schema", f'is missing: object type "{kind}" stands in a schema'
        if kind in ("database", "schema") and values.get("objects"):
            yield "objects", f'cannot be given with objectType "{kind}": leave it out'
        if (
            kind in ("column", "foreign_data_wrapper", "foreign_server")
            and len(values.get("objects", [])) != 1
        ):
            yield "objects", f'wants exactly one name with objectType "{kind}"'
        if (kind == "column") != bool(values.get("columns")):
            yield "columns", 'is given with objectType "column", and only with it'
        if kind == "column" and len(values.get("privileges", [])) != 1:
            yield "privileges", 'wants exactly one privilege with objectType "column"'
        for reason in unknown_privileges(kind, values.get("privileges", [])):
            yield "privileges", reason

    def identify(self, values: Plain, database: str) -> str:  # noqa: ARG002
        """Return `<role>_<database>_<schema>_<objectType>` and the names of objects and columns."""
        kind = values["objectType"]
        schema = [] if kind in _WITHOUT_SCHEMA else [values["schema"]]
        names = [*sorted(values.get("objects") or []), *sorted(values.get("columns") or [])]
        return "_".join([values["role"], values["database"], *schema, kind, *names])

    def deletes_first(self, old: Plain, new: Plain) -> bool:  # noqa: ARG002
        """Delete first, as the Go plugin does: two grants may overlap in their objects."""
        return True

    def create(self, session: Session, new: Plain) -> None:
        """Set the privileges to exactly those declared, and see that the server took them."""
        with member_of(session, _owners(session, new)):
            self._set(session, new, new["privileges"])
        found = self.read(session, new)
        if found is None or set(found["privileges"]) != set(new["privileges"]):
            got = ", ".join(found["privileges"]) if found else ""
            raise PermissionMissing(
                f"{new['role']} got {got or 'nothing'} instead of {', '.join(new['privileges'])}:"
                " deploy as the owner of the objects or as a member of it"
            )

    def update(self, session: Session, old: Plain, new: Plain) -> None:
        """Take the old privileges away and give the new ones, in one transaction."""
        with member_of(session, _owners(session, new)):
            self._revoke(session, new, old.get("privileges"))
            self._set(session, new, new["privileges"])

    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return the privileges of the first object that has others than declared."""
        if not role_exists(session, known["role"]):
            return None
        if known["objectType"] not in _WITHOUT_SCHEMA and owner_of_schema(session, known["schema"]) is None:
            return None
        declared: list[str] = known.get("privileges") or []
        for granted in _granted(session, known):
            relevant = [name for name in granted if known["objectType"] != "column" or name in declared]
            seen = as_declared(known["objectType"], relevant, declared, session.version)
            if set(seen) != set(declared):
                return {"privileges": seen}
        return {"privileges": declared}

    def delete(self, session: Session, old: Plain) -> None:
        """Revoke the privileges; where role, schema or objects are gone there is nothing to do."""
        if self.read(session, old) is None:
            return
        with member_of(session, _owners(session, old)):
            self._revoke(session, old, old.get("privileges"))

    def _set(self, session: Session, new: Plain, privileges: list[str]) -> None:
        from psycopg import sql

        self._revoke(session, new, privileges)
        target = _target(session, new)
        if not privileges or target is None:
            return
        option = sql.SQL(" with grant option" if new["withGrantOption"] else "")
        grant = sql.SQL("grant {} on {} to {}").format(
            _words(new, privileges), target, sql.Identifier(new["role"])
        )
        session.execute(grant + option)

    def _revoke(self, session: Session, values: Plain, privileges: list[str] | None) -> None:
        """Revoke everything; of named objects only `privileges`, so that grants on columns stay."""
        from psycopg import sql

        target = _target(session, values)
        if target is None or (values["objectType"] == "column" and not privileges):
            return
        named = values.get("objects") and values["objectType"] not in _WITHOUT_SCHEMA
        words = _words(values, privileges) if named and privileges else sql.SQL("all")
        session.execute(
            sql.SQL("revoke {} on {} from {}").format(words, target, sql.Identifier(values["role"]))
        )


def _words(values: Plain, privileges: list[str]) -> sql.Composable:
    from psycopg import sql

    words = keywords(values["objectType"], privileges)
    if values["objectType"] != "column":
        return words
    return words + sql.SQL(" ({})").format(names(sorted(values["columns"])))


def _target(session: Session, values: Plain) -> sql.Composable | None:
    """Return what stands after ON, or nothing where a named object is gone."""
    from psycopg import sql

    kind, schema = values["objectType"], values.get("schema")
    if kind in ("database", "schema"):
        return sql.SQL(kind + " {}").format(sql.Identifier(values[kind]))
    if kind in _WITHOUT_SCHEMA:
        return sql.SQL(kind.replace("_", " ") + " {}").format(sql.Identifier(values["objects"][0]))
    word = "table" if kind == "column" else kind
    if not values.get("objects"):
        return sql.SQL("all " + word + "s in schema {}").format(sql.Identifier(schema or ""))
    found = [_object(session, kind, schema or "", name) for name in sorted(values["objects"])]
    return sql.SQL(word + " {}").format(sql.SQL(", ").join(found))


def _object(session: Session, kind: str, schema: str, name: str) -> sql.Composable:
    from psycopg import sql

    bare, parenthesis, _ = name.partition("(")
    qualified = sql.Identifier(schema, bare)
    if kind not in _ROUTINES or not parenthesis:
        return qualified
    types = session.rows(
        "select n.nspname, t.typname from pg_proc p, unnest(p.proargtypes) with ordinality a (type, place)"
        " join pg_type t on t.oid = a.type join pg_namespace n on n.oid = t.typnamespace"
        " where p.oid = %s order by place",
        _routine(session, schema, name),
    )
    return qualified + sql.SQL("({})").format(sql.SQL(", ").join(sql.Identifier(*row) for row in types))


def _routine(session: Session, schema: str, name: str) -> int:
    """Return the oid of a routine written as `name(type, …)`; the schema itself may be out of reach."""
    bare, _, arguments = name.partition("(")
    found = session.row(
        "select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = %s and p.proname = %s and p.proargtypes::text = array_to_string(array("
        "  select to_regtype(trim(a.name))::oid"
        "  from regexp_split_to_table(%s, ',') with ordinality a (name, place)"
        "  where trim(a.name) <> '' order by a.place), ' ')",
        schema,
        bare,
        arguments.rpartition(")")[0],
    )
    if found is None:
        raise StatementFailed(
            f'routine "{schema}.{name}" does not exist: declare it first, or correct its types'
        )
    return int(found[0])


def _granted(session: Session, known: Plain) -> Iterator[list[str]]:
    """Yield, object by object, what the role was granted."""
    kind, wanted = known["objectType"], known.get("objects") or []
    oids = {_routine(session, known["schema"], name) for name in wanted if kind in _ROUTINES and "(" in name}
    from psycopg import sql

    query, parameters = _source(known)
    rows = session.rows(sql.SQL(_GRANTED).format(objects=sql.SQL(query)), known["role"], *parameters)
    chosen = known.get("columns") if kind == "column" else None if kind in _WITHOUT_SCHEMA else wanted
    for name, oid, granted in rows:
        if not chosen or name in chosen or oid in oids:
            yield granted


def _source(known: Plain) -> tuple[str, list[Any]]:
    kind, schema = known["objectType"], known.get("schema")
    if kind == "database":
        return _DATABASE, [known["database"]]
    if kind == "schema":
        return _SCHEMA, [schema]
    if kind in _WITHOUT_SCHEMA:
        return (_WRAPPER if kind == "foreign_data_wrapper" else _SERVER), [known["objects"][0]]
    if kind == "column":
        return _COLUMN, [schema, known["objects"][0]]
    if kind in _ROUTINES:
        return _ROUTINE, [schema, list(_ROUTINES[kind])]
    return _RELATION, [schema, list(_RELATIONS[kind])]


def _owners(session: Session, values: Plain) -> list[str | None]:
    """Return the roles whose membership lets a deployer that is no superuser grant."""
    if values["objectType"] in _WITHOUT_SCHEMA:
        return [owner_of_database(session)]
    owners: list[str | None] = [owner_of_schema(session, values["schema"])]
    if values["objectType"] != "schema":
        rows = session.rows(
            "select pg_get_userbyid(o.owner) from pg_namespace n, lateral ("
            "  select relowner from pg_class where relnamespace = n.oid"
            "  union select proowner from pg_proc where pronamespace = n.oid"
            ") o (owner) where n.nspname = %s",
            values["schema"],
        )
        owners += [row[0] for row in rows]
    return owners
