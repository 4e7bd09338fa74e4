"""Connecting: each way to fail has its class and says what to do; connections are kept and given up."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import psycopg
import pytest
from fix_provider import target_of
from psycopg.sql import SQL, Identifier
from servers import Database

from gatepost import errors
from gatepost.postgres.connect import (
    Connections,
    DatabaseMissing,
    RoleMissing,
    Target,
    connect,
    taken_back,
    translate,
    translating,
)


def to(there: Database, /, **changed: object) -> Target:
    target = target_of(there.deployer_url)
    return Target(**{**vars(target), **changed})  # type: ignore[arg-type]


def test_session_is_set_up(database: Database, roles: tuple[str, ...]) -> None:
    with connect(to(database, role="GP Odd, role"), search_path="app") as connection:
        found = connection.execute(
            "select current_user, session_user, current_setting('search_path'),"
            " current_setting('client_connection_check_interval'), current_setting('application_name')"
        ).fetchone()
        assert connection.autocommit
    assert found == ("GP Odd, role", "deployer", "app", "500ms", "gatepost")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"port": free_port()}, errors.ServerUnreachable, "no server answers: is it running"),
        ({"host": "no-such-host.invalid"}, errors.ServerUnreachable, "no server answers"),
        ({"password": "wrong"}, errors.AuthenticationFailed, "refused the user or password: check"),
        ({"password": None}, errors.AuthenticationFailed, "refused the user or password"),
        ({"username": "nobody"}, errors.AuthenticationFailed, 'as "nobody": the server refused'),
        ({"database": "not_there"}, DatabaseMissing, '"not_there" .* does not exist: deploy the stack'),
        ({"role": "not_there"}, RoleMissing, 'role "not_there" does not exist: create it'),
        ({"role": "postgres"}, errors.PermissionMissing, 'permission denied to set role "postgres"'),
    ],
    ids=["port", "host", "password", "no password", "user", "database", "role", "role not granted"],
)
def test_failure_has_its_class(
    database: Database, changed: dict[str, object], error: type[errors.GatepostError], message: str
) -> None:
    target = to(database, **changed)
    with pytest.raises(error, match=message) as raised:
        connect(target)
    assert f'database "{target.database}" at {target.host}:{target.port}' in str(raised.value)
    assert target_of(database.deployer_url).password not in str(raised.value)


def test_database_that_may_not_be_connected_to(database: Database, roles: tuple[str, ...]) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as superuser:
        name = Identifier(database.name)
        superuser.execute("drop role if exists gp_stranger")
        superuser.execute("create role gp_stranger login password 'p'")
        superuser.execute(SQL("revoke connect on database {} from public").format(name))
        with pytest.raises(errors.PermissionMissing, match=r"may not connect: grant connect"):
            connect(to(database, username="gp_stranger", password="p"))
        superuser.execute("drop role gp_stranger")


@contextmanager
def server_of_version(version: str) -> Iterator[int]:
    """A server that greets as that version and answers nothing else."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(1024)
                status = f"server_version\0{version}\0client_encoding\0UTF8\0".split("\0")
                settings = zip(status[::2], status[1::2], strict=False)
                greeting = message(b"R", struct.pack("!i", 0))
                greeting += b"".join(message(b"S", f"{k}\0{v}\0".encode()) for k, v in settings)
                client.sendall(greeting + message(b"K", b"\0" * 8) + message(b"Z", b"I"))
                client.recv(1024)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_server_that_is_too_old() -> None:
    with server_of_version("14.19") as port:
        target = Target("127.0.0.1", port, "u", "d", sslmode="disable")
        with pytest.raises(errors.UnsupportedServer, match=r"runs PostgreSQL 14: Gatepost needs 15 or later"):
            connect(target)


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [
        (
            "create table t (id int)",
            errors.ObjectExists,
            "already exists: it is not this stack's; rename or drop",
        ),
        ("create role x superuser", errors.PermissionMissing, "grant the deployer what it needs"),
        ("select 1/0", errors.StatementFailed, r"division by zero \(22012\)"),
        (
            "select pg_terminate_backend(pg_backend_pid())",
            errors.ServerUnreachable,
            "the connection was lost",
        ),
        (
            "drop table t",
            errors.StatementFailed,
            "other objects depend on it; view v depends on table t; Use DROP",
        ),
    ],
)
def test_postgresqls_error_is_ours(
    database: Database, statement: str, error: type[errors.GatepostError], message: str
) -> None:
    connection = connect(to(database))
    connection.execute("create table t (id int); create view v as select * from t")
    with pytest.raises(error, match=f"^making it: .*{message}"), translating("making it"):
        connection.execute(statement)  # type: ignore[call-overload]
    connection.close()


def test_secret_is_not_repeated(database: Database) -> None:
    with connect(to(database)) as connection, pytest.raises(psycopg.Error) as raised:
        connection.execute("select 'hunter2'::int")
    assert "hunter2" in str(translate(raised.value, "x"))
    assert str(translate(raised.value, "x", secret=True)).startswith("x: PostgreSQL's message is hidden")
    assert "hunter2" not in str(translate(raised.value, "x", secret=True))


def test_connections_are_kept_for_the_next(database: Database) -> None:
    connections = Connections(to(database))
    with connections.take() as first, connections.take() as second:
        assert first is not second
    with connections.take() as third:
        assert third in (first, second)
    connections.close()
    assert first.closed
    assert second.closed


def test_connection_in_a_transaction_is_not_kept(database: Database) -> None:
    connections = Connections(to(database))
    with connections.take() as left:
        left.execute("begin")
    assert left.closed
    connections.close()


def test_closed_while_lent_is_closed_when_it_comes_back(database: Database) -> None:
    connections = Connections(to(database))
    with connections.take() as lent:
        connections.close()
        assert not lent.closed
    assert lent.closed


def test_after_a_restart_no_dead_connection_is_lent(database: Database) -> None:
    connections = Connections(to(database))
    with connections.take(), connections.take(), connections.take():
        pass
    with psycopg.connect(database.superuser_url, autocommit=True) as superuser:
        superuser.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and usename = 'deployer'"
        )
    with pytest.raises(psycopg.OperationalError), connections.take() as dead:
        dead.execute("select 1")
    with connections.take() as alive:
        alive.execute("select 1")
    connections.close()


def test_a_connection_that_is_lost_in_a_part_commits_nothing(database: Database) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as other:
        with pytest.raises(psycopg.OperationalError, match="the connection was lost"):
            lose_in_a_part(database, other)
        assert other.execute("select to_regclass('public.lost')").fetchone() == (None,)


def lose_in_a_part(database: Database, other: psycopg.Connection[Any]) -> None:
    with psycopg.connect(database.deployer_url, autocommit=True) as connection, connection.transaction():
        connection.execute("create table public.lost ()")
        with taken_back(connection):
            other.execute("select pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
