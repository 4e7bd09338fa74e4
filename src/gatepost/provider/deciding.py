"""Functions that policies and views ask: another body of theirs is another policy."""

from __future__ import annotations

from gatepost.postgres.catalog import Facts, query
from gatepost.postgres.plan import Hazard, Lock, Risk, risk


def of_function(place: tuple[str, str], on: str, facts: Facts) -> tuple[Risk, ...]:
    """Return what another body of a function does to the rows that policies and views decide by it.

    :param place: its schema and name.
    """
    if facts.connection is None:
        return ()
    given = {"schema": place[0], "name": place[1]}
    found = facts.connection.execute(query("deciding"), given).fetchall()
    asking = [
        f"{kind} {name}" + (f" on {schema}.{relation}" if kind == "policy" else "")
        for kind, name, schema, relation in found
        if kind == "view" or not facts.exposed(str(schema), str(relation)).empty
    ]
    if not asking:
        return ()
    detail = f"Its body does something else, and decides for {', '.join(asking)}."
    return risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.NONE)
