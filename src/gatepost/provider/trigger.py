"""Triggers."""

from __future__ import annotations

from typing import Literal

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.insight import parse, unknown_columns
from gatepost.provider.kind import Declarations, reject_unknown, require_columns
from gatepost.provider.on_table import OnTable, OnTableKind
from gatepost.provider.sqltext import Part, expression, ident, joined, part, raw, text


class TriggerInputs(OnTable):
    """A trigger as it is declared."""

    function: str
    timing: Literal["before", "after", "instead of"] = "before"
    events: list[str]
    level: Literal["row", "statement"] = "row"
    when: str | None = None
    referencing: dict[Literal["old table", "new table"], str] = {}


class TriggerKind(OnTableKind[TriggerInputs]):
    """The life of a trigger."""

    token = "gatepost:index:Trigger"  # noqa: S105
    inputs = TriggerInputs
    catalog, word, drifts_as = "triggers", "trigger", "function"

    def check(self, given: TriggerInputs, declared: Declarations) -> None:
        from pglast import ast

        where = self.where(given)
        if not given.events:
            raise InvalidDeclaration(f"{where}: names no events")
        statements = parse(_create(given, raw("create")), where)
        if len(statements) != 1 or not isinstance(statements[0], ast.CreateTrigStmt):
            raise InvalidDeclaration(f"{where}: expected events and a condition, got another statement")
        known = declared.columns_of(given.db_schema, given.table)
        columns = [column.sval for column in statements[0].columns or ()]
        require_columns(columns, known, where, given.table_name)
        rows = {"old": known, "new": known}
        missing = unknown_columns(statements[0].whenClause, rows, declared.columns_of)
        reject_unknown(missing, f"{where}: when")

    def create(self, given: TriggerInputs, facts: Facts) -> Plan:
        return Plan((_statement(given, raw("create")), *self.described(given, None)))

    def change(self, old: TriggerInputs, new: TriggerInputs, facts: Facts) -> Plan:
        renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
        replaced = _statement(new, raw("create or replace"))
        return Plan((*renamed, replaced, *self.described(new, old.comment)))


def _statement(given: TriggerInputs, verb: Part) -> Statement:
    return Statement(_create(given, verb), Lock.SHARE_ROW_EXCLUSIVE, given.table_name)


def _create(given: TriggerInputs, verb: Part) -> str:
    return text(
        "{verb} trigger {g} {timing} {events} on {t}{referencing} for each {level}{when}"
        " execute function {f}()",
        verb=verb,
        g=ident(given.name),
        timing=raw(given.timing),
        events=joined((raw(event) for event in given.events), " or "),
        t=given.of,
        referencing=_referencing(given),
        level=raw(given.level),
        when=part(" when ({e})", e=expression(given.when)) if given.when else raw(""),
        f=ident(*given.function.split(".", 1)),
    )


def _referencing(given: TriggerInputs) -> Part:
    if not given.referencing:
        return raw("")
    tables = (part("{kind} as {name}", kind=raw(k), name=ident(n)) for k, n in given.referencing.items())
    return part(" referencing {tables}", tables=joined(tables, " "))
