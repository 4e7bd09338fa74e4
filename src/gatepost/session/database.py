"""The database as an application has it: a pool of connections that serve any identity in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from gatepost.session.failures import OutcomeUnknown, SessionError, Unavailable, is_lost, is_stale
from gatepost.session.statement import compiled
from gatepost.session.transaction import Transaction, identified
from gatepost.session.wire import Call, Row, Wire

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from gatepost.session.identity import Identity
    from gatepost.session.statement import Statement

    Asked = tuple[Statement, Mapping[str, Any]]


_LOOK, _SELDOM = 0.1, 0.4
"""Seconds between looks at whether the server can be reached: while nobody knows, and while it seems so."""


class Database:
    """Connections of one login role, such as `authenticator`, which takes on each identity's role in turn.

    :param url: the login's URL, with its password.
    :param max_size: how many connections at most; they are opened as they are needed.
    :param wait: seconds to wait for a free connection; while the server cannot be reached, a fraction of one.
    :param statement_timeout: seconds that a statement may run.
    :param lock_timeout: seconds that a statement may wait for a lock.
    :param opening: a statement that begins each transaction of a signed-in user, as that user and in the same
        round trip, for example `select app.respect_maintenance()`.
    """

    def __init__(
        self,
        url: str,
        *,
        max_size: int = 4,
        wait: float = 5.0,
        statement_timeout: float = 10.0,
        lock_timeout: float = 2.0,
        opening: Statement | None = None,
    ) -> None:
        self.url = url
        self._opening: Call | None = (compiled(opening, {}), ()) if opening else None
        self._wait, self._time_outs = wait, (statement_timeout, lock_timeout)
        self._open: WeakSet[Wire] = WeakSet()
        self._opened = Lock()
        self._is_in_doubt, self._is_away = True, False
        self._before_close: list[Callable[[], None]] = []
        self._pool: ConnectionPool[Wire] = ConnectionPool(
            url,
            connection_class=Wire,
            kwargs={
                "autocommit": True,
                "application_name": "gatepost serve",
                "connect_timeout": 5,
                "keepalives_idle": 15,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
            min_size=0,
            max_size=max_size,
            timeout=wait,
            open=True,
            # Whoever asks next tries anew; nothing backs off for minutes.
            reconnect_timeout=0,
            reconnect_failed=lambda _pool: self._missed(),
            configure=self._reached,
        )

    def _reached(self, wire: Wire) -> None:
        wire.set_up(*self._time_outs)
        with self._opened:
            self._open.add(wire)
            self._is_in_doubt = self._is_away = False

    def _missed(self) -> None:
        """Remember that the server cannot be reached, unless there are connections that work."""
        with self._opened:
            self._is_away = self._is_in_doubt = all(wire.closed for wire in self._open)

    def transaction(self, identity: Identity) -> Transaction:
        """Return a transaction of `identity`, to be used in `with`; two round trips for one statement."""
        return Transaction(self, identity)

    def rows(self, identity: Identity, statement: Statement, /, **parameters: Any) -> list[Row]:
        """Run one statement as a transaction of its own and return its rows: one round trip.

        :raises UsageError: a parameter is missing or not known.
        :raises SessionError: the statement failed and changed nothing.
        :raises OutcomeUnknown: the connection was lost: it may have changed something, or not.
        """
        wire, result = self._run(identity, statement, parameters)
        return wire.load(result)

    def together(self, identity: Identity, *asked: Asked) -> list[list[Row]]:
        """Run statements with their parameters as one transaction in one round trip; return the rows of each.

        :raises UsageError: a parameter is missing or not known.
        :raises SessionError: one failed and nothing was changed.
        :raises OutcomeUnknown: the connection was lost: it may have changed something, or not.
        """
        wire, results = self._run_all(identity, asked)
        return [wire.load(result) for result in results]

    def row(self, identity: Identity, statement: Statement, /, **parameters: Any) -> Row | None:
        """Run one statement as `rows` does and return its first row, None where it has none."""
        return next(iter(self.rows(identity, statement, **parameters)), None)

    def value(self, identity: Identity, statement: Statement, /, **parameters: Any) -> Any:
        """Run one statement as `rows` does and return the first value of its first row, or None."""
        return next(iter((self.row(identity, statement, **parameters) or {}).values()), None)

    def changed(self, identity: Identity, statement: Statement, /, **parameters: Any) -> int:
        """Run one statement as `rows` does and return how many rows it changed or returned."""
        return self._run(identity, statement, parameters)[1].command_tuples or 0

    def _run(
        self, identity: Identity, statement: Statement, parameters: Mapping[str, Any]
    ) -> tuple[Wire, PGresult]:
        wire, results = self._run_all(identity, [(statement, parameters)])
        return wire, results[-1]

    def _run_all(self, identity: Identity, asked: Sequence[Asked]) -> tuple[Wire, list[PGresult]]:
        begun = self.begun(identity)
        calls = list(begun)
        for statement, parameters in asked:
            found = compiled(statement, parameters)
            calls.append((found, found.values(parameters)))
        wire = self.take()
        try:
            try:
                return wire, wire.exchange(*calls)[len(begun) :]
            except SessionError as error:
                if not is_stale(error):
                    raise
            return wire, wire.exchange(*calls)[len(begun) :]
        except Unavailable as error:
            if is_lost(error):
                raise OutcomeUnknown(str(error)) from error
            raise
        finally:
            self.give_back(wire)

    def begun(self, identity: Identity) -> tuple[Call, ...]:
        """Return the statements that a transaction of `identity` begins with."""
        if self._opening and identity.role == "authenticated":
            return identified(identity), self._opening
        return (identified(identity),)

    def take(self) -> Wire:
        """Take a connection that is alive out of the pool; `give_back` it.

        :raises Unavailable: none is free in time, or the server does not let anybody in.
        """
        deadline = time.monotonic() + self._wait
        while True:
            wire = self._connection(deadline)
            if wire.is_alive:
                return wire
            self._is_in_doubt = True
            wire.close()
            self._pool.putconn(wire)

    def _connection(self, deadline: float) -> Wire:
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            try:
                return self._pool.getconn(min(left, _LOOK if self._is_in_doubt else _SELDOM))
            except PoolTimeout as error:
                if self._is_away:
                    raise Unavailable("no connection to the database: it cannot be reached") from error
                if time.monotonic() >= deadline:
                    raise Unavailable(f"no connection to the database: {error}") from error
            except (PoolClosed, TooManyRequests) as error:
                raise Unavailable(f"no connection to the database: {error}") from error

    def give_back(self, wire: Wire) -> None:
        """Put a connection back; one that broke, or is in a transaction, is replaced."""
        if wire.pgconn.transaction_status != TransactionStatus.IDLE:
            wire.close()
        self._pool.putconn(wire)

    def statistics(self) -> dict[str, int]:
        """Return how the pool fares, as psycopg_pool counts it: `pool_size`, `requests_waiting` …"""
        return self._pool.get_stats()

    def at_close(self, work: Callable[[], None]) -> None:
        """Do something, which must not raise, before the connections are closed."""
        self._before_close.append(work)

    def close(self) -> None:
        """Close the connections."""
        while self._before_close:
            self._before_close.pop()()
        self._pool.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()
