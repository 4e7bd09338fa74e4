"""Functions and procedures: replaced in place, so that what depends on them goes on."""

from __future__ import annotations

from typing import Any, LiteralString

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider import comment, privileges
from gatepost.provider.insight import Created, created, or_replace
from gatepost.provider.kind import Declarations, Inputs, Kind
from gatepost.provider.sqltext import Part, ident, part, raw, text


class FunctionInputs(Inputs):
    """A function as it is declared."""

    sql: str
    file: str | None = None
    privileges: dict[str, list[str]] = {}
    owner: str | None = None
    comment: str | None = None

    def parsed(self) -> Created:
        """Return what the statement makes."""
        return created(self.sql, self.file or "function")


class FunctionKind(Kind[FunctionInputs]):
    """The life of a function."""

    token = "gatepost:index:Function"  # noqa: S105
    inputs = FunctionInputs

    def key(self, given: FunctionInputs) -> Key:
        it = given.parsed()
        return Key("functions", it.schema, it.name, it.signature)

    def identify(self, given: FunctionInputs) -> str:
        it = given.parsed()
        return "".join((it.schema, ".", it.name, "(", it.signature, ")"))

    def extra_outputs(self, given: FunctionInputs) -> dict[str, Any]:
        it = given.parsed()
        return {"schema": it.schema, "name": it.name, "arguments": it.arguments}

    def check(self, given: FunctionInputs, declared: Declarations) -> None:
        where = given.file or "function"
        if given.parsed().kind not in ("function", "procedure"):
            raise InvalidDeclaration(f"{where}: expected a create function or create procedure statement")
        privileges.check(given.privileges, privileges.FUNCTION, where)

    def replaces(self, old: FunctionInputs, new: FunctionInputs) -> list[str]:
        """Another name or other arguments are another function."""
        return ["sql"] if self.key(old) != self.key(new) else []

    def create(self, given: FunctionInputs, facts: Facts) -> Plan:
        it = given.parsed()
        statements = [_statement(given.sql, it)]
        strangers = ["public", *(r for r in facts.default_grantees(it.schema, "f") if r != "public")]
        statements.append(privileges.revoke_all(_on(it), _target(it), it.name, strangers))
        return Plan((*statements, *_attributes(None, given, it)))

    def update(self, old: FunctionInputs, new: FunctionInputs, facts: Facts) -> Plan:
        it = new.parsed()
        if not old.parsed().replaceable_by(it):
            return Plan((_drop(old.parsed()),)) + self.create(new, facts)
        changed = [_statement(or_replace(new.sql), it)] if old.sql != new.sql else []
        return Plan((*changed, *_attributes(old, new, it)))

    def delete(self, old: FunctionInputs, facts: Facts) -> Plan:
        return Plan((_drop(old.parsed()),) if facts.read(self.key(old)) else ())

    def drift_property(self, name: str) -> str:
        return "sql" if name == "definition" else name


def _drop(it: Created) -> Statement:
    sql = text("drop {on} {f}", on=raw(_on(it)), f=_target(it))
    return Statement(sql, Lock.NONE, f"{it.schema}.{it.name}")


def _statement(sql: str, it: Created) -> Statement:
    return Statement(sql.rstrip().rstrip(";"), Lock.NONE, f"{it.schema}.{it.name}")


def _attributes(old: FunctionInputs | None, new: FunctionInputs, it: Created) -> list[Statement]:
    target, name = _target(it), f"{it.schema}.{it.name}"
    before = old.privileges if old else None
    statements = privileges.changes(_on(it), target, name, before, new.privileges)
    on = part("{on} {f}", on=raw(_on(it)), f=target)
    statements += comment.changes(on, name, old.comment if old else None, new.comment)
    if new.owner != (old.owner if old else None):
        owner = ident(new.owner) if new.owner else raw("current_user")
        owned = text("alter {on} {f} owner to {o}", on=raw(_on(it)), f=target, o=owner)
        statements.append(Statement(owned, Lock.NONE, name))
    return statements


def _on(it: Created) -> LiteralString:
    return it.kind


def _target(it: Created) -> Part:
    return part("{f}({a})", f=ident(it.schema, it.name), a=raw(it.arguments))
