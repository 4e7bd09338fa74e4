"""How one column is altered in place, and added or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import LiteralString

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.plan import Hazard, Plan, Risk
from gatepost.provider import comment, counting, identity, not_null, own_names, weakening
from gatepost.provider.column import ColumnInputs, IdentityOptions
from gatepost.provider.insight import called, parse_expression
from gatepost.provider.site import Site
from gatepost.provider.sqltext import Part, expression, ident, joined, part, raw
from gatepost.provider.types import is_assigned, keeps_clients, loses, only_widens, same_type

_CONSTANT = frozenset({"now", "current_setting", "current_user_id", "transaction_timestamp"})


def retyped(old: ColumnInputs, new: ColumnInputs) -> bool:
    """Return whether the values get another type or collation."""
    return not same_type(old.type, new.type) or old.collation != new.collation


def add(site: Site, column: ColumnInputs) -> Plan:
    """Return what adds a column.

    :raises InvalidDeclaration: nothing says what the rows that are there shall have in it.
    """
    if not site.size.empty and column.required and not (column.default or column.generation() != raw("")):
        raise InvalidDeclaration(
            f'{site.label}: column "{column.name}" is not null without a default, and the table has rows:'
            " give it a default, or make it nullable"
        )
    added = site.alter("add column {column}", column=column.definition())
    described = comment.changes(site.column(column.name), site.label, None, column.comment)
    why = rewriting(site, column)
    return Plan((added, *described), site.risk(Hazard.REWRITES_TABLE, column.name, why) if why else ())


def rewriting(site: Site, column: ColumnInputs) -> str | None:
    """Return why every row is written again when a column is added; None where it is not."""
    stored = column.generated is not None and not column.virtual
    if stored or column.identity or is_volatile(column.default, site):
        return f'Column "{column.name}" is added with a value of its own for each row.'
    if not column.generated and site.facts.is_constrained(column.type):
        return f'Column "{column.name}" is added with a value of {column.type}, which is checked in each row.'
    return None


def is_volatile(default: str | None, site: Site) -> bool:
    """Return whether a default may differ from row to row, so that it must be written into each."""
    calls = called(parse_expression(default, "default")) if default else set()
    if site.facts.connection is None or not calls:
        return not calls <= _CONSTANT
    found = site.facts.connection.execute(
        "select count(distinct proname) filter (where provolatile <> 'v'), bool_or(provolatile = 'v')"
        " from pg_proc where proname = any(%s)",
        (sorted(calls),),
    ).fetchone()
    return found != (len(calls), False)


def drop(site: Site, column: ColumnInputs) -> Plan:
    """Return what drops a column; what generates it generates it again."""
    dropped = Plan((site.alter("drop column {c}", c=ident(column.name)),))
    if column.generated:
        return dropped
    along = weakening.of_column(site.label, (site.schema, site.name), column.name, site.facts)
    lost = site.risk(Hazard.DELETES_DATA, column.name, f'Column "{column.name}" goes.')
    plan = dropped + Plan(risks=(*lost, *along))
    if column.retired:
        return plan
    detail = f'Column "{column.name}" goes: declare it retired in the release before.'
    return plan + Plan(risks=site.risk(Hazard.BREAKS_CLIENTS, column.name, detail))


def rename(site: Site, old: str, new: str) -> Plan:
    """Return what gives a column another name."""
    detail = f'Column "{old}" is called "{new}" from then on.'
    renamed = site.alter("rename column {o} to {n}", o=ident(old), n=ident(new))
    return Plan((replace(renamed, redefines=True),), site.risk(Hazard.BREAKS_CLIENTS, old, detail))


def alter(site: Site, old: ColumnInputs, new: ColumnInputs, former: str) -> Plan:
    """Take away what may be in the way of the new type; put on it what needs it.

    :param former: what the column is called before this change.
    """
    name, becomes = ident(new.name), retyped(old, new)
    redefined = becomes or old.default != new.default
    steps: list[Plan] = []

    def step(template: LiteralString, **parts: Part) -> None:
        steps.append(Plan((site.alter("alter column {c} " + template, c=name, **parts),)))

    if old.generated and not new.generated:
        step("drop expression")
    elif old.generated != new.generated:
        step("set expression as ({e})", e=expression(new.generated or ""))
        what = f'Column "{new.name}" is generated otherwise.'
        steps.append(Plan(risks=site.risk(Hazard.REWRITES_TABLE, new.name, what)))
    if old.default is not None and redefined:
        step("drop default")
    if old.identity and not new.identity:
        step("drop identity")
    if becomes:
        steps.append(_retype(site, old, new))
    if old.required and not new.required:
        step("drop not null")
    elif new.required and not old.required:
        steps.append(not_null.settle(site, new.name, former))
    steps.append(_identify(site, old, new, former))
    if new.default is not None and redefined:
        step("set default {e}", e=expression(new.default))
    described = comment.changes(site.column(new.name), site.label, old.comment, new.comment)
    return sum(steps, Plan()) + Plan(tuple(described), tuple(_breaks_writers(site, old, new)))


def _breaks_writers(site: Site, old: ColumnInputs, new: ColumnInputs) -> Iterator[Risk]:
    """Yield what becomes of clients that leave the column out, or write it."""
    had, has = (bool(one.default or one.identity or one.generated) for one in (old, new))
    if had and not has and new.required:
        detail = "Clients that leave it out fail: it is not null and has no default any more."
        yield from site.risk(Hazard.BREAKS_CLIENTS, new.name, detail)
    if new.identity == "always" and not (old.identity == "always" or old.generated):
        yield from site.risk(Hazard.BREAKS_CLIENTS, new.name, "Clients that write it fail.")


def _retype(site: Site, old: ColumnInputs, new: ColumnInputs) -> Plan:
    cast = part(" using {c}::{type}", c=ident(new.name), type=raw(new.type))
    using = raw("") if new.generated or is_assigned(old.type, new.type) else cast
    altered = site.alter("alter column {c} type {t}{using}", c=ident(new.name), t=new.typed(), using=using)
    what = " becomes ".join(_typed(one, collated=old.collation != new.collation) for one in (old, new))
    advice = f"{what}: with a ColumnChange clients go on meanwhile."
    rewrites: tuple[Risk, ...] = ()
    if not only_widens(old.type, new.type):
        rewrites = site.risk(Hazard.REWRITES_TABLE, new.name, advice)
    elif old.collation != new.collation:
        built = f"{what}, and its indexes are built again: with a ColumnChange clients go on meanwhile."
        rewrites = site.risk(Hazard.BLOCKS_READS, new.name, built)
    breaks = (
        () if keeps_clients(old.type, new.type) else site.risk(Hazard.BREAKS_CLIENTS, new.name, f"{what}.")
    )
    cut = f"{what}: values are rounded or cut off, without an error."
    lost = site.risk(Hazard.DELETES_DATA, new.name, cut) if loses(old.type, new.type) else ()
    return Plan((replace(altered, redefines=True),), (*rewrites, *breaks, *lost))


def _typed(column: ColumnInputs, *, collated: bool) -> str:
    collation = column.collation or '"default"'
    return f"{column.type} collate {collation}" if collated else column.type


def _identify(site: Site, old: ColumnInputs, new: ColumnInputs, former: str) -> Plan:
    if new.identity is None:
        return Plan()
    if old.identity is None:
        return identity.begin(site, new, former)
    name, how = ident(new.name), raw(new.identity)
    options = list(_options(old.identity_options, new.identity_options))
    before, after = identity.counting_of(old), identity.counting_of(new)
    if before != after:
        place = own_names.sequence_of(site.place, former, site.facts)
        label = f'{site.label}: the identity of column "{new.name}"'
        if counting.must_restart(label, place, after, site.facts):
            options.append(raw("restart"))
    if old.identity != new.identity:
        options.insert(0, part("set generated {how}", how=how))
    told = " ".join(counting.differences(before, after))
    risks = site.risk(Hazard.BREAKS_CLIENTS, new.name, told) if told else ()
    altered = site.alter("alter column {c} {options}", c=name, options=joined(options, " "))
    return Plan((altered,) if options else (), risks)


_BY_ITSELF = IdentityOptions(start=1, increment=1, cache=1, cycle=False)


def _options(old: IdentityOptions | None, new: IdentityOptions | None) -> Iterator[Part]:
    before, after = old or IdentityOptions(), new or IdentityOptions()
    for name in IdentityOptions.model_fields:
        value = getattr(after, name)
        if value == getattr(before, name):
            continue
        if value is None and getattr(_BY_ITSELF, name) is None:
            yield part("set no {name}", name=raw(name))
            continue
        given = {name: getattr(_BY_ITSELF, name) if value is None else value}
        (clause,) = IdentityOptions(**given).clauses()
        yield part("set {clause}", clause=clause)
