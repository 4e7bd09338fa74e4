"""How the columns of a table are changed: what can be is proved first, all else is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import LiteralString

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key, Size
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement
from gatepost.provider import comment
from gatepost.provider.column import ColumnInputs
from gatepost.provider.insight import calls_in, parse_expression
from gatepost.provider.sqltext import Part, expression, ident, literal, part, raw, text
from gatepost.provider.types import only_widens, same_type

_SETS_EXPRESSION = 170000
"""The first server that changes a generated column's expression in place."""


@dataclass(frozen=True)
class Site:
    """The table whose columns change, as it is called before and after."""

    schema: str
    name: str
    table: Part
    label: str
    forced: bool
    facts: Facts
    size: Size

    @property
    def before(self) -> Part:
        """The table under its old name."""
        return ident(self.schema, self.name)

    def alter(self, template: LiteralString, **parts: Part) -> Statement:
        """Return a statement that alters the table."""
        clause = part(template, **parts)
        sql = text("alter table {t} {clause}", t=self.table, clause=clause)
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, self.label)

    def risk(self, hazard: Hazard, what: str) -> tuple[Risk, ...]:
        """Return the hazard, if there are rows that it concerns."""
        return () if self.size.empty else (Risk(hazard, self.label, f"{what} concerns {self.size}."),)


@dataclass(frozen=True)
class Changes:
    """The difference between two sets of columns, by name."""

    old: dict[str, ColumnInputs]
    new: dict[str, ColumnInputs]
    site: Site

    def made_again(self, name: str) -> bool:
        """Return whether a column can only get its generated values by being dropped and added."""
        old, new = self.old[name], self.new[name]
        if new.generated is None or old.generated == new.generated:
            return False
        return old.generated is None or self.site.facts.version < _SETS_EXPRESSION

    def gone(self) -> set[str]:
        """Return the columns that are dropped, also where one of that name comes again."""
        kept = self.old.keys() & self.new.keys()
        return (self.old.keys() - kept) | {name for name in kept if self.made_again(name)}

    def prepare(self) -> Plan:
        """Return what can be proved before the transaction that changes the columns."""
        stricter = [
            name
            for name in self.old.keys() & self.new.keys() - self.gone()
            if self.old[name].nullable and not self.new[name].nullable
        ]
        if self.site.size.empty:
            return Plan()
        return sum((_prove_not_null(self.site, name) for name in sorted(stricter)), Plan())

    def apply(self) -> Plan:
        """Return the transaction: generated columns go first and come last, as they use the others."""
        gone, site = self.gone(), self.site
        fresh = [one for name, one in self.new.items() if name in gone or name not in self.old]
        kept = [(self.old[name], self.new[name]) for name in self.new if name in self.old.keys() - gone]
        again = [text for name in sorted(gone & self.new.keys()) for text in _dependents(site, name)]
        plans = (
            *(_drop(site, self.old[name]) for name in sorted(gone) if self.old[name].generated),
            *(_add(site, one) for one in fresh if not one.generated),
            *(_alter(site, old, new) for old, new in kept if old != new),
            *(_drop(site, self.old[name]) for name in sorted(gone) if not self.old[name].generated),
            *(_add(site, one) for one in fresh if one.generated),
            *(Plan((Statement(one, Lock.ACCESS_EXCLUSIVE, site.label),)) for one in again),
        )
        return sum(plans, Plan())


def changes(site: Site, old: Iterable[ColumnInputs], new: Iterable[ColumnInputs]) -> Changes:
    """Return how the old columns become the new ones."""
    return Changes({one.name: one for one in old}, {one.name: one for one in new}, site)


def _dependents(site: Site, column: str) -> list[str]:
    return site.facts.dependents(site.schema, site.name, column)


def _add(site: Site, column: ColumnInputs) -> Plan:
    filled = column.default or column.generated or column.identity
    if not site.size.empty and not column.nullable and not filled:
        raise InvalidDeclaration(
            f'{site.label}: column "{column.name}" is not null without a default, and the table has rows:'
            " give it a default, or make it nullable"
        )
    added = site.alter("add column {column}", column=column.definition())
    described = comment.changes(_on(site, column.name), site.label, None, column.comment)
    return Plan((added, *described), tuple(_rewrites(site, column)))


def _rewrites(site: Site, column: ColumnInputs) -> Iterator[Risk]:
    if column.generated or column.identity or _is_volatile(column.default):
        yield from site.risk(Hazard.REWRITES_TABLE, f'Column "{column.name}"')


_STABLE_CALLS = frozenset({"now", "current_setting", "current_user_id", "transaction_timestamp"})


def _is_volatile(default: str | None) -> bool:
    """Whether a default may differ from row to row, so that the whole table is written to store it."""
    if default is None:
        return False
    return not calls_in(parse_expression(default, "default")) <= _STABLE_CALLS


