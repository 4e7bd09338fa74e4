"""The application's own views: one shows nobody more than its definition does when they run that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from gatepost.isolation.case import Asker, Case
from gatepost.isolation.result import Disagreement, Proof
from gatepost.isolation.rows import identifier
from gatepost.isolation.statements import claims_of
from gatepost.isolation.structure import rows_of
from gatepost.isolation.world import World


def view_disagreements(world: World, proof: Proof) -> Iterator[Disagreement]:
    """Yield where a view shows what its reader could not see, asker by asker; the cases are counted."""
    from psycopg import sql

    for view in rows_of(world.connection, "views"):
        if not set(view["tables"]) & proof.tables.keys():
            continue
        name, definition = identifier(view["name"]), sql.SQL(view["definition"].strip().removesuffix(";"))
        through = sql.SQL("select v::text from {} as v").format(name).as_string(None)
        itself = sql.SQL("select v::text from ({}) as v").format(definition).as_string(None)
        askers = world.askers
        shown, allowed = (_run(world, askers, statement) for statement in (through, itself))
        proof.cases += 2 * len(askers)
        for asker, seen, own in zip(askers, shown, allowed, strict=True):
            more = Counter(seen[1] or ()) - Counter(own[1] or ())
            if seen[0] is None and more:
                told = f"{len(own[1])} rows" if own[0] is None else f"denied ({own[2]})"
                yield Disagreement(view["name"], asker.label, through, told, f"{len(seen[1])} rows")


def _run(world: World, askers: list[Asker], statement: str) -> list[tuple[Any, ...]]:
    cases = [
        {
            "role": asker.role,
            "claims": claims_of(Case(asker, "", "select")),
            "sql": statement,
            "reads": True,
        }
        for asker in askers
    ]
    found: list[Any] = world.connection.execute(
        "select state, keys, message from gatepost_isolation.run_cases(%s::jsonb)", [json.dumps(cases)]
    ).fetchall()
    return found
