"""Faults done to the database by hand: something that the program declares is dropped there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from gatepost.gates.verdict import Outcome, Verdict
from gatepost.gates.verification import VerificationGate
from gatepost.isolation.mutants import policies_in

if TYPE_CHECKING:
    from faults import World

Case = tuple[str, Callable[[], Outcome]]
_INDEXES: LiteralString = """
    select i.indexrelid::regclass::text, 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid),
        obj_description(i.indexrelid, 'pg_class')
    from pg_index as i
    join pg_class as c on c.oid = i.indexrelid and c.relkind = 'i' and not c.relispartition
    join pg_class as t on t.oid = i.indrelid and t.relkind = 'r' and not t.relispartition
    where not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
        and c.relnamespace::regnamespace::text not in ('pg_catalog', 'pg_toast', 'gatepost')
    order by 1
"""
_AUDITS: LiteralString = """
    select t.tgname::text, format('trigger %I on %s', t.tgname, t.tgrelid::regclass),
        pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger')
    from pg_trigger as t
    join pg_proc as p on p.oid = t.tgfoid
    where not t.tgisinternal and t.tgparentid = 0 and p.proname ~ 'audit|record|log'
    order by t.tgrelid::regclass::text, 1
"""
_POLICY_COMMENT: LiteralString = """
    select obj_description(oid, 'pg_policy') from pg_policy where polname = %s and polrelid = %s::regclass
"""


def dropped_indexes(world: World) -> Sequence[Case]:
    """Indexes that no constraint is made of."""
    return [_case(world, *row) for row in world.connection.execute(_INDEXES)]


def dropped_audits(world: World) -> Sequence[Case]:
    """Triggers that write down who changed what."""
    return [_case(world, *row) for row in world.connection.execute(_AUDITS)]


def dropped_policies(world: World) -> Sequence[Case]:
    """Policies of every table."""
    cases = []
    for one in policies_in(world.connection):
        said = world.connection.execute(_POLICY_COMMENT, [one.name, one.table]).fetchone()
        what = f"policy {sql.Identifier(one.name).as_string()} on {one.table}"
        made = one.statement().as_string(world.connection)
        cases.append(_case(world, one.name, what, made, said[0] if said else None))
    return cases


def _case(world: World, name: str, what: str, made: str, comment: str | None) -> Case:
    def judge() -> Outcome:
        world.connection.execute(f"drop {what}".encode())
        try:
            return _about(name, VerificationGate().judge(world.site))
        finally:
            world.connection.execute(made.encode())
            said = sql.SQL("comment on {} is {}").format(sql.SQL(what), sql.Literal(comment))
            world.connection.execute(said)

    return what, judge


def _about(name: str, outcome: Outcome) -> Outcome:
    """Return the outcome; it is an error where the gate failed, but not for what was dropped."""
    short = name.rpartition(".")[2].strip('"')
    if outcome.verdict is not Verdict.FAIL or any(short in one.message for one in outcome.findings):
        return outcome
    return replace(outcome, verdict=Verdict.ERROR, figure=f"not about {short}: {outcome.figure}")
