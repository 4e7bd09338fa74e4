"""Transactions of an identity on a pool of one connection: what they may see, cost and leave behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fix_platform import PROJECT, Deployed
from people import ACME, ADA, BO, CLEO, GLOBEX
from psycopg.sql import SQL, Identifier

from gatepost import queries
from gatepost.errors import UsageError
from gatepost.session import (
    Conflict,
    Database,
    Faulty,
    Identity,
    Invalid,
    OutcomeUnknown,
    Refused,
    SessionError,
    TimedOut,
    Unavailable,
)

ACTIVE = queries.load(PROJECT / "schema/integrations/queries")["active_integrations"]
WHO = """
    select
        current_user as role, app.current_user_id() as me, app.current_organization_id() as organization,
        current_setting('request.jwt.claims', true) as claims
"""
SETTINGS = """
    select
        current_user, session_user, current_setting('request.jwt.claims', true) as claims,
        current_setting('app.user_id', true) as me,
        current_setting('app.organization_id', true) as organization
"""


@pytest.fixture
def single(clone: Deployed) -> Iterator[Database]:
    """A pool of one connection, so that whatever a transaction leaves the next one finds."""
    with Database(clone.url("authenticator"), max_size=1, wait=3, statement_timeout=1) as opened:
        yield opened


@contextmanager
def traced(database: Database, path: Path) -> Iterator[None]:
    """Write what the one connection sends and gets to `path`."""
    wire = database.take()
    database.give_back(wire)
    with path.open("w") as file:
        wire.pgconn.trace(file.fileno())
        yield
        wire.pgconn.untrace()


def round_trips(path: Path) -> int:
    return sum("\tF\t" in line and "\tSync" in line for line in path.read_text().splitlines())


def left_behind(database: Database) -> dict[str, Any]:
    """What the pool's one connection has of an identity between transactions."""
    wire = database.take()
    try:
        from gatepost.session.statement import compiled

        return wire.load(wire.exchange((compiled(SETTINGS, {}), ()))[-1])[0]
    finally:
        database.give_back(wire)


def assert_nothing_left(database: Database) -> None:
    left = left_behind(database)
    assert left["current_user"] == left["session_user"] == "authenticator"
    assert not left["claims"]
    assert not left["me"]
    assert not left["organization"]
    with pytest.raises(Refused):
        database.rows(Identity.anonymous(), "select id from public.users")


def test_identity_is_the_transactions(database: Database) -> None:
    with database.transaction(Identity.user(ADA, organization_id=ACME)) as tx:
        row = tx.row(WHO)
    assert row is not None
    assert (row["role"], row["me"], row["organization"]) == ("authenticated", UUID(ADA), UUID(ACME))
    assert json.loads(row["claims"]) == {"sub": ADA, "organization_id": ACME, "role": "authenticated"}


def test_services_and_nobody(database: Database) -> None:
    row = database.row(Identity.service(), WHO)
    assert row is not None
    assert (row["role"], row["me"]) == ("service_role", None)
    assert database.value(Identity.anonymous(), "select current_user") == "anon"


def test_query_file_under_row_security(database: Database) -> None:
    with database.transaction(Identity.user(ADA)) as tx:
        assert [row["type"] for row in tx.rows(ACTIVE, organization_id=UUID(ACME))] == ["email", "whatsapp"]
        assert tx.rows(ACTIVE, organization_id=GLOBEX) == []
    assert database.rows(Identity.user(CLEO), ACTIVE, organization_id=ACME) == []


def test_values_of_every_kind(database: Database) -> None:
    sql = """
        select
            %(a)s::int + 1 as a, %(b)s::uuid[] as b, %(c)s::jsonb -> 'x' as c, '100%%' as d, %(a)s::int as e
    """
    row = database.row(Identity.service(), sql, a=70_000, b=[UUID(ADA)], c='{"x": [1]}')
    assert row == {"a": 70_001, "b": [UUID(ADA)], "c": [1], "d": "100%", "e": 70_000}
    assert database.value(Identity.service(), "select 7 % 4") == 3


