"""The one place that connects to PostgreSQL and turns its errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from gatepost import errors
from gatepost.postgres import diagnosis

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[object, ...]]

OLDEST_SERVER = 150000


@dataclass(frozen=True)
class Target:
    """Where a database is and who connects to it; `repr` never shows the password."""

    host: str
    port: int
    username: str
    database: str
    password: str | None = field(default=None, repr=False)
    sslmode: str = "prefer"
    role: str | None = None
    """The role that the session takes on with `set role`."""

    def __str__(self) -> str:
        return f'database "{self.database}" at {self.host}:{self.port} as "{self.username}"'


def connect(target: Target, *, search_path: str = "public") -> Connection:
    """Open an autocommit connection to `target`, as its role.

    :raises ServerUnreachable: nobody answers.
    :raises AuthenticationFailed: the user or password is refused.
    :raises UnsupportedServer: the server is older than PostgreSQL 15.
    """
    connection = _open(target)
    try:
        _require_version(connection, target)
        _set_up(connection, target, search_path)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(target: Target) -> Connection:
    import psycopg

    try:
        return psycopg.connect(
            host=target.host,
            port=target.port,
            user=target.username,
            password=target.password,
            dbname=target.database,
            sslmode=target.sslmode,
            connect_timeout=10,
            keepalives_idle=15,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=30_000,
            application_name="gatepost",
            autocommit=True,
            prepare_threshold=None,
        )
    except psycopg.OperationalError as error:
        raise _connection_error(error, target) from None
    except KeyboardInterrupt as interrupt:
        # what its traceback holds is half a connection, which would keep its database from being dropped
        raise interrupt.with_traceback(None) from None


def _set_up(connection: Connection, target: Target, search_path: str) -> None:
    import psycopg
    from psycopg import sql

    settings = sql.SQL(
        "set search_path = {path}; set client_connection_check_interval = '500ms';"
        " set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;"
        " set client_min_messages = warning"
    ).format(path=sql.Identifier(search_path) if search_path else sql.Literal(""))
    try:
        connection.execute(settings)
        if target.role:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(target.role)))
    except psycopg.errors.InvalidParameterValue as error:
        raise RoleMissing(f'{target}: {error.diag.message_primary}: create it, or correct "role"') from None
    except psycopg.Error as error:
        raise translate(error, f"connecting to {target}") from None


def _require_version(connection: Connection, target: Target) -> None:
    if connection.info.server_version < OLDEST_SERVER:
        raise errors.UnsupportedServer(
            f"{target} runs PostgreSQL {connection.info.server_version // 10000}: Gatepost needs 15 or later"
        )


def _connection_error(error: psycopg.OperationalError, target: Target) -> errors.GatepostError:
    text = " ".join(str(error).split())
    if error.sqlstate in ("28P01", "28000") or "authentication failed" in text or "no password" in text:
        return errors.AuthenticationFailed(
            f"{target}: the server refused the user or password: check the stack's settings ({text})"
        )
    if error.sqlstate == "3D000" or (f'database "{target.database}" does not exist' in text):
        return DatabaseMissing(f"{target} does not exist: deploy the stack, or check the database's name")
    if "permission denied for database" in text or error.sqlstate == "42501":
        return errors.PermissionMissing(f"{target}: may not connect: grant connect on the database ({text})")
    return errors.ServerUnreachable(
        f"{target}: no server answers: is it running, and are host and port right? ({text})"
    )


class DatabaseMissing(errors.ServerUnreachable):
    """The server answers but has no such database (yet)."""


class RoleMissing(errors.PermissionMissing):
    """The role that the session should take on does not exist (yet)."""


_FOREIGN_OBJECT = frozenset({"42P07", "42710", "42723", "42P06"})


def translate(
    error: psycopg.Error, what: str, *, secret: bool = False, advice: str = ""
) -> errors.GatepostError:
    """Return our error for PostgreSQL's: lower-case, naming `what` was being done and what to do.

    :param secret: the statement holds a secret, which PostgreSQL's words could repeat: leave them out.
    :param advice: what to do, where that is known.
    """
    words, left_out = diagnosis.said(error)
    if secret:
        words = "PostgreSQL's message is hidden, because it may repeat a secret"
    elif left_out and not advice:
        advice = "values of rows are left out: run the statement with psql to see them"
    found = _translated(error, f"{what}: {words}")
    return type(found)(f"{found}: {advice}") if advice else found


def _translated(error: psycopg.Error, text: str) -> errors.GatepostError:
    state = error.sqlstate or ""
    if state in _FOREIGN_OBJECT:
        return errors.ObjectExists(f"{text}: it is not this stack's; rename or drop it, or import it")
    if state == "42501":
        return errors.PermissionMissing(
            f"{text}: grant the deployer what it needs, or deploy as another role"
        )
    if state == "55P03":
        return errors.LockTimeout(f"{text}: somebody else holds it: try again, or end what holds it")
    if is_lost(error):
        return errors.ServerUnreachable(f"{text}: the connection was lost")
    return errors.StatementFailed(f"{text} ({state})" if state else text)


def is_lost(error: psycopg.Error) -> bool:
    """Return whether the connection ended, so that nobody knows how far the statement came."""
    import psycopg

    if error.sqlstate:
        return error.sqlstate.startswith(("08", "57P"))
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


@contextmanager
def taken_back(connection: Connection) -> Iterator[None]:
    """Run a block whose transaction, or part of one, is rolled back at its end.

    :raises OperationalError: the connection is lost by then. psycopg says nothing of that, neither here nor
        where the transaction around it should be committed.
    """
    import psycopg

    with connection.transaction(force_rollback=True):
        yield
    if connection.broken:
        raise psycopg.OperationalError("the connection was lost")


@contextmanager
def translating(what: str) -> Iterator[None]:
    """Turn PostgreSQL's errors inside the block into ours."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise translate(error, what) from None


class Connections:
    """Open connections to one target, handed out one at a time and kept for the next."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._idle: list[Connection] = []
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def take(self) -> Iterator[Connection]:
        """Lend a connection; one that broke or is in a transaction is closed instead of kept."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or connect(self.target)
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        from psycopg.pq import TransactionStatus

        with self._lock:
            if connection.broken:  # the server went: the others are no better
                idle, self._idle = self._idle, []
            elif connection.info.transaction_status == TransactionStatus.IDLE and not self._closed:
                self._idle.append(connection)
                return
            else:
                idle = []
        for one in (connection, *idle):
            one.close()

    def close(self) -> None:
        """Close every idle connection, and the others when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
