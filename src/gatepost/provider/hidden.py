"""Rows that row security hides from a materialized view, which is filled as its owner."""

from __future__ import annotations

from collections.abc import Iterable

from gatepost.postgres.catalog import Facts, Key, query
from gatepost.postgres.plan import Hazard, Risk, risk
from gatepost.provider.exposure import Place


def from_materialized_view(
    on: str, used: Iterable[Place], facts: Facts, filled: Place | None = None
) -> tuple[Risk, ...]:
    """Return the hazard that it is filled with fewer rows than there are.

    :param used: what its query reads.
    :param filled: the materialized view, where it is there and its owner fills it; else the deployer does.
    """
    from psycopg.types.json import Jsonb

    keys = (facts.planned.present(Key("tables", *place)) for place in sorted(used))
    places = [{"schema": key.schema, "name": key.name} for key in keys if key]
    if facts.connection is None or not places:
        return ()
    schema, name = filled or (None, None)
    given = {"relations": Jsonb(places), "schema": schema, "name": name}
    rows = facts.connection.execute(query("hidden_from"), given).fetchall()
    return tuple(
        one
        for there, table, role in rows
        if not _gets_a_policy((str(there), str(table)), facts)
        for one in _risk(on, (str(there), str(table)), str(role), facts)
    )


def _risk(on: str, table: Place, role: str, facts: Facts) -> tuple[Risk, ...]:
    label = ".".join(table)
    detail = (
        f"Row security of {label} hides rows from {role}, who fills it: give that role a policy of its own"
        f" for select on {label}, using (true)."
    )
    return risk(Hazard.HIDES_ROWS, on, detail, size=facts.exposed(*table))


def _gets_a_policy(table: Place, facts: Facts) -> bool:
    """Return whether this deployment makes a policy that may show all: when it is filled, that is known."""
    made = (key for key in tuple(facts.planned.made) if key.kind == "policies")
    return any((key.schema, key.name) == table and facts.read(key) is None for key in made)