def test_composed_statement(database: Database) -> None:
    statement = SQL("select count(*) from {} where id = %(id)s").format(Identifier("public", "users"))
    assert database.value(Identity.user(ADA), statement, id=ADA) == 1


def test_changes_are_committed_together(database: Database) -> None:
    ada = Identity.user(ADA)
    with database.transaction(ada) as tx:
        assert tx.changed("update public.users set display_name = 'Ada L' where id = %(id)s", id=ADA) == 1
        assert tx.changed("update public.users set display_name = 'no' where id = %(id)s", id=CLEO) == 0
    assert database.value(ada, "select display_name from public.users where id = %(id)s", id=ADA) == "Ada L"


def test_an_exception_takes_everything_back(database: Database) -> None:
    ada = Identity.user(ADA)
    with pytest.raises(ZeroDivisionError), database.transaction(ada) as tx:  # noqa: PT012
        tx.changed("update public.users set display_name = 'gone' where id = %(id)s", id=ADA)
        _ = 1 / 0
    assert database.value(ada, "select display_name from public.users where id = %(id)s", id=ADA) != "gone"


def test_a_failure_that_was_caught_commits_nothing(database: Database) -> None:
    ada = Identity.user(ADA)
    with pytest.raises(Faulty, match="rolled back"), database.transaction(ada) as tx:  # noqa: PT012
        tx.changed("update public.users set display_name = 'gone' where id = %(id)s", id=ADA)
        with pytest.raises(Invalid):
            tx.value("select 1 / 0")
    assert database.value(ada, "select display_name from public.users where id = %(id)s", id=ADA) != "gone"


def test_identity_and_statement_are_one_round_trip(single: Database, tmp_path: Path) -> None:
    with traced(single, tmp_path / "first"), single.transaction(Identity.user(ADA)) as tx:
        tx.rows(ACTIVE, organization_id=ACME)
        assert round_trips(tmp_path / "first") == 1
        tx.rows(ACTIVE, organization_id=ACME)
        assert round_trips(tmp_path / "first") == 2
    assert round_trips(tmp_path / "first") == 3
    assert (tmp_path / "first").read_text().count("\tParse\t") == 4  # begin, identity, the query, commit
    with traced(single, tmp_path / "second"):
        assert single.rows(Identity.user(ADA), ACTIVE, organization_id=ACME)
    assert round_trips(tmp_path / "second") == 1
    assert "\tParse\t" not in (tmp_path / "second").read_text()


def test_an_unused_transaction_asks_nobody(single: Database, tmp_path: Path) -> None:
    with traced(single, tmp_path / "trace"), single.transaction(Identity.user(ADA)):
        pass
    assert round_trips(tmp_path / "trace") == 0


@pytest.mark.parametrize(
    ("statement", "parameters", "error", "sqlstate"),
    [
        ("select 1 / 0", {}, Invalid, "22012"),
        ("select %(id)s::uuid", {"id": "x"}, Invalid, "22P02"),
        ("select %(text)s::text", {"text": "a\0b"}, Invalid, None),
        ("select %(text)s::text", {"text": "\ud800"}, Invalid, None),
        ("select %(number)s::int", {"number": 2**70}, Invalid, "22003"),
        ("selekt", {}, Faulty, "42601"),
        ("delete from public.users", {}, Refused, "42501"),
        ("select pg_sleep(5)", {}, TimedOut, "57014"),
        ("update public.users set email = 'x' where false", {}, Refused, "42501"),
    ],
)
@pytest.mark.parametrize("manner", ["alone", "first", "later"])
def test_failures_are_typed_and_leave_nothing(
    single: Database,
    statement: Any,
    parameters: dict[str, Any],
    error: type[SessionError],
    sqlstate: str,
    manner: str,
) -> None:
    ada = Identity.user(ADA, organization_id=ACME)
    with pytest.raises(error) as caught:  # noqa: PT012
        if manner == "alone":
            single.rows(ada, statement, **parameters)
        else:
            with single.transaction(ada) as tx:
                if manner == "later":
                    tx.rows("select 1")
                tx.rows(statement, **parameters)
    assert type(caught.value) is error
    assert caught.value.sqlstate == sqlstate
    assert_nothing_left(single)


