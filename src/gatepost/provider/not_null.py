"""NOT NULL where there are rows: proved while clients go on, before the column becomes it."""

from __future__ import annotations

from collections.abc import Iterable

from gatepost.postgres.catalog import Key
from gatepost.postgres.plan import Hazard, Lock, Plan
from gatepost.provider.own_names import own_name
from gatepost.provider.site import Site, undone_by
from gatepost.provider.sqltext import Part, ident, part

NATIVE = 180000
"""The first server that validates a NOT NULL that there is already for new rows: it has a name."""
ENDING = "not_null"


def prove(site: Site, column: str) -> Plan:
    """Return what proves it in transactions of their own; `settle` then reads no row."""
    if site.size.empty:
        return Plan()
    detail = f'Column "{column}" is proved to have no null.'
    risks = site.risk(Hazard.LONG_VALIDATION, column, detail, Lock.SHARE_UPDATE_EXCLUSIVE)
    native = site.facts.version >= NATIVE
    return (_prove_natively(site, column) if native else _prove_by_check(site, column)) + Plan(risks=risks)


def made(site: Site, columns: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return column, ending and name of the constraints that proving these columns makes."""
    if site.size.empty or site.facts.version < NATIVE:
        return []
    return [(column, ENDING, own_name(site.name, column, ENDING)) for column in columns]


def settle(site: Site, column: str, former: str) -> Plan:
    """Return what makes the column NOT NULL in the transaction that changes the table.

    :param former: what it was called when it was proved.
    """
    strict = site.alter("alter column {c} set not null", c=ident(column))
    if site.size.empty:
        return Plan((strict,))
    if site.facts.version >= NATIVE:
        return Plan()
    return Plan((strict, site.alter("drop constraint {k}", k=ident(check_name(former)))))


def _prove_natively(site: Site, column: str) -> Plan:
    name, c = ident(own_name(site.name, column, ENDING)), ident(column)
    add = site.alter("add constraint {k} not null {c} not valid", k=name, c=c)
    undo = site.alter("alter column {c} drop not null", c=c)
    return Plan((undone_by(undo, add), site.validate(name)))


def _prove_by_check(site: Site, column: str) -> Plan:
    return prove_by_check(site, column, part("{c} is not null", c=ident(column)))


def prove_by_check(site: Site, column: str, condition: Part) -> Plan:
    """Return what proves a condition on every row by a check that `settle` or its like drops again."""
    name = ident(check_name(column))
    left = site.facts.read(Key("constraints", site.schema, site.name, check_name(column)))
    undo = site.alter("drop constraint if exists {k}", k=name)
    add = site.alter("add constraint {k} check ({e}) not valid", k=name, e=condition)
    repair = (undone_by(None, undo),) if left else ()
    return Plan((*repair, undone_by(undo, add), site.validate(name)))


def check_name(column: str) -> str:
    """Return the name of the check that stands in for NOT NULL until it is proved."""
    return f"{column.encode()[:50].decode(errors='ignore')}__not_null"
