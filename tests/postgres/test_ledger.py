"""The ledger: what was done, in the statement's own transaction; what is left of work cut short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from servers import Database

from gatepost.postgres.ledger import Ledger, Work
from gatepost.postgres.plan import Plan, Statement

Connection = psycopg.Connection[Any]
WORK = Work("urn:x", "create")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with psycopg.connect(database.deployer_url, autocommit=True) as made:
        yield made


@pytest.fixture
def ledger(connection: Connection) -> Ledger:
    made = Ledger(uuid4())
    made.prepare(connection)
    return made


def done(ledger: Ledger, connection: Connection, *texts: str, secret: bool = False) -> None:
    for text in texts:
        ledger.record(connection, uuid4(), WORK, Statement(text, secret=secret), "done")


def left(ledger: Ledger, connection: Connection, *texts: str, secret: bool = False) -> list[str] | None:
    plan = Plan(tuple(Statement(text, secret=secret) for text in texts))
    found = ledger.remaining(connection, "urn:x", plan)
    return None if found is None else [statement.sql for statement in found.statements]


def test_is_made_once(ledger: Ledger, connection: Connection) -> None:
    done(ledger, connection, "a")
    ledger.prepare(connection)
    assert connection.execute("select statement, deployer from gatepost.ledger").fetchall() == [
        ("a", "deployer")
    ]


def test_nobody_else_may_read_it(ledger: Ledger, connection: Connection) -> None:
    found = connection.execute(
        "select count(*) from pg_class as c, aclexplode(c.relacl) as x"
        " where c.relnamespace = 'gatepost'::regnamespace and x.grantee <> c.relowner"
    ).fetchone()
    assert found == (0,)


def test_step_is_known_when_it_was_committed(ledger: Ledger, connection: Connection) -> None:
    steps = [uuid4() for _ in range(3)]
    ledger.record(connection, steps[0], WORK, Statement("a"), "done")
    with connection.transaction(force_rollback=True):
        ledger.record(connection, steps[1], WORK, Statement("b"), "done")
    ledger.record(connection, steps[2], WORK, Statement("c"), "intent")
    assert [ledger.knows(connection, step) for step in steps] == [True, False, False]
    ledger.finish(connection, steps[2], "done")
    assert ledger.knows(connection, steps[2])


@pytest.mark.parametrize(
    ("was_done", "planned", "remaining"),
    [
        ([], ["a", "b"], None),
        (["a"], ["a", "b"], ["b"]),
        (["a", "b"], ["a", "b"], []),
        (["a", "b", "drop"], ["a", "b"], None),
        (["a", "drop", "a"], ["a", "b"], ["b"]),
        (["a", "b", "c"], ["a", "b"], None),
        (["x", "a", "a"], ["a", "a", "b"], ["b"]),
        (["b"], ["a", "b"], None),
        (["a"], [], None),
    ],
)
def test_remaining(
    ledger: Ledger,
    connection: Connection,
    was_done: list[str],
    planned: list[str],
    remaining: list[str] | None,
) -> None:
    done(ledger, connection, *was_done)
    assert left(ledger, connection, *planned) == remaining


def test_what_failed_or_is_intended_was_not_done(ledger: Ledger, connection: Connection) -> None:
    for outcome in ("intent", "failed"):
        ledger.record(connection, uuid4(), WORK, Statement("a"), outcome)
    assert left(ledger, connection, "a") is None


def test_work_of_another_resource_is_not_ours(ledger: Ledger, connection: Connection) -> None:
    ledger.record(connection, uuid4(), Work("urn:other", "create"), Statement("a"), "done")
    assert left(ledger, connection, "a") is None


def test_without_a_ledger_nothing_was_done(connection: Connection) -> None:
    plan = Plan((Statement("a"),))
    assert Ledger(uuid4()).remaining(connection, "urn:x", plan) is None
    assert Ledger(uuid4()).remaining(None, "urn:x", plan) is None


def test_secret_is_recognized_and_not_kept(ledger: Ledger, connection: Connection) -> None:
    done(ledger, connection, "set hunter2", secret=True)
    assert left(ledger, connection, "set hunter2", "b", secret=True) == ["b"]
    assert left(ledger, connection, "set hunter3", "b", secret=True) is None
    assert left(ledger, connection, "set hunter2", "b") is None
    (kept,) = connection.execute("select statement from gatepost.ledger").fetchone() or ("",)
    assert str(kept).startswith("[secret] ")
    assert "hunter" not in str(kept)
