"""What works with its owner's rights and was not there before: which rows that were it opens to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gatepost.insight.bodies import read_routine
from gatepost.insight.reading import read
from gatepost.insight.tree import WrongSQL
from gatepost.insight.walk import names_written_in
from gatepost.postgres.catalog import Facts, Key, Size, query
from gatepost.postgres.plan import Hazard, Lock, Risk, risk

_SEARCHED = "public"
Place = tuple[str, str]
"""Schema and name."""


def used_by_query(sql: str) -> frozenset[Place]:
    """Return the relations that a `create view` statement reads."""
    reading = read(sql)
    return frozenset(
        (one.schema or _SEARCHED, one.name) for one in reading.relations if one.name not in reading.made
    )


def used_by_body(sql: str) -> frozenset[Place]:
    """Return the relations that a function's body names; dynamic SQL says nothing.

    A body that is not checked may be no SQL at all: it may mean whatever it spells.
    """
    try:
        found = read_routine(sql)
    except WrongSQL:
        return frozenset((schema or _SEARCHED, name) for schema, name in names_written_in(sql))
    uses = (*found.bound.relations, *found.late.relations)
    made = found.bound.made | found.late.made
    return frozenset((one.schema or _SEARCHED, one.name) for one in uses if one.name not in made)


def opened(
    on: str, used: Iterable[Place], held: Mapping[str, Sequence[str]], facts: Facts
) -> tuple[Risk, ...]:
    """Return the hazard that rows are shown to whoever may use it; those of a new table nobody missed."""
    who = sorted(role for role, rights in held.items() if rights)
    shown = _with_rows(used, facts) if who else {}
    if not shown:
        return ()
    detail = f"It opens {', '.join(shown)} to {', '.join(who)}, with its owner's rights."
    largest = max(shown.values(), key=lambda size: size.bytes)
    return risk(Hazard.WIDENS_ACCESS, on, detail, size=largest, lock=Lock.NONE)


def _with_rows(used: Iterable[Place], facts: Facts) -> dict[str, Size]:
    from psycopg.types.json import Jsonb

    keys = (facts.planned.present(Key("tables", *place)) for place in sorted(used))
    places = [{"schema": key.schema, "name": key.name} for key in keys if key]
    if facts.connection is None or not places:
        return {}
    found = facts.connection.execute(query("shown_through"), {"relations": Jsonb(places)}).fetchall()
    return {
        f"{schema}.{name}": Size(int(str(rows)), int(str(size)), empty=False)
        for schema, name, rows, size in found
        if Key("tables", str(schema), str(name)) not in facts.planned.made
    }
