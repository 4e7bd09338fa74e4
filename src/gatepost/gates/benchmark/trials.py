"""The benchmark gate's self-test, on a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg

from gatepost.gates.benchmark.gate import BenchmarkGate, outcome
from gatepost.gates.benchmark.sampling import Asked, QueryBenchmark
from gatepost.gates.benchmark.series import LIMIT, settled
from gatepost.gates.verdict import Row, Trial, Verdict
from gatepost.postgres.cluster import SUPERUSER
from gatepost.postgres.throwaway import throwaway_server
from gatepost.queries import Query

_ROWS = (
    "create table public.notes (id bigint primary key, user_id bigint not null, body text not null);"
    " insert into public.notes select n, n % 100, repeat('x', 100) from generate_series(1, 20000) as n;"
    " create index idx_notes_user on public.notes (user_id, id)"
)
_MINE = Query(
    name="mine",
    title="The first notes of a user",
    sql="select id, body from public.notes where user_id = 7 order by id limit 20",
    role="postgres",
    index="idx_notes_user",
    parameters=(),
    path=Path("mine.sql"),
)
_HEAVIER = replace(
    _MINE,
    sql="select id, body, (select count(*) from generate_series(1, 2000)) from public.notes"
    " where user_id = 7 order by id limit 20",
)
_BROKEN = replace(_MINE, sql="select no_such_column from public.notes")


def trials() -> Iterator[Trial]:
    """Yield the cases."""
    with throwaway_server() as server:
        url = server.url(SUPERUSER, "postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_ROWS)
            connection.execute("vacuum analyze public.notes")
        yield _trial("a query against itself", Verdict.PASS, _rows(url, _MINE))
        yield _trial("a query that does more", Verdict.FAIL, _rows(url, _HEAVIER))
        yield _trial("a query that cannot be run any more", Verdict.FAIL, _rows(url, _BROKEN))
        yield _trial("a query that the base cannot run", Verdict.INCONCLUSIVE, _rows(url, _MINE, _BROKEN))
        yield _trial("no query at all", Verdict.INCONCLUSIVE, [])
        yield _trial("queries that use nothing that changed", Verdict.PASS, [], alike=3)
        gone = Row("notes/theirs", Verdict.INCONCLUSIVE, "gone from head", LIMIT)
        yield _trial("a query that is gone", Verdict.INCONCLUSIVE, [gone, *_rows(url, _MINE)])
        yield _trial("no time to measure", Verdict.INCONCLUSIVE, _rows(url, _MINE, minutes=0))


def _rows(url: str, head: Query, base: Query = _MINE, *, minutes: float = 5) -> list[Row]:
    pair = QueryBenchmark("notes/mine", (url, url), (Asked(base), Asked(head)))
    [series] = settled([pair], minutes, lambda _: None)
    return series.rows()


def _trial(case: str, expected: Verdict, rows: list[Row], alike: int = 0) -> Trial:
    return Trial(BenchmarkGate.name, case, expected, outcome(rows, "base", alike))
