"""What a deployment does when its sessions are ended, its locks are held, and when a statement takes long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import psycopg
import pytest
from fix_provider import target_of
from servers import Database
from test_runner import BUILD, URN, ledger, plan, run, runner, superuser

from gatepost.errors import LockTimeout, StatementFailed, UsageError
from gatepost.postgres import progress
from gatepost.postgres.budget import Budget, budget_of
from gatepost.postgres.failures import OutcomeUnknown
from gatepost.postgres.ledger import Work
from gatepost.postgres.plan import Plan
from gatepost.postgres.progress import Progress
from gatepost.postgres.runner import Runner
from gatepost.provider.session import Session

__all__ = ["runner", "superuser"]
DROP = "drop index concurrently i"
RUNNING = (
    "select pid from pg_stat_activity where application_name = 'gatepost' and query ~ %s and state = 'active'"
)
Superuser = psycopg.Connection[Any]
LARGE = Plan((replace(BUILD, sql="create index concurrently i on t (id)"),))


@contextmanager
def old_transaction(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """Somebody's snapshot, for which every concurrent build waits; it holds no lock on the table."""
    with psycopg.connect(database.superuser_url) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select 1 from pg_class")
        yield reader
        reader.rollback()


def process_that_runs(superuser: Superuser, text: str) -> int:
    """Wait for a deployer's statement and return its server process."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if found := superuser.execute(RUNNING, (text,)).fetchone():
            return int(found[0])
        time.sleep(0.01)
    raise AssertionError(f"nobody runs {text}")


@contextmanager
def in_the_background(runner: Runner, *plans: Plan) -> Iterator[list[Exception]]:
    """Run plans beside the block, which ends when they have; yields what failed."""
    failed: list[Exception] = []

    def work() -> None:
        try:
            run(runner, *plans)
        except Exception as error:  # noqa: BLE001 told to the test
            failed.append(error)

    thread = Thread(target=work)
    thread.start()
    yield failed
    thread.join(30)
    assert not thread.is_alive()


def is_valid(superuser: Superuser) -> list[Any]:
    return superuser.execute("select indisvalid from pg_index where indexrelid = to_regclass('i')").fetchall()


def test_build_whose_session_is_ended_is_cleared_away_and_done_again(
    runner: Runner, database: Database, superuser: Superuser
) -> None:
    patient = replace(runner, budget=Budget(concurrent_seconds=20))
    with old_transaction(database) as reader, in_the_background(patient, LARGE) as failed:
        process = process_that_runs(superuser, "^create index concurrently")
        while not is_valid(superuser):
            time.sleep(0.01)
        superuser.execute("select pg_terminate_backend(%s)", (process,))
        while process_that_runs(superuser, "index concurrently") == process:
            time.sleep(0.01)
        reader.rollback()
    assert failed == []
    assert is_valid(superuser) == [(True,)]
    assert [outcome for _, outcome in ledger(superuser)] == ["failed", "done", "done"]


def test_concurrent_drop_whose_session_is_ended_is_done(
    runner: Runner, database: Database, superuser: Superuser
) -> None:
    superuser.execute("create index i on t (id); alter table t owner to deployer")
    with old_transaction(database) as reader:
        reader.execute("select from t")
        with in_the_background(runner, plan(DROP, mode="concurrent")) as failed:
            superuser.execute(
                "select pg_terminate_backend(%s)", (process_that_runs(superuser, "^drop index"),)
            )
            reader.rollback()
    assert failed == []
    assert is_valid(superuser) == []


def test_commit_that_nobody_can_ask_about_is_told_as_such(runner: Runner, superuser: Superuser) -> None:
    """The engine keeps such an operation pending; whatever is certain it does not."""
    kill = "select pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(OutcomeUnknown) as raised:
        run(runner, plan(kill))
    assert raised.value.outcome_unknown
    with pytest.raises(StatementFailed) as certain:
        run(runner, plan("select 1/0"))
    assert not getattr(certain.value, "outcome_unknown", False)


def test_deployment_lock_that_was_lost_is_taken_again(database: Database, superuser: Superuser) -> None:
    session = Session(target_of(database.deployer_url))
    session.run(plan("create table one ()"), "one", Work(URN, "create"))
    held = "select pid from pg_locks where locktype = 'advisory' and granted"
    (first,) = superuser.execute(held).fetchone() or (0,)
    superuser.execute("select pg_terminate_backend(%s)", (first,))
    while superuser.execute(held).fetchone():
        time.sleep(0.01)
    session.run(plan("create table two ()"), "two", Work(URN, "create"))
    (second,) = superuser.execute(held).fetchone() or (0,)
    assert second not in (0, first)
    session.close()


def test_who_waits_learns_whom_for(
    runner: Runner, database: Database, superuser: Superuser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0.1)
    told: list[tuple[str, Progress]] = []
    watched = replace(runner, on_progress=lambda *seen: told.append(seen), budget=Budget())
    with old_transaction(database) as reader, in_the_background(watched, LARGE) as failed:
        holder = f"waits for process {reader.info.backend_pid} of postgres"
        deadline = time.monotonic() + 10
        while not any(holder in str(seen) for _, seen in told) and time.monotonic() < deadline:
            time.sleep(0.05)
        reader.rollback()
    assert failed == []
    assert {urn for urn, _ in told} == {URN}
    assert any("waiting for" in seen.phase and holder in str(seen) for _, seen in told)


def test_concurrent_statement_has_a_budget_of_its_own(
    runner: Runner, database: Database, superuser: Superuser
) -> None:
    hurried = replace(runner, budget=Budget(seconds=60, concurrent_seconds=0.3))
    with old_transaction(database), pytest.raises((LockTimeout, StatementFailed)) as raised:
        run(hurried, LARGE)
    assert "tries within 0 s" in str(raised.value) or "longer concurrentBudget" in str(raised.value)
    assert is_valid(superuser) == []


def test_validation_has_a_budget_of_its_own(runner: Runner) -> None:
    hurried = replace(runner, budget=Budget(validate_seconds=0.1))
    with pytest.raises(StatementFailed, match=r"within 0\.1 s: .* longer validateBudget"):
        run(hurried, plan("select pg_sleep(5)", mode="separate"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Budget()),
        ({"lockTimeout": "0.5", "lockBudget": "7"}, Budget(lock_timeout_ms=500, seconds=7)),
        ({"statementTimeout": "1"}, Budget(statement_timeout_ms=1000)),
        ({"validateBudget": 9, "concurrentBudget": "8"}, Budget(validate_seconds=9, concurrent_seconds=8)),
    ],
)
def test_budgets_are_settings(given: dict[str, Any], expected: Budget) -> None:
    assert budget_of(given) == expected


@pytest.mark.parametrize("wrong", ["0", "-1", "soon", "nan", "inf", True, "1e9"])
def test_budget_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"lockBudget: expected seconds between"):
        budget_of({"lockBudget": wrong})


def test_progress_reads_as_a_line() -> None:
    seen = Progress(12.4, "building index: scanning table", 30, 120)
    assert str(seen) == "building index: scanning table, 25 %, 12 s"
    assert str(Progress(3.6, waits_for="process 7 of ann")) == "waits for process 7 of ann, 4 s"
