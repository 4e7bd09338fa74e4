"""Triggers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Definition, Facts
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import weakening
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.insight import parse
from gatepost.provider.kind import require_columns
from gatepost.provider.on_table import OnTable, OnTableKind
from gatepost.provider.renaming import Renaming
from gatepost.provider.sqltext import Part, expression, ident, idents, joined, literal, part, raw, text


class TriggerInputs(OnTable):
    """A trigger as it is declared."""

    function: str
    timing: Literal["before", "after", "instead of"] = "before"
    events: list[str]
    level: Literal["row", "statement"] = "row"
    when: str | None = None
    referencing: dict[Literal["old table", "new table"], str] = {}
    arguments: list[str] = []
    constraint: Literal["not deferrable", "initially immediate", "initially deferred"] | None = None
    fires: Literal["origin", "always", "replica", "never"] = "origin"


class TriggerKind(OnTableKind[TriggerInputs]):
    """The life of a trigger."""

    token = "gatepost:index:Trigger"  # noqa: S105
    inputs = TriggerInputs
    catalog, word, drifts_as = "triggers", "trigger", "function"
    remarks = ("name", "comment", "fires")

    def check(self, given: TriggerInputs, declared: Declarations) -> None:
        from pglast import ast

        where = self.where(given)
        if not given.events:
            raise InvalidDeclaration(f"{where}: names no events")
        if given.constraint and (given.timing, given.level) != ("after", "row"):
            raise InvalidDeclaration(f"{where}: a constraint trigger fires after each row")
        if given.fires != "origin" and given.timing == "instead of":
            raise InvalidDeclaration(f"{where}: a view's trigger fires always: leave out fires")
        statements = parse(_create(given, _CREATE), where)
        if len(statements) != 1 or not isinstance(statements[0], ast.CreateTrigStmt):
            raise InvalidDeclaration(f"{where}: expected events and a condition, got another statement")
        known = declared.columns_of(given.db_schema, given.table)
        columns = [column.sval for column in statements[0].columns or ()]
        require_columns(columns, known, where, given.table_name)
        if given.level == "row":
            *schema, name = given.function.split(".", 1)
            events = {event.split()[0].lower() for event in given.events}
            declared.check_rows((schema[0] if schema else "public", name), given.place, events, where)

    def texts(self, given: TriggerInputs) -> Iterable[Text]:
        table = (given.db_schema, given.table)
        called = text("{f}()", f=_function(given))
        yield Text(called, f"{self.where(given)}: function", made_up=True)
        if given.when is not None:
            yield Text(given.when, f"{self.where(given)}: when", own=(("old", table), ("new", table)))

    def in_new_names(self, old: TriggerInputs, new: TriggerInputs, renaming: Renaming) -> TriggerInputs:
        own = (("old", old.place), ("new", old.place))
        when = renaming.respelled(old.when, new.when, "expression", own)
        pairs = zip(old.events, [*new.events, *old.events], strict=False)
        events = [_event(old, one, other, renaming) for one, other in pairs]
        return old.model_copy(update={"when": when, "events": events})

    def create(self, given: TriggerInputs, facts: Facts) -> Plan:
        firing = () if given.fires == "origin" else (_firing(given),)
        return Plan((_statement(given, _CREATE), *firing, *self.described(given, None)))

    def update(self, old: TriggerInputs, new: TriggerInputs, facts: Facts) -> Plan:
        plan = super().update(old, new, facts)
        silenced = new.fires in _SILENT and old.fires not in _SILENT
        risks = _no_longer(old, facts) if silenced else ()
        remade = not old.same_but(new, *self.remarks)
        if old.fires == new.fires or remade:
            return plan + Plan((), risks)
        return plan + Plan((_firing(new),), risks)

    def change(self, old: TriggerInputs, new: TriggerInputs, facts: Facts) -> Plan:
        risks = weakening.of_trigger(old, new, facts)
        if old.constraint or new.constraint:
            # A constraint trigger cannot be replaced: one transaction exchanges it.
            return Plan((self.drop(old),), risks) + self.create(new, facts)
        renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
        replaced = _statement(new, _REPLACE)
        firing = () if old.fires == new.fires == "origin" else (_firing(new),)
        return Plan((*renamed, replaced, *firing, *self.described(new, old.comment)), risks)

    def delete(self, old: TriggerInputs, facts: Facts) -> Plan:
        plan = super().delete(old, facts)
        return Plan(plan.statements, _no_longer(old, facts) if plan else ())


_SILENT = ("never", "replica")


def fires(definition: Definition) -> str:
    """Return when a trigger fires, by its canonical definition."""
    return str(definition.get("fires") or ("origin" if definition["enabled"] else "never"))


def _no_longer(old: TriggerInputs, facts: Facts) -> tuple[Risk, ...]:
    detail = f"What {old.function} checked or recorded on {' or '.join(old.events)} is no longer."
    size = facts.exposed(old.db_schema, old.table)
    return risk(Hazard.CHANGES_ACCESS, f"{old.table_name}.{old.name}", detail, size=size)


def _firing(given: TriggerInputs) -> Statement:
    verb = {"origin": "enable", "always": "enable always", "replica": "enable replica", "never": "disable"}
    sql = text(
        "alter table {t} {verb} trigger {g}", t=given.of, verb=raw(verb[given.fires]), g=ident(given.name)
    )
    return Statement(sql, Lock.SHARE_ROW_EXCLUSIVE, given.table_name)


def _event(given: TriggerInputs, event: str, other: str, renaming: Renaming) -> str:
    """Return `update of` columns in their new names, spelled like the other one where that says the same."""
    names, others = (weakening.columns_of_event(one) for one in (event, other))
    new = renaming.listed(given.place, names)
    if new == names:
        return event
    return other if new == others else text("update of {c}", c=idents(new))


_CREATE, _REPLACE = raw("create"), raw("create or replace")


def _statement(given: TriggerInputs, verb: Part) -> Statement:
    return Statement(_create(given, verb), Lock.SHARE_ROW_EXCLUSIVE, given.table_name)


def _create(given: TriggerInputs, verb: Part) -> str:
    return text(
        "{verb}{constraint} trigger {g} {timing} {events} on {t}{deferred}{referencing}"
        " for each {level}{when} execute function {f}({a})",
        verb=verb,
        constraint=raw(" constraint") if given.constraint else raw(""),
        deferred=_deferred(given),
        g=ident(given.name),
        timing=raw(given.timing),
        events=joined((raw(event) for event in given.events), " or "),
        t=given.of,
        referencing=_referencing(given),
        level=raw(given.level),
        when=part(" when ({e})", e=expression(given.when)) if given.when else raw(""),
        f=_function(given),
        a=joined(literal(one) for one in given.arguments),
    )


def _function(given: TriggerInputs) -> Part:
    return ident(*given.function.split(".", 1))


def _deferred(given: TriggerInputs) -> Part:
    if given.constraint in (None, "not deferrable"):
        return raw("")
    return part(" deferrable {when}", when=raw(given.constraint or ""))


def _referencing(given: TriggerInputs) -> Part:
    if not given.referencing:
        return raw("")
    tables = (part("{kind} as {name}", kind=raw(k), name=ident(n)) for k, n in given.referencing.items())
    return part(" referencing {tables}", tables=joined(tables, " "))
