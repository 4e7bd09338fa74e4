"""What surrounds a program's objects and no resource declares: privileges on schemas, defaults, settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatepost.adopt.database import DefaultPrivilege, Schema, Setting, default_privileges, schemas, settings
from gatepost.adopt.drift import surrounding
from gatepost.engine.postgresql.default_privileges import DefaultPrivileges
from gatepost.engine.postgresql.grant import Grant
from gatepost.engine.postgresql.kind import Kind
from gatepost.engine.postgresql.role import SETTINGS, Role
from gatepost.exported import Resource, revealed
from gatepost.postgres.plan import Plan, Statement
from gatepost.provider.managed import Managed
from gatepost.provider.sqltext import ident, part, raw, role, text

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_OWN = {("function", "public"): ["EXECUTE"], ("type", "public"): ["USAGE"]}
"""The default privileges that PostgreSQL gives by itself."""
_TYPES = {
    "table": "tables", "sequence": "sequences", "function": "functions", "type": "types", "schema": "schemas",
    "L": "large objects",
}  # fmt: skip


@dataclass(frozen=True)
class Undeclared:
    """One of them, what would take it away, and what would accept it."""

    token: str
    """The type of the resource that would declare it, or of what it is said of."""
    what: str
    found: dict[str, Any]
    removal: Plan
    accept: str


class Surroundings:
    """What a stack declares around its objects in one database."""

    def __init__(self, resources: Iterable[Resource], database: str) -> None:
        self._database = database
        declared = [(one["type"], revealed(one.get("outputs") or {})) for one in resources]
        here = [(token, one) for token, one in declared if one.get("database") in (None, database)]
        self._grants = {
            (one["schema"], one["role"])
            for token, one in here
            if token == Grant.token and one["objectType"] == "schema"
        }
        self._defaults = {
            (one["owner"], one.get("schema") or None, _object_type(one["objectType"]), one["role"])
            for token, one in here
            if token == DefaultPrivileges.token
        }
        self._roles = {one["name"] for token, one in declared if token == Role.token}

    def undeclared(self, connection: Connection, known: Managed) -> Iterator[Undeclared]:
        """Yield what the database has beside that, where the program has its objects.

        What the deployer has been given is left out: it was there before.
        """
        mine = connection.execute("select session_user::text, current_user::text").fetchone() or ()
        found = (*self._privileges(connection, known), *map(self._set, settings(connection)))
        for one in found:
            if one and one.found.get("role") not in mine and not known.is_existing(one.what):
                yield one

    def _privileges(self, connection: Connection, known: Managed) -> Iterator[Undeclared | None]:
        for schema in schemas(connection):
            if schema.name in known.schemas:
                yield from self._on(schema)
        for given in default_privileges(connection):
            if given.schema is None or given.schema in known.schemas:
                yield self._default(given)

    def _on(self, schema: Schema) -> Iterator[Undeclared]:
        """Yield who has privileges on a schema; on `public` everybody has one from the first."""
        public = schema.name == "public"
        grants = list(schema.grants)
        if public and not any(one["role"] == "public" for one in grants):
            grants.append({"role": "public", "privileges": [], "grantable": False})
        for one in grants:
            usual = public and one == {"role": "public", "privileges": ["USAGE"], "grantable": False}
            if not usual and (schema.name, one["role"]) not in self._grants:
                yield self._granted(schema.name, one)

    def _granted(self, schema: str, grant: dict[str, Any]) -> Undeclared:
        place = {"s": ident(schema), "r": role(grant["role"])}
        statements = [text("revoke all on schema {s} from {r}", **place)] if grant["privileges"] else []
        if (schema, grant["role"]) == ("public", "public"):
            statements.append(text("grant usage on schema {s} to {r}", **place))
        found = {"objectType": "schema", "schema": schema, **_given(grant["role"], grant)}
        name = f"{grant['role']}_in_{schema}"
        what = f"privileges of {grant['role']} on schema {schema}"
        return self._declarable(Grant(), name, what, found, statements)

    def _default(self, given: DefaultPrivilege) -> Undeclared | None:
        place = (given.owner, given.schema, given.object_type, given.role)
        own = [] if given.schema else _OWN.get((given.object_type, given.role), [])
        usual = own and given.privileges == own and not given.grantable
        if place in self._defaults or usual:
            return None
        start = part("alter default privileges for role {o}", o=ident(given.owner))
        if given.schema:
            start = part("{a} in schema {s}", a=start, s=ident(given.schema))
        on = {"a": start, "t": raw(_TYPES[given.object_type]), "r": role(given.role)}
        statements = [text("{a} revoke all on {t} from {r}", **on)] if given.privileges else []
        if own or (given.schema is None and given.role == given.owner):
            statements.append(text("{a} grant {p} on {t} to {r}", p=raw(", ".join(own) or "all"), **on))
        where = f" in schema {given.schema}" if given.schema else ""
        what = f"default privileges of {given.owner} on {given.object_type} for {given.role}{where}"
        names = (given.role, "gets", given.object_type, "of", given.owner, "in", given.schema)
        found = {"objectType": given.object_type, "owner": given.owner, "schema": given.schema}
        found |= _given(given.role, given._asdict())
        name = "_".join(names if given.schema else names[:-2])  # type: ignore[arg-type]
        return self._declarable(DefaultPrivileges(), name, what, found, statements)

    def _declarable(
        self, kind: Kind, name: str, what: str, found: dict[str, Any], statements: list[str]
    ) -> Undeclared:
        found = {"database": self._database, **found}
        if found["objectType"] in kind.properties["objectType"].choices:
            accept = surrounding(kind, name, found)
        else:
            accept = _words(what)
        return Undeclared(kind.token, what, found, Plan(tuple(map(Statement, statements))), accept)

    def _set(self, one: Setting) -> Undeclared | None:
        """Return what is set for this database, or for a role that is declared, which says some of it."""
        everywhere = one.database is None
        if everywhere and (one.role not in self._roles or one.name in SETTINGS.values()):
            return None
        whose = part("role {r}", r=ident(one.role)) if one.role else raw("database")
        where = part(" {i}{d}", i=raw("in database " if one.role else ""), d=ident(one.database or ""))
        reset = text(
            "alter {whose}{where} reset {name}",
            whose=whose,
            where=raw("") if everywhere else where,
            name=ident(*one.name.split(".")),
        )
        token = Role.token if one.role else "postgresql:index/database:Database"
        return Undeclared(token, one.what, {}, Plan((Statement(reset),)), _words(one.what))


def _object_type(name: str) -> str:
    return "function" if name == "routine" else name


def _given(role: str, grant: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "privileges": grant["privileges"], "withGrantOption": grant["grantable"]}


def _words(what: str) -> str:
    return f'# nothing: no declaration says that; name it in the provider\'s existing ("{what}")'