def test_a_conflict_names_its_constraint(single: Database) -> None:
    again = "insert into public.memberships (organization_id, user_id) values (%(organization)s, %(user)s)"
    with pytest.raises(Conflict) as caught:
        single.changed(Identity.service(), again, organization=ACME, user=ADA)
    assert caught.value.constraint == "memberships_pkey"
    assert not caught.value.is_worth_retrying
    assert ADA not in str(caught.value)


@pytest.mark.parametrize("manner", ["alone", "transaction"])
def test_an_error_at_commit_is_no_success(clone: Deployed, single: Database, manner: str) -> None:
    with clone.superuser() as connection:
        connection.execute(
            "create table public.late (id int primary key,"
            " other int references public.late deferrable initially deferred)"
        )
        connection.execute("grant insert, select on public.late to service_role")
    insert = "insert into public.late values (1, 2)"
    with pytest.raises(Invalid) as caught:  # noqa: PT012
        if manner == "alone":
            single.changed(Identity.service(), insert)
        else:
            with single.transaction(Identity.service()) as tx:
                assert tx.changed(insert) == 1
    assert caught.value.constraint == "late_other_fkey"
    assert single.value(Identity.service(), "select count(*) from public.late") == 0
    assert_nothing_left(single)


@pytest.mark.parametrize("parameters", [{}, {"organisation_id": ACME}, {"organization_id": ACME, "more": 1}])
def test_wrong_parameters_are_told_before_anything_is_sent(
    database: Database, parameters: dict[str, Any]
) -> None:
    with database.transaction(Identity.user(ADA)) as tx:
        with pytest.raises(UsageError, match="organization_id"):
            tx.rows(ACTIVE, **parameters)
        assert tx.value("select 1") == 1


@pytest.mark.parametrize("placeholder", ["%s", "%(id)d", "50%"])
def test_only_named_placeholders(database: Database, placeholder: Any) -> None:
    with pytest.raises(UsageError, match="placeholder"):
        database.rows(Identity.service(), placeholder, id=1)


def test_what_a_session_kept_is_no_identity(single: Database) -> None:
    """A function that sets an identity for the whole session does not let the next one in."""
    forged = """
        select
            set_config('app.user_id', %(user)s, false), set_config('app.organization_id', %(user)s, false),
            set_config('request.jwt.claims', %(claims)s, false)
    """
    single.rows(Identity.service(), forged, user=ADA, claims=json.dumps({"sub": ADA}))
    row = single.row(Identity.service(), WHO)
    assert row is not None
    assert (row["me"], row["organization"]) == (None, None)
    assert single.value(Identity.user(CLEO), "select app.current_user_id()") == UUID(CLEO)


def kill_backend(clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and usename = 'authenticator'"
        )


def test_a_connection_that_broke_while_idle_is_replaced(clone: Deployed, single: Database) -> None:
    for _ in range(3):
        assert single.value(Identity.user(ADA), "select 1") == 1
        kill_backend(clone)
        assert single.value(Identity.user(BO), "select app.current_user_id()") == UUID(BO)
    assert_nothing_left(single)


def test_a_connection_that_breaks_while_a_statement_runs(clone: Deployed, single: Database) -> None:
    killer = Timer(0.3, kill_backend, [clone])
    killer.start()
    with pytest.raises(Unavailable) as caught, single.transaction(Identity.user(ADA)) as tx:
        tx.rows("select pg_sleep(0.9)")
    killer.join()
    assert not isinstance(caught.value, OutcomeUnknown)
    assert_nothing_left(single)


def test_a_connection_that_breaks_at_commit_leaves_the_outcome_open(
    clone: Deployed, single: Database
) -> None:
    with pytest.raises(OutcomeUnknown), single.transaction(Identity.user(ADA)) as tx:  # noqa: PT012
        tx.rows("select 1")
        kill_backend(clone)
    assert_nothing_left(single)


