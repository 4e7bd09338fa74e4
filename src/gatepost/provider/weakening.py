"""Constraints, unique indexes and triggers that let in, or let pass, what they kept out before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key, query
from gatepost.postgres.plan import Hazard, Lock, Risk, risk
from gatepost.provider.implication import TRUE, implies, term
from gatepost.provider.insight import parse

if TYPE_CHECKING:
    from gatepost.provider.constraint_clauses import ConstraintInputs
    from gatepost.provider.index import IndexInputs
    from gatepost.provider.trigger import TriggerInputs

_LETS_IN = "What it kept out may come in."
_REFUSING = ("no action", "restrict")
_UNIQUE = ("primary_key", "unique")


def of_constraint(old: ConstraintInputs, new: ConstraintInputs, facts: Facts) -> tuple[Risk, ...]:
    """Return the hazard of a constraint that keeps out less, or cannot be proved not to."""
    size, on = facts.size(old.db_schema, old.table), f"{old.table_name}.{old.name}"
    details = [] if _holds_as_well(old, new) else [_LETS_IN]
    if old.kind in _UNIQUE and new.deferrable and not old.deferrable:
        details.append("INSERT … ON CONFLICT fails at a deferrable key.")
    if new.kind == old.kind == "foreign_key":
        details += _followed("deletion", old.on_delete, new.on_delete)
        details += _followed("new key", old.on_update, new.on_update)
    return tuple(one for detail in details for one in risk(Hazard.BREAKS_CLIENTS, on, detail, size=size))


def _followed(what: str, old: str, new: str) -> list[str]:
    """Return what becomes of a row when the one that it refers to goes, or gets another key."""
    if new == old or {new, old} <= set(_REFUSING):
        return []
    if new in _REFUSING:
        return [f"From now on the {what} of a row that it refers to is refused, no longer followed: {old}."]
    return [f"From now on the {what} of a row that it refers to is followed: {new}."]


def _holds_as_well(old: ConstraintInputs, new: ConstraintInputs) -> bool:
    if old.kind == "check" == new.kind:
        return _implies(new.expression, old.expression) and old.no_inherit >= new.no_inherit
    if old.kind in _UNIQUE and new.kind in _UNIQUE:
        same_nulls = new.nulls_not_distinct or not old.nulls_not_distinct
        return set(new.columns) <= set(old.columns) and same_nulls
    said = ("kind", "columns", "references", "match", "elements", "where")
    return all(getattr(old, name) == getattr(new, name) for name in said)


def _implies(expression: str | None, other: str | None) -> bool:
    """Return whether one expression implies the other; what drift made of that one is no expression."""
    try:
        held = term(other or "true")
    except InvalidDeclaration:
        return True
    return implies(term(expression or "true"), held)


def holds(conditions: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether what passes all of some conditions passes the others too."""
    known = list(conditions)
    return all(any(_implies(one, other) for one in known) for other in others)


def of_index(old: IndexInputs, new: IndexInputs | None, facts: Facts) -> tuple[Risk, ...]:
    """Return the hazard of a unique index that goes, or is one for fewer rows or more columns."""
    if not old.unique or (new is not None and _is_as_unique(old, new)):
        return ()
    size, on = facts.size(old.db_schema, old.table), f"{old.table_name}.{old.name}"
    return risk(Hazard.BREAKS_CLIENTS, on, _LETS_IN, size=size, lock=Lock.NONE)


def _is_as_unique(old: IndexInputs, new: IndexInputs) -> bool:
    same_nulls = new.nulls_not_distinct or not old.nulls_not_distinct
    same_rows = new.where in (None, old.where)
    return new.unique and same_nulls and same_rows and set(new.columns) <= set(old.columns)


def of_trigger(old: TriggerInputs, new: TriggerInputs, facts: Facts) -> tuple[Risk, ...]:
    """Return the hazard of a trigger that fires for less, or calls another function."""
    before, after = (TRUE if one.when is None else term(one.when) for one in (old, new))
    said = ("function", "timing", "level", "arguments", "referencing")
    same = all(getattr(old, name) == getattr(new, name) for name in said)
    if same and implies(before, after) and _covers(new.events, old.events):
        return ()
    detail = f"What {old.function} checked or recorded on {' or '.join(old.events)} is no longer the same."
    size = facts.exposed(old.db_schema, old.table)
    return risk(Hazard.CHANGES_ACCESS, f"{old.table_name}.{new.name}", detail, size=size)


def _covers(events: Iterable[str], others: Iterable[str]) -> bool:
    fired = [_event(one) for one in events]
    return all(
        any(verb == own[0] and _spans(own[1], of) for own in fired) for verb, of in map(_event, others)
    )


def _spans(columns: frozenset[str], others: frozenset[str]) -> bool:
    """No columns are all of them."""
    return not columns or (bool(others) and others <= columns)


def _event(event: str) -> tuple[str, frozenset[str]]:
    """Return verb and columns; what drift made of an event is none, and is as it is."""
    try:
        return event.lower().split()[0], frozenset(columns_of_event(event))
    except InvalidDeclaration:
        return event, frozenset()


def columns_of_event(event: str) -> list[str]:
    """Return the columns of an event; nothing for one that names none."""
    (statement,) = parse(f"create trigger t before {event} on t for each row execute function f()", "event")
    return [str(one.sval) for one in statement.columns or ()]


def of_column(label: str, place: tuple[str, str], column: str, facts: Facts) -> tuple[Risk, ...]:
    """Return the hazards of constraints and indexes that go with one of their columns."""
    there = facts.planned.present(Key("tables", *place))
    if facts.connection is None or there is None:
        return ()
    given = {"schema": there.schema, "table": there.name, "column": column}
    size, found = facts.size(*place), list[Risk]()
    for name, holds in facts.connection.execute(query("goes_with_column"), given).fetchall():
        hazard = Hazard.BREAKS_CLIENTS if holds else Hazard.INDEX_DROPPED
        detail = f'It goes with column "{column}".' + (f" {_LETS_IN}" if holds else "")
        found += risk(hazard, f"{label}.{name}", detail, size=size)
    return tuple(found)
