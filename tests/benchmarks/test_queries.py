"""Every query of every feature on a crowded platform: its round trip, and what the server needs of it."""

from __future__ import annotations

import itertools
from functools import partial
from statistics import median
from typing import Any

import pytest
from fix_populated import QUERIES, Crowd, identity_of, percentiles
from pytest_benchmark.fixture import BenchmarkFixture

from gatepost.plans.draws import Drawn
from gatepost.plans.explained import MODES, Explainer, indexes_of
from gatepost.plans.shape import Rows
from gatepost.queries import Query
from gatepost.session import Database
from gatepost.session.identity import ROLES
from gatepost.subjects import acting_as

ASKED = sorted(QUERIES)


class Undone(Exception):
    """Takes back what a query wrote."""


def ask(database: Database, query: Query, drawn: Drawn) -> list[dict[str, Any]]:
    """One request: identity and query in one round trip; what it writes is taken back."""
    arguments = query.arguments(drawn.subjects, **drawn.values)
    identity = identity_of(query, drawn)
    if query.sql.lstrip().startswith("select"):
        return database.rows(identity, query, **arguments)
    rows: list[dict[str, Any]] = []
    try:
        with database.transaction(identity) as tx:
            rows = tx.rows(query, **arguments)
            raise Undone  # noqa: TRY301 (leaving the block so is what takes it back)
    except Undone:
        return rows


def ask_beside(connection: Rows, query: Query, drawn: Drawn) -> None:
    """The same as a role that is no identity of the session, on a connection that may become it."""
    with acting_as(query.role, drawn.subjects, connection):
        connection.execute(query.sql.encode(), query.arguments(drawn.subjects, **drawn.values))


@pytest.mark.parametrize("name", ASKED)
def test_query(benchmark: BenchmarkFixture, crowd: Crowd, crowd_database: Database, name: str) -> None:
    query, drawn = QUERIES[name], crowd.drawn(name)
    turns = itertools.cycle(drawn)
    with crowd.superuser() as connection:
        work = partial(ask, crowd_database) if query.role in ROLES else partial(ask_beside, connection)
        benchmark.pedantic(lambda: work(query, next(turns)), rounds=210, warmup_rounds=2 * len(drawn))
        explainer = Explainer(connection, indexes_of(connection))
        server = max(
            median(explainer.explain(query, one, mode).milliseconds for one in drawn) for mode in MODES
        )
    benchmark.extra_info |= {
        "what": name,
        "target": f"{query.target.limit:g} ms",
        "server": f"{server:.3f} ms",
        **percentiles(benchmark),
    }
    assert query.target.holds(server)
