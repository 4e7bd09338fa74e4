"""The runner on a real server: locks, retries, lost connections, and nothing half-applied."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Thread
from typing import Any

import psycopg
import pytest
from fix_provider import target_of
from servers import Database

from gatepost.errors import (
    DeploymentBusy,
    LockTimeout,
    ObjectExists,
    PermissionMissing,
    ServerUnreachable,
    StatementFailed,
)
from gatepost.postgres.connect import Connections, Target, connect
from gatepost.postgres.ledger import Work
from gatepost.postgres.plan import Lock, Mode, Plan, Statement
from gatepost.postgres.runner import Budget, Runner

QUICK = Budget(lock_timeout_ms=100, seconds=1.5)
URN = "urn:x"


@pytest.fixture
def superuser(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def runner(database: Database) -> Iterator[Runner]:
    with psycopg.connect(database.deployer_url, autocommit=True) as connection:
        connection.execute("create table t (id int); insert into t values (1), (1), (2)")
    made = Runner(Connections(target_of(database.deployer_url)), QUICK)
    with made.hold_lock():
        yield made
    made.connections.close()


def plan(*texts: str, mode: Mode = "together", undo: str | None = None) -> Plan:
    return Plan(tuple(Statement(text, Lock.ACCESS_EXCLUSIVE, "public.t", mode, undo) for text in texts))


def run(runner: Runner, *plans: Plan) -> None:
    runner.run(sum(plans, Plan()), 'Table "t"', Work(URN, "update"))


def columns(superuser: psycopg.Connection[Any]) -> list[str]:
    rows = superuser.execute(
        "select attname from pg_attribute where attrelid = 't'::regclass and attnum > 0 and not attisdropped"
    )
    return [name for (name,) in rows]


def ledger(superuser: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return superuser.execute("select statement, outcome from gatepost.ledger order by id").fetchall()


@contextmanager
def blocked(database: Database, seconds: float = 60) -> Iterator[None]:
    """Somebody reads the table in a transaction that stays open for a while."""
    with psycopg.connect(database.superuser_url) as reader:
        reader.execute("select from t")
        ender = Thread(target=lambda: (time.sleep(seconds), reader.rollback()))
        if seconds < 60:
            ender.start()
        yield
        if seconds < 60:
            ender.join()


ADD = "alter table t add column a int"


def test_statements_and_their_rows(runner: Runner, superuser: psycopg.Connection[Any]) -> None:
    run(runner, plan(ADD, "comment on column t.a is 'it''s 100 %'"))
    assert columns(superuser) == ["id", "a"]
    assert [outcome for _, outcome in ledger(superuser)] == ["done", "done"]
    found = superuser.execute(
        "select resource, operation, lock, deployer, finished_at >= started_at from gatepost.ledger limit 1"
    ).fetchone()
    assert found == (URN, "update", "ACCESS EXCLUSIVE", "deployer", True)


def test_lock_that_is_let_go_is_waited_for(
    runner: Runner, database: Database, superuser: psycopg.Connection[Any]
) -> None:
    pauses: list[float] = []
    waiting = replace(runner, sleep=lambda seconds: (pauses.append(seconds), time.sleep(seconds))[0])
    with blocked(database, seconds=0.4):
        run(waiting, plan(ADD))
    assert pauses
    assert columns(superuser) == ["id", "a"]
    assert len(ledger(superuser)) == 1


def test_lock_that_is_kept_ends_the_deployment(
    runner: Runner, database: Database, superuser: psycopg.Connection[Any]
) -> None:
    started = time.monotonic()
    with blocked(database), pytest.raises(LockTimeout) as raised:
        run(runner, plan("create table other (id int)", ADD))
    assert time.monotonic() - started < 3
    message = str(raised.value)
    assert message.startswith('Table "t": no lock on public.t in ')
    assert re.search(
        r"tries within 2 s: end the transaction that holds it \(process \d+ of postgres\), or", message
    )
    assert columns(superuser) == ["id"]
    assert superuser.execute("select to_regclass('other')").fetchone() == (None,)
    assert ledger(superuser) == []


def test_others_are_let_by_between_the_tries(runner: Runner, database: Database) -> None:
    """A waiting ALTER TABLE blocks every reader behind it: no longer than the lock time-out."""
    with blocked(database, seconds=0.8):
        deployment = Thread(target=run, args=(runner, plan(ADD)))
        deployment.start()
        slowest = 0.0
        with psycopg.connect(database.superuser_url, autocommit=True) as reader:
            while deployment.is_alive():
                started = time.monotonic()
                reader.execute("select from t")
                slowest = max(slowest, time.monotonic() - started)
    assert slowest < 0.5


def test_deadlock_is_tried_again(
    runner: Runner, database: Database, superuser: psycopg.Connection[Any]
) -> None:
    superuser.execute(
        "create table u (id int); alter table u owner to deployer; set deadlock_timeout = '10s'"
    )
    patient = replace(runner, budget=Budget(lock_timeout_ms=20_000, seconds=30))
    other = psycopg.connect(database.superuser_url)
    other.execute("set deadlock_timeout = '60s'")
    other.execute("lock table u in access exclusive mode")
    tries: list[int] = []
    patient.sleep = lambda _: (tries.append(1), ending.join())[0]
    deployment = Thread(target=run, args=(patient, plan(ADD, "alter table u add column b int")))
    deployment.start()
    while not superuser.execute(
        "select from pg_locks where not granted and relation = 'u'::regclass"
    ).fetchall():
        time.sleep(0.02)
    ending = Thread(target=lambda: (other.execute("lock table t in access exclusive mode"), other.rollback()))
    ending.start()
    deployment.join()
    other.close()
    assert tries == [1]
    assert columns(superuser) == ["id", "a"]
    assert len(ledger(superuser)) == 2


def test_failed_statement_takes_its_batch_back(runner: Runner, superuser: psycopg.Connection[Any]) -> None:
    with pytest.raises(StatementFailed, match=r'^Table "t": division by zero \(22012\)$'):
        run(runner, plan(ADD, "select 1/0", "select 2"))
    assert columns(superuser) == ["id"]
    assert ledger(superuser) == []


UNIQUE = "create unique index concurrently i on t (id)"


BUILD = Statement(
    UNIQUE, Lock.ACCESS_EXCLUSIVE, "public.t", "concurrent", "drop index concurrently if exists i", "i"
)


def test_somebody_elses_index_of_that_name_stays(runner: Runner, superuser: psycopg.Connection[Any]) -> None:
    superuser.execute("create table other (id int); create index i on other (id)")
    with pytest.raises(ObjectExists, match='"i" already exists'):
        run(runner, Plan((BUILD,)))
    found = superuser.execute(
        "select indrelid::regclass::text from pg_index where indexrelid = 'i'::regclass"
    )
    assert found.fetchall() == [("other",)]


def test_failed_concurrent_statement_leaves_no_invalid_index(
    runner: Runner, superuser: psycopg.Connection[Any]
) -> None:
    with pytest.raises(StatementFailed, match=r'could not create unique index "i", in public.t \(id\)'):
        run(runner, Plan((BUILD,)))
    assert superuser.execute("select to_regclass('i')").fetchone() == (None,)
    assert ledger(superuser) == [(UNIQUE, "failed"), ("drop index concurrently if exists i", "done")]
    (detail,) = superuser.execute("select detail from gatepost.ledger limit 1").fetchone() or ("",)
    assert 'could not create unique index "i", in public.t (id) (23505)' in detail


def test_what_was_only_prepared_is_undone(runner: Runner, superuser: psycopg.Connection[Any]) -> None:
    prepared = plan("create table one ()", undo="drop table one")
    separate = plan("create table two ()", mode="separate", undo="drop table two")
    validated = plan("select 1", mode="separate", undo="")
    with pytest.raises(StatementFailed, match=r"division by zero"):
        run(runner, prepared, separate, validated, plan("select 1/0"))
    assert superuser.execute("select to_regclass('one'), to_regclass('two')").fetchone() == (None, None)
    assert [text for text, _ in ledger(superuser)][-2:] == ["drop table two", "drop table one"]


def test_what_cannot_be_undone_stays_with_all_before_it(
    runner: Runner, superuser: psycopg.Connection[Any]
) -> None:
    prepared = plan("create table one ()", undo="drop table one")
    with pytest.raises(StatementFailed):
        run(runner, prepared, plan("select 1", mode="separate"), plan("select 1/0"))
    assert superuser.execute("select to_regclass('one') is not null").fetchone() == (True,)


def test_leftover_that_cannot_be_removed_is_told(runner: Runner) -> None:
    prepared = plan("create table one ()", undo="drop table nowhere")
    broken = plan("select 1/0", mode="separate")
    with pytest.raises(
        StatementFailed, match=r"division by zero.*could not be removed: table .nowhere. does"
    ):
        run(runner, prepared, broken)


def test_separate_statement_has_no_time_limit(runner: Runner) -> None:
    hurried = replace(runner, budget=Budget(statement_timeout_ms=100, validate_seconds=0.5, seconds=1))
    run(hurried, plan("select pg_sleep(0.3)", mode="separate"))
    with pytest.raises(StatementFailed, match=r"did not end within 0.1 s: .* set a longer statementTimeout"):
        run(hurried, plan("select pg_sleep(0.3)"))


def test_settings_end_with_the_batch(runner: Runner) -> None:
    run(runner, plan(ADD))
    with runner.connections.take() as connection:
        found = connection.execute(
            "select current_setting('lock_timeout'), current_setting('statement_timeout')"
        )
        assert found.fetchone() == ("0", "0")


# lost connections

KILL = "select pg_terminate_backend(pg_backend_pid()) where not exists (select from survived)"


def test_backend_killed_before_the_commit_is_tried_again(
    runner: Runner, superuser: psycopg.Connection[Any]
) -> None:
    superuser.execute("create table survived (); grant all on survived to deployer")
    again = replace(runner, sleep=lambda _: superuser.execute("insert into survived default values"))
    run(again, plan(ADD, KILL))
    assert columns(superuser) == ["id", "a"]
    assert len(ledger(superuser)) == 2


def test_server_that_stays_away_ends_the_deployment(
    runner: Runner, superuser: psycopg.Connection[Any]
) -> None:
    superuser.execute("create table survived (); grant all on survived to deployer")
    with pytest.raises(ServerUnreachable, match=r'Table "t": .*the connection was lost'):
        run(runner, plan(ADD, KILL))
    assert columns(superuser) == ["id"]


class Proxy:
    """Between deployer and server; it cuts the first connection that commits, before or after it did."""

    def __init__(self, target: Target, passes: bool) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.target, self.passes, self.cuts = target, passes, 1
        self.threads = [Thread(target=self.serve)]
        self.threads[0].start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return self.listener.close()
            server = socket.create_connection((self.target.host, self.target.port))
            for source, sink in ((client, server), (server, client)):
                self.threads.append(Thread(target=self.forward, args=(source, sink, source is client)))
                self.threads[-1].start()

    def forward(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        with source, suppress(OSError):
            while data := source.recv(65536):
                cut = from_client and b"COMMIT\0" in data and self.cuts > 0
                if cut:
                    self.cuts -= 1
                    source.shutdown(socket.SHUT_RDWR)
                if not cut or self.passes:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("arrives", [True, False], ids=["commit arrived", "commit lost"])
def test_connection_lost_at_the_commit_is_settled_by_the_ledger(
    runner: Runner, database: Database, superuser: psycopg.Connection[Any], arrives: bool
) -> None:
    target = replace(target_of(database.deployer_url), sslmode="disable")
    proxy = Proxy(target, passes=arrives)
    tries: list[float] = []
    lossy = Runner(Connections(replace(target, host="127.0.0.1", port=proxy.port)), QUICK, tries.append)
    run(lossy, plan(ADD, "insert into t values (7)"))
    assert proxy.cuts == 0
    assert columns(superuser) == ["id", "a"]
    assert superuser.execute("select count(*) from t where id = 7").fetchone() == (1,)
    assert len(ledger(superuser)) == 2
    assert arrives or tries
    lossy.connections.close()
    proxy.close()


def test_killed_deployers_locks_go_quickly(runner: Runner, database: Database) -> None:
    """The server looks every half second whether the client of a running statement still lives."""
    script = (
        "import sys, psycopg\n"
        "from gatepost.postgres.connect import Target, connect\n"
        "c = connect(Target(sys.argv[1], int(sys.argv[2]), *sys.argv[3:5], password=sys.argv[5]))\n"
        "with c.transaction():\n"
        "    c.execute('lock table t'); print('locked', flush=True); c.execute('select pg_sleep(60)')\n"
    )
    target = target_of(database.deployer_url)
    given = [target.host, str(target.port), target.username, target.database, target.password or ""]
    deployer = subprocess.Popen([sys.executable, "-c", script, *given], stdout=subprocess.PIPE)
    assert deployer.stdout
    assert deployer.stdout.readline() == b"locked\n"
    time.sleep(0.2)
    os.kill(deployer.pid, signal.SIGKILL)
    deployer.communicate()
    started = time.monotonic()
    with psycopg.connect(database.deployer_url) as connection:
        connection.execute("lock table t")
    assert time.monotonic() - started < 2


# one deployment at a time


def test_second_deployment_learns_who_holds_the_lock(
    runner: Runner, database: Database, roles: tuple[str, ...]
) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        pids = connection.execute(
            "select pid from pg_locks where locktype = 'advisory' and granted"
        ).fetchall()
    second = Runner(Connections(target_of(database.deployer_url)))
    with pytest.raises(DeploymentBusy, match=r"another deployment is running .deployer, process ") as raised:
        second.hold_lock()
    assert any(f"process {pid}, since " in str(raised.value) for (pid,) in pids)
    as_owner = Runner(Connections(replace(second.connections.target, role="gp_owner")))
    with pytest.raises(DeploymentBusy, match=r"\(deployer, process \d+\): wait"):
        as_owner.hold_lock()


def test_lock_is_free_when_its_holder_ends(database: Database) -> None:
    runner = Runner(Connections(target_of(database.deployer_url)))
    runner.hold_lock().close()
    with runner.hold_lock():
        pass


def test_deployer_that_may_not_make_the_ledger(
    database: Database, superuser: psycopg.Connection[Any]
) -> None:
    superuser.execute("drop role if exists gp_guest; create role gp_guest login password 'p'")
    guest = replace(target_of(database.deployer_url), username="gp_guest", password="p")
    with pytest.raises(PermissionMissing, match=r"preparing the ledger in .*permission denied for database"):
        Runner(Connections(guest)).hold_lock()
    with connect(target_of(database.deployer_url)):
        Runner(Connections(target_of(database.deployer_url))).hold_lock().close()
    superuser.execute("drop role gp_guest")


def test_many_resources_at_once(runner: Runner, superuser: psycopg.Connection[Any]) -> None:
    def work(number: int) -> Callable[[], None]:
        texts = (f"create table n{number} ()", f"grant select on n{number} to public")
        return lambda: runner.run(plan(*texts), f"n{number}", Work(f"urn:{number}", "create"))

    threads = [Thread(target=work(number)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert superuser.execute("select count(*) from gatepost.ledger where outcome = 'done'").fetchone() == (
        32,
    )
