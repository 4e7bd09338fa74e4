"""The benchmark gate's self-test, on a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg

from gatepost.gates.benchmark.gate import BenchmarkGate, compare, outcome
from gatepost.gates.benchmark.sampling import Subject
from gatepost.gates.verdict import Row, Trial, Verdict
from gatepost.postgres.embedded import EmbeddedServer
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
_SUBJECT = Subject(_MINE, {})
_HEAVIER = replace(
    _MINE,
    sql="select id, body, (select count(*) from generate_series(1, 2000)) from public.notes"
    " where user_id = 7 order by id limit 20",
)


def trials(folder: Path) -> Iterator[Trial]:
    """Yield the cases; `folder` is empty."""
    server = EmbeddedServer(folder)
    try:
        server.start()
        url = server.url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_ROWS)
            connection.execute("vacuum analyze public.notes")
            yield _trial("a query against itself", Verdict.PASS, _rows(url, _SUBJECT))
            yield _trial("a query that does more", Verdict.FAIL, _rows(url, Subject(_HEAVIER, {})))
            yield _trial("no query at all", Verdict.INCONCLUSIVE, [])
            gone = Row("notes/theirs", Verdict.INCONCLUSIVE, "gone from head", "")
            yield _trial("a query that is gone", Verdict.INCONCLUSIVE, [gone, *_rows(url, _SUBJECT)])
    finally:
        server.remove()


def _rows(url: str, head: Subject) -> list[Row]:
    return compare("notes/mine", (url, url), (_SUBJECT, head))


def _trial(case: str, expected: Verdict, rows: list[Row]) -> Trial:
    return Trial(BenchmarkGate.name, case, expected, outcome(rows, "base"))
