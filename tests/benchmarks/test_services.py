"""Every operation of every service on a crowded platform: its whole time, and what the server needs of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import pytest
from benchmarks.cases import posts
from benchmarks.cases.operations import NOT_MEASURED, cases, operations
from benchmarks.cases.turns import Case, Turn
from fix_platform import Deployed
from fix_populated import Crowd, percentiles
from psycopg.sql import SQL, Identifier
from pytest_benchmark.fixture import BenchmarkFixture
from server_time import ServerLog

from gatepost.session import Database, Identity
from gatepost.targets import Target

MEASURED = [name for name in operations() if name not in NOT_MEASURED]
OPENING = "select app.respect_maintenance()"


OWN = {
    "app.personal_data": "table_name",
    "app.scheduled_jobs": "name",
    "monitoring.health_thresholds": "component",
}
"""Tables that the program fills itself, with their keys."""
MENDED = """
    update app.scheduled_jobs set next_run_at = now() + interval '1 day';
    delete from monitoring.system_health_checks where checked_at < now() - interval '29 days';
    update public.feature_flags as f set version = 1 + coalesce(
        (select max(c.version) from app.feature_flag_changes as c where c.flag_id = f.id), 0
    );
"""


@pytest.fixture(scope="module", autouse=True)
def sound(crowd: Crowd, platform: Deployed) -> None:
    """Mend what rows made from the catalog alone cannot know: what is the program's own, and each other."""
    with crowd.superuser() as made, platform.superuser() as deployed:
        made.execute("set session_replication_role = replica")
        for table, key in OWN.items():
            parts = {"table": Identifier(*table.split(".")), "key": Identifier(key)}
            known = deployed.execute(SQL("select {key} as key from {table}").format(**parts)).fetchall()
            delete = SQL("delete from {table} where {key} <> all(%s)").format(**parts)
            made.execute(delete, [[row["key"] for row in known]])
        made.execute(MENDED)
        made.execute("vacuum analyze app.scheduled_jobs, monitoring.health_thresholds")
        made.execute("vacuum analyze monitoring.system_health_checks, public.feature_flags")


@pytest.fixture(scope="module")
def database(crowd: Crowd) -> Iterator[Database]:
    """One connection, which the API's transactions begin on."""
    with Database(crowd.url, max_size=1, opening=OPENING) as opened:
        yield opened


@pytest.fixture(scope="module")
def logged(crowd: Crowd) -> Iterator[Database]:
    """The same, and the server logs how long each of its statements took."""
    with Database(crowd.url, max_size=1, opening=OPENING) as opened:
        with crowd.superuser() as connection:
            connection.execute("alter role authenticator set log_min_duration_statement = 0")
            assert opened.value(Identity.service(), "select true")
            connection.execute("alter role authenticator reset log_min_duration_statement")
        yield opened


def turns_of(crowd: Crowd, feature: str) -> Iterator[Turn]:
    """The feature's subjects in turn; who shares posts may post in fifty collectives."""
    found: Sequence[dict[str, object]] = [dict(one) for one in crowd.subjects(feature)]
    if feature == posts.FOLDER:
        with crowd.superuser() as connection:
            found = connection.execute(posts.SUBJECTS).fetchall()
    assert found
    return itertools.cycle(map(Turn, found))


def prepared(case: Case, turns: Iterator[Turn]) -> Callable[[], tuple[object, ...]]:
    """Return what gives the arguments of one round."""

    def arguments() -> tuple[object, ...]:
        turn = next(turns)
        return (turn, case.setup(turn)) if case.setup else (turn,)

    return arguments


def milliseconds(target: Target) -> float:
    return target.limit * (1000 if target.unit == "s" else 1)


def work_of(case: Case, turns: Iterator[Turn], log: ServerLog) -> tuple[float, float]:
    """Return the middle of what the server needs of an operation, and of what both need, in milliseconds.

    Neither counts what others do to the machine meanwhile, nor how long a disk takes to keep a commit.
    """
    arguments, server, both = prepared(case, turns), [], []
    for _ in range(min(case.rounds, 20)):
        given = arguments()
        log.mark()
        began = time.process_time()
        case.work(*given)
        own = (time.process_time() - began) * 1000
        server.append(log.milliseconds("gatepost serve"))
        both.append(server[-1] + own)
    return median(server), median(both)


@pytest.mark.parametrize("name", MEASURED)
def test_operation(
    benchmark: BenchmarkFixture, crowd: Crowd, database: Database, logged: Database, name: str
) -> None:
    case, feature = cases(database)[name], name.partition(".")[0]
    arguments = prepared(case, turns_of(crowd, feature))
    for _ in range(min(case.rounds, 10)):
        case.work(*arguments())
    benchmark.pedantic(case.work, rounds=case.rounds, setup=lambda: (arguments(), {}))
    seen = cases(logged)[name]
    server, both = work_of(seen, turns_of(crowd, feature), ServerLog(crowd))
    benchmark.extra_info |= {
        "what": name,
        "target": f"{case.target.limit:g} {case.target.unit}",
        "server": f"{server:.3f} ms",
        "with_our_own_work": f"{both:.3f} ms",
        **percentiles(benchmark),
    }
    assert both <= milliseconds(case.target)
