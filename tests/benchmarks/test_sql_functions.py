"""Every function of the schema on a crowded platform: the statement that runs it, taken back each time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

import pytest
from benchmarks.cases.functions import FUNCTIONS
from benchmarks.cases.turns import Run, Turn
from fix_populated import Crowd, percentiles
from pytest_benchmark.fixture import BenchmarkFixture
from server_time import ServerLog
from test_services import milliseconds, sound, turns_of  # noqa: F401 (a fixture)

from gatepost.plans.shape import Rows
from gatepost.subjects import acting_as

_CLAIMS = "select set_config('request.jwt.claims', %s, true)"
_CALLS = """
    select coalesce(f.calls, 0) > 0 or l.lanname = 'sql' as is_run
    from pg_proc as p
    inner join pg_language as l on l.oid = p.prolang
    left join pg_stat_xact_user_functions as f on f.funcid = p.oid
    where p.oid = %(function)s::regproc
"""
"""Whether the transaction has called a function; one of SQL may have become a part of the query."""


class Taken:
    """A function's statement, run and taken back again and again by a session that is logged."""

    def __init__(self, run: Run, connection: Rows, turns: Iterator[Turn], log: ServerLog) -> None:
        self._run, self._connection, self._turns, self._log = run, connection, turns, log
        self._block = ExitStack()
        self.server: list[float] = []

    def begin(self) -> tuple[tuple[Turn], dict[str, object]]:
        """Begin a transaction as who may, with whatever makes the statement possible."""
        turn = next(self._turns)
        self._block.enter_context(acting_as(self._run.role, turn.subjects, self._connection))
        if self._run.guest:
            claims = {"sub": str(turn["member"]), "guest_client_id": self._run.guest}
            self._connection.execute(_CLAIMS, [json.dumps(claims)])
        for statement in self._run.before:
            self._connection.execute(statement.encode(), turn.subjects)
        self._log.mark()
        return (turn,), {}

    def ask(self, turn: Turn) -> None:
        self._connection.execute(self._run.sql.encode(), turn.subjects)

    def end(self, name: str) -> None:
        """Take it back; it was nothing if the function was not called."""
        self.server.append(self._log.milliseconds("gatepost functions"))
        if self._run.is_counted:
            assert self._connection.execute(_CALLS, {"function": name}).fetchone() == {"is_run": True}
        self._block.close()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function(benchmark: BenchmarkFixture, crowd: Crowd, name: str) -> None:
    feature, run = FUNCTIONS[name]
    turns, log = turns_of(crowd, feature), ServerLog(crowd)
    with crowd.superuser() as connection:
        connection.execute("set application_name = 'gatepost functions'")
        connection.execute("set log_min_duration_statement = 0")
        taken = Taken(run, connection, turns, log)
        benchmark.pedantic(
            taken.ask, setup=taken.begin, teardown=lambda _: taken.end(name), rounds=run.rounds
        )
    server = median(taken.server)
    benchmark.extra_info |= {
        "what": name,
        "target": f"{run.target.limit:g} {run.target.unit}",
        "server": f"{server:.3f} ms",
        **percentiles(benchmark),
    }
    assert server <= milliseconds(run.target)
