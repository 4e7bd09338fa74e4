"""Every operation of every service on a crowded platform: its whole time, and what the server needs of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import pytest
from benchmarks.cases import posts
from benchmarks.cases.operations import NOT_MEASURED, cases, operations
from benchmarks.cases.turns import Case, Turn
from fix_populated import Crowd, percentiles
from pytest_benchmark.fixture import BenchmarkFixture
from server_time import ServerLog

from gatepost.session import Database, Identity
from gatepost.targets import Target

MEASURED = [name for name in operations() if name not in NOT_MEASURED]
OPENING = "select app.respect_maintenance()"


@pytest.fixture(scope="module", autouse=True)
def sound(crowd: Crowd) -> None:
    """Mend what rows made from the catalog alone cannot know of each other."""
    with crowd.superuser() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from app.personal_data where to_regclass(table_name) is null")
        connection.execute("update app.scheduled_jobs set next_run_at = now() + interval '1 day'")
        connection.execute(
            "update public.feature_flags as f set version = 1 + coalesce("
            "(select max(c.version) from app.feature_flag_changes as c where c.flag_id = f.id), 0)"
        )


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


@pytest.mark.parametrize("name", MEASURED)
def test_operation(
    benchmark: BenchmarkFixture, crowd: Crowd, database: Database, logged: Database, name: str
) -> None:
    case, feature = cases(database)[name], name.partition(".")[0]
    arguments = prepared(case, turns_of(crowd, feature))
    for _ in range(min(case.rounds, 10)):
        case.work(*arguments())
    benchmark.pedantic(case.work, rounds=case.rounds, setup=lambda: (arguments(), {}))
    log, seen = ServerLog(crowd), cases(logged)[name]
    again = prepared(seen, turns_of(crowd, feature))
    server = []
    for _ in range(min(case.rounds, 20)):
        given = again()
        log.mark()
        seen.work(*given)
        server.append(log.milliseconds("gatepost serve"))
    found = percentiles(benchmark)
    benchmark.extra_info |= {
        "what": name,
        "target": f"{case.target.limit:g} {case.target.unit}",
        "server": f"{median(server):.3f} ms",
        **found,
    }
    assert found["p50"] <= milliseconds(case.target)