def _drop(site: Site, column: ColumnInputs) -> Plan:
    dropped = site.alter("drop column {c}", c=ident(column.name))
    loses = () if column.generated else site.risk(Hazard.DELETES_DATA, f'Column "{column.name}"')
    return Plan((dropped,), loses)


def _alter(site: Site, old: ColumnInputs, new: ColumnInputs) -> Plan:
    """Take away what may be in the way of the new type; put on it what needs it."""
    name = ident(new.name)
    retyped = not same_type(old.type, new.type) or old.collation != new.collation
    redefined = retyped or old.default != new.default
    steps: list[Plan] = []

    def step(template: LiteralString, **parts: Part) -> None:
        steps.append(Plan((site.alter("alter column {c} " + template, c=name, **parts),)))

    if old.generated and not new.generated:
        step("drop expression")
    elif old.generated != new.generated:
        step("set expression as ({e})", e=expression(new.generated or ""))
    if old.default is not None and redefined:
        step("drop default")
    if old.identity and not new.identity:
        step("drop identity")
    if retyped:
        steps.append(_retype(site, old, new))
    if old.nullable != new.nullable:
        steps.append(_set_nullable(site, new))
    if new.identity and new.identity != old.identity:
        steps.append(_identify(site, old, new))
    if new.default is not None and redefined:
        step("set default {e}", e=expression(new.default))
    described = comment.changes(_on(site, new.name), site.label, old.comment, new.comment)
    return sum(steps, Plan()) + Plan(tuple(described))


def _retype(site: Site, old: ColumnInputs, new: ColumnInputs) -> Plan:
    cast = part("using {c}::{type}", c=ident(new.name), type=raw(new.type))
    altered = site.alter(
        "alter column {c} type {type} {collate} {using}",
        c=ident(new.name),
        type=raw(new.type),
        collate=new.collate(),
        using=raw("") if new.generated else cast,
    )
    harmless = only_widens(old.type, new.type) and old.collation == new.collation
    what = f'Column "{new.name}" from {old.type} to {new.type}'
    return Plan((altered,), () if harmless else site.risk(Hazard.REWRITES_TABLE, what))


def _identify(site: Site, old: ColumnInputs, new: ColumnInputs) -> Plan:
    name, how = ident(new.name), raw(new.identity or "")
    if old.identity:
        return Plan((site.alter("alter column {c} set generated {how}", c=name, how=how),))
    added = site.alter("alter column {c} add generated {how} as identity", c=name, how=how)
    return Plan((added,)) + (Plan() if site.size.empty else _go_on_counting(site, new.name))


def _go_on_counting(site: Site, column: str) -> Plan:
    """Start the identity behind the values that there are; forced row security would hide them."""
    counted = text(
        "select setval(pg_get_serial_sequence({table}, {column}), max({c})) from {t} having max({c}) > 0",
        table=literal(site.table.as_string(None)),
        column=literal(column),
        c=ident(column),
        t=site.table,
    )
    count = Statement(counted, Lock.ACCESS_SHARE, site.label)
    if not site.forced:
        return Plan((count,))
    lift, force = site.alter("no force row level security"), site.alter("force row level security")
    return Plan((lift, count, force))


def _set_nullable(site: Site, new: ColumnInputs) -> Plan:
    name = ident(new.name)
    if new.nullable:
        return Plan((site.alter("alter column {c} drop not null", c=name),))
    proof = site.alter("drop constraint {k}", k=_proof(new.name))
    strict = site.alter("alter column {c} set not null", c=name)
    return Plan((strict,) if site.size.empty else (strict, proof))


def _prove_not_null(site: Site, column: str) -> Plan:
    """Prove it by a check that is validated without blocking; then `set not null` reads no row."""
    proof, lock = _proof(column), Lock.ACCESS_EXCLUSIVE
    undo = text("alter table {t} drop constraint if exists {k}", t=site.before, k=proof)
    left = site.facts.read(Key("constraints", site.schema, site.name, _proof_name(column)))
    add = text(
        "alter table {t} add constraint {k} check ({c} is not null) not valid",
        t=site.before,
        k=proof,
        c=ident(column),
    )
    validate = text("alter table {t} validate constraint {k}", t=site.before, k=proof)
    repair = (Statement(undo, lock, site.label, undo=""),) if left else ()
    proved = Statement(validate, Lock.SHARE_UPDATE_EXCLUSIVE, site.label, "separate", undo="")
    return Plan((*repair, Statement(add, lock, site.label, undo=undo), proved))


def _proof_name(column: str) -> str:
    return f"{column.encode()[:50].decode(errors='ignore')}__not_null"


def _proof(column: str) -> Part:
    return ident(_proof_name(column))


def _on(site: Site, column: str) -> Part:
    return part("column {t}.{c}", t=site.table, c=ident(column))
