"""What needs itself: it was changed after it was made, and no order of declarations makes it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from gatepost.adopt.database import Database, Separable, Unexpressed
from gatepost.adopt.described import described
from gatepost.postgres.catalog import Key

_FIRST = ("views", "materialized_views", "functions", "verbatim", "policies", "triggers")
"""What is left out rather than anything else."""


def cut(database: Database) -> None:
    """Take out of the database what closes a circle: a default or a check, else a whole object."""
    for key in database.recursive & database.definitions.keys():
        _leave_out(database, key, "it reads itself: no statement makes it anew")
    while cycle := _cycle(database):
        parts = [
            one
            for one in database.separable
            if one.key in cycle and one.needs in cycle and one.key != one.needs
        ]
        if parts:
            _separate(database, parts[0])
            continue
        rank = {kind: number for number, kind in enumerate(_FIRST)}
        key = min(cycle, key=lambda one: (rank.get(one.kind, len(rank)), str(one)))
        others = " and ".join(described(one) for one in dict.fromkeys(cycle) if one != key)
        _leave_out(database, key, f"it needs {others} and the other way round: no order makes them anew")


def _cycle(database: Database) -> Sequence[Key]:
    there = database.definitions.keys()
    try:
        TopologicalSorter({key: needs & there for key, needs in database.needs.items()}).prepare()
    except CycleError as error:
        found: Sequence[Key] = error.args[1]
        return found
    return ()


def _leave_out(database: Database, key: Key, reason: str) -> None:
    database.left_out[key] = reason
    del database.definitions[key]
    del database.needs[key]


def _separate(database: Database, part: Separable) -> None:
    """Let an object be declared without a part of it."""
    definition = database.definitions[part.key]
    if part.what == "check":
        del definition["checks"][part.part]
        what = f"constraint {part.part} on domain {part.schema}.{part.name}"
    else:
        next(one for one in definition["columns"] if one["name"] == part.part).pop("default", None)
        what = f"default of column {part.schema}.{part.name}.{part.part}"
    same = [one for one in database.separable if one[:4] == part[:4]]
    database.separable = [one for one in database.separable if one not in same]
    still = {one.needs for one in database.separable if one.key == part.key}
    database.needs[part.key] -= {one.needs for one in same} - still
    reason = f"it needs {described(part.needs)}, which needs it in turn: no order makes them anew"
    database.unexpressed.append(Unexpressed(what, reason))
