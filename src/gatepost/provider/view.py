"""Views."""

from __future__ import annotations

from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider import comment, privileges
from gatepost.provider.insight import Created, created, or_replace
from gatepost.provider.kind import Declarations, Inputs, Kind
from gatepost.provider.sqltext import Part, ident, idents, part, raw, text


class ViewInputs(Inputs):
    """A view as it is declared."""

    sql: str
    file: str | None = None
    privileges: dict[str, list[str]] = {}
    comment: str | None = None

    def parsed(self) -> Created:
        """Return what the statement makes."""
        return created(self.sql, self.file or "view")


class ViewKind(Kind[ViewInputs]):
    """The life of a view."""

    token = "gatepost:index:View"  # noqa: S105
    inputs = ViewInputs

    def key(self, given: ViewInputs) -> Key:
        it = given.parsed()
        return Key("views", it.schema, it.name)

    def extra_outputs(self, given: ViewInputs) -> dict[str, Any]:
        it = given.parsed()
        return {"schema": it.schema, "name": it.name}

    def check(self, given: ViewInputs, declared: Declarations) -> None:
        where = given.file or "view"
        if given.parsed().kind != "view":
            raise InvalidDeclaration(f"{where}: expected a create view statement")
        privileges.check(given.privileges, privileges.TABLE, where)

    def replaces(self, old: ViewInputs, new: ViewInputs) -> list[str]:
        """Another name is another view."""
        return ["sql"] if self.key(old) != self.key(new) else []

    def create(self, given: ViewInputs, facts: Facts) -> Plan:
        it = given.parsed()
        statements = [_statement(given.sql, it)]
        inherited = facts.default_grantees(it.schema, "r")
        if inherited:
            statements.append(privileges.revoke_all("table", _target(it), it.name, inherited))
        return Plan((*statements, *_attributes(None, given, it)))

    def update(self, old: ViewInputs, new: ViewInputs, facts: Facts) -> Plan:
        it = new.parsed()
        if old.sql == new.sql:
            return Plan(tuple(_attributes(old, new, it)))
        if _extends(it, facts):
            return Plan((_statement(or_replace(new.sql), it), *_attributes(old, new, it)))
        return Plan((_drop(it),)) + self.create(new, facts)

    def delete(self, old: ViewInputs, facts: Facts) -> Plan:
        return Plan((_drop(old.parsed()),) if facts.read(self.key(old)) else ())

    def observe(self, inputs: dict[str, Any], then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
        """The catalog has a view's query without its head."""
        named = ("privileges", "comment")
        observed = super().observe(inputs, _only(then, named), _only(now, named))
        if any(now[name] != then.get(name) for name in ("definition", "options")):
            it = self.inputs.model_validate(inputs).parsed()
            head = text("create view {v} as\n", v=_target(it))
            observed["sql"] = head + now["definition"]
        return observed


def _only(definition: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: definition.get(name) for name in names}


def _extends(new: Created, facts: Facts) -> bool:
    """Whether `create or replace` can do it: the old columns stay first, with their names and types."""
    names = part("({c})", c=idents(new.aliases)) if new.aliases else raw("")
    before = facts.result_of(text("select * from {v}", v=_target(new)))
    after = facts.result_of(text("select * from ({q}) as v {names}", q=raw(new.query), names=names))
    return before is None or after is None or after[: len(before)] == before


def _statement(sql: str, it: Created) -> Statement:
    name = f"{it.schema}.{it.name}"
    return Statement(sql.rstrip().rstrip(";"), Lock.ACCESS_EXCLUSIVE, name)


def _drop(it: Created) -> Statement:
    return Statement(text("drop view {v}", v=_target(it)), Lock.ACCESS_EXCLUSIVE, f"{it.schema}.{it.name}")


def _attributes(old: ViewInputs | None, new: ViewInputs, it: Created) -> list[Statement]:
    target, name = _target(it), f"{it.schema}.{it.name}"
    before = old.privileges if old else None
    granted = privileges.changes("table", target, name, before, new.privileges)
    described = comment.changes(part("view {v}", v=target), name, old.comment if old else None, new.comment)
    return [*granted, *described]


def _target(it: Created) -> Part:
    return ident(it.schema, it.name)
