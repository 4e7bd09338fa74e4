"""A rehearsal that ends early, by Ctrl-C or without a server: the right word, and nothing left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import LiteralString

import psycopg
import pytest
from fix_rehearsed import SLOW, Rehearsed, verdict
from processes import wait_until

from gatepost.errors import ServerUnreachable
from gatepost.gates.rehearsal.example import with_rule

_SLEEPS = "select from pg_stat_activity where wait_event = 'PgSleep' and application_name = 'gatepost'"
_READS = """
    select from pg_locks as l join pg_stat_activity as a using (pid)
    where a.application_name = 'pg_dump' and l.relation = 'app.notes'::regclass and l.granted
"""
_WAITS = "select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'gatepost'"


def there_is(query: LiteralString, rehearsed: Rehearsed, *, on_copy: bool) -> bool:
    """Whether a query returns a row; on the copy, which may not be there yet."""
    try:
        with rehearsed.connect(rehearsed.copy() if on_copy else None) as connection:
            return connection.execute(query).fetchone() is not None
    except (ValueError, ServerUnreachable, psycopg.OperationalError):
        return False


@contextmanager
def copying(rehearsed: Rehearsed) -> Iterator[None]:
    """Hold a rehearsal up while it reads rows of the target."""
    with rehearsed.connect() as connection:
        wait_until(lambda: connection.execute(_READS).fetchall())
        with suppress(psycopg.OperationalError), connection.transaction():
            connection.execute("lock table app.notes")
            wait_until(lambda: there_is(_WAITS, rehearsed, on_copy=False))
            yield


@contextmanager
def sleeping(rehearsed: Rehearsed) -> Iterator[None]:
    """Wait until a rehearsal is in the midst of a statement on the copy."""
    wait_until(lambda: there_is(_SLEEPS, rehearsed, on_copy=True))
    yield


STAGES = {
    "copying": (with_rule(), copying),
    "deploying": (with_rule(after=SLOW.replace("limit 1", "limit 2")), sleeping),
    "going back": (with_rule(), sleeping),
}


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_leaves_nothing_of_a_rehearsal(rehearsed: Rehearsed, stage: str) -> None:
    program, reached = STAGES[stage]
    rehearsed.declare(program)
    before = rehearsed.everything()
    with rehearsed.running() as running, reached(rehearsed):
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=20)
    assert running.returncode == 130, said
    assert said[0] == ""
    assert said[1] == "interrupted\n"
    rehearsed.must_be_clean(before)


def test_a_target_that_goes_away_is_an_error(rehearsed: Rehearsed) -> None:
    rehearsed.declare(with_rule())
    before = rehearsed.everything()
    with rehearsed.running() as running, copying(rehearsed):
        rehearsed.server.stop()
        said = running.communicate(timeout=60)
    rehearsed.server.start()
    assert running.returncode == 1, said
    assert verdict(said[0])[0] == "error"
    assert "copying database" in verdict(said[0])[1], said
    assert "Traceback" not in said[1]
    rehearsed.must_be_clean(before)


@pytest.mark.parametrize("stage", ["deploying", "going back"])
def test_a_copy_that_goes_away_is_an_error(rehearsed: Rehearsed, stage: str) -> None:
    program, reached = STAGES[stage]
    rehearsed.declare(program)
    before = rehearsed.everything()
    with rehearsed.running() as running, reached(rehearsed):
        rehearsed.copy().stop()
        said = running.communicate(timeout=60)
    assert running.returncode == 1, said
    assert verdict(said[0])[0] == "error"
    assert "copy" in verdict(said[0])[1]
    assert "Traceback" not in said[1]
    rehearsed.must_be_clean(before)
