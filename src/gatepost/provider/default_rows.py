"""Rows of a coming partition that sit in the default one: they are in its way, and told before."""

from __future__ import annotations

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.postgres.connect import taken_back
from gatepost.provider.batches import sees_all
from gatepost.provider.partitions import Member
from gatepost.provider.sqltext import Part, expression, literal, text

_PATIENCE = "100ms"
"""For how long others may wait behind the look at rows that row security hides."""
_LOOK = "300ms"


def refuse(member: Member, rest: Member, facts: Facts) -> None:
    """Refuse a partition whose rows are in the default partition.

    :raises InvalidDeclaration: names both, how many rows there are, and what to do.
    """
    condition = member.limits.inside(member.key)
    if condition is None or facts.size(rest.schema, rest.name).empty:
        return
    found = _count(rest.target, condition, facts)
    if found:
        raise InvalidDeclaration(
            f'partition "{member.label}": {found} of its rows are in the default partition "{rest.label}":'
            f" {advice(member, rest, condition)}"
        )


def advice(member: Member, rest: Member, condition: str) -> str:
    """Say how the rows get into their partition."""
    return (
        f'take the rows of "{member.label}" out of "{rest.label}" first (where {condition}), into a table of'
        f" your own if they are to stay; deploy; then insert them into {'.'.join(member.parent)} again"
    )


def _count(table: Part, condition: str, facts: Facts) -> int:
    """Return how many rows of a table meet a condition, as far as that can be known without harm.

    Row security hides rows from whoever it is forced on: to see them takes a policy, which is made and
    rolled back. Others wait for it, so that nobody is told where that took too long: the proof fails later.
    """
    import psycopg

    if facts.connection is None:
        return 0
    counted = text("select count(*) from {t} where {c}", t=table, c=expression(condition))
    active = text("select row_security_active({t})", t=literal(table.as_string(None)))
    if facts.connection.execute(active.encode()).fetchone() != (True,):
        return _first(facts.connection.execute(counted.encode()).fetchone())
    try:
        with taken_back(facts.connection):
            facts.connection.execute(
                "select set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)",
                (_PATIENCE, _LOOK),
            )
            facts.connection.execute(sees_all(table, facts.connection).encode())
            return _first(facts.connection.execute(counted.encode()).fetchone())
    except (
        psycopg.errors.LockNotAvailable,
        psycopg.errors.QueryCanceled,
        psycopg.errors.InsufficientPrivilege,
    ):
        return 0


def _first(row: tuple[object, ...] | None) -> int:
    return int(str(row[0])) if row else 0