def test_a_cancelled_statement(clone: Deployed, single: Database) -> None:
    def cancel() -> None:
        with clone.superuser() as connection:
            connection.execute(
                "select pg_cancel_backend(pid) from pg_stat_activity where query = 'select pg_sleep(0.9)'"
            )

    timer = Timer(0.3, cancel)
    timer.start()
    with pytest.raises(TimedOut), single.transaction(Identity.user(ADA)) as tx:
        tx.rows("select pg_sleep(0.9)")
    timer.join()
    assert_nothing_left(single)


def test_a_lock_is_not_waited_for_for_ever(clone: Deployed) -> None:
    update = "update public.users set display_name = 'x' where id = %(id)s"
    url = clone.url("authenticator")
    with Database(url, lock_timeout=0.2) as database, database.transaction(Identity.user(ADA)) as first:
        first.changed(update, id=ADA)
        with pytest.raises(TimedOut) as caught:
            database.changed(Identity.user(ADA), update, id=ADA)
    assert caught.value.sqlstate == "55P03"


def test_interrupted_while_waiting(single: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a statement: the statement ends and its connection serves nobody else."""
    wire = single.take()
    pid = wire.pgconn.backend_pid

    def interrupt(_events: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wire, "_wait", interrupt)
    single.give_back(wire)
    with pytest.raises(KeyboardInterrupt), single.transaction(Identity.user(ADA)) as tx:
        tx.rows("select pg_sleep(1)")
    assert single.value(Identity.service(), "select pg_backend_pid()") != pid
    assert_nothing_left(single)


def test_nobody_waits_for_ever_for_a_connection(clone: Deployed) -> None:
    with (
        Database(clone.url("authenticator"), max_size=1, wait=0.2) as database,
        database.transaction(Identity.user(ADA)) as tx,
    ):
        tx.rows("select 1")
        with pytest.raises(Unavailable, match="no connection"):
            database.rows(Identity.user(BO), "select 1")


def test_a_server_that_is_not_there() -> None:
    url = "postgresql://nobody:x@127.0.0.1:1/none"
    with Database(url, wait=0.3) as database, pytest.raises(Unavailable):
        database.rows(Identity.service(), "select 1")


def test_tables_that_change_under_prepared_statements(clone: Deployed, single: Database) -> None:
    with clone.superuser() as connection:
        connection.execute("create table public.shape (a int); insert into public.shape values (1)")
        connection.execute("grant select on public.shape to service_role")
        assert single.rows(Identity.service(), "select * from public.shape") == [{"a": 1}]
        connection.execute("alter table public.shape add b text default 'x'")
        assert single.rows(Identity.service(), "select * from public.shape") == [{"a": 1, "b": "x"}]
        connection.execute("alter table public.shape drop a")
        with single.transaction(Identity.service()) as tx:
            assert tx.rows("select * from public.shape") == [{"b": "x"}]


def test_many_threads_never_see_each_others_identity(database: Database) -> None:
    people = [ADA, BO, CLEO] * 100

    def ask(person: str) -> tuple[UUID, UUID]:
        with database.transaction(Identity.user(person)) as tx:
            return tx.value("select app.current_user_id()"), tx.value("select app.current_user_id()")

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(ask, people))
    assert found == [(UUID(person), UUID(person)) for person in people]


def test_large_values_travel_both_ways(database: Database) -> None:
    text = "x" * 20_000_000
    assert database.value(Identity.service(), "select %(text)s::text", text=text) == text


@pytest.mark.parametrize("given", ["", "ada", "00000000-0000", None, 7])
def test_a_user_is_a_uuid(given: Any) -> None:
    with pytest.raises(UsageError, match="expected a UUID"):
        Identity.user(given)


def test_only_the_known_roles() -> None:
    role: Any = "postgres"
    with pytest.raises(UsageError, match="anon, authenticated, service_role"):
        Identity(role, {})


def test_claims_are_json_and_not_shown() -> None:
    with pytest.raises(UsageError, match="JSON"):
        Identity.user(ADA, when=object())
    assert "secret" not in repr(Identity.user(ADA, secret="s3cr3t"))


def test_psycopg_error_is_the_cause(database: Database) -> None:
    with pytest.raises(Invalid) as caught:
        database.rows(Identity.service(), "select 1 / 0")
    assert isinstance(caught.value.__cause__, psycopg.errors.DivisionByZero)
