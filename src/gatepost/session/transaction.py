"""One transaction of one identity."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from gatepost.session.failures import Faulty, OutcomeUnknown, SessionError, Unavailable, is_stale
from gatepost.session.statement import Compiled, compiled
from gatepost.session.wire import Call, Row, Wire

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from gatepost.session.database import Database
    from gatepost.session.identity import Identity
    from gatepost.session.statement import Statement

_BEGIN, _COMMIT, _ROLLBACK = (
    Compiled(word, (), takes_text=True) for word in (b"begin", b"commit", b"rollback")
)
_IDENTITY = Compiled(
    b"select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),"
    b" set_config('app.user_id', '', true), set_config('app.organization_id', '', true)",
    ("role", "claims"),
    takes_text=True,
)


class Transaction:
    """Statements that are committed together when the block ends, or not at all when it raises.

    The connection is taken with the first statement, which travels together with `begin` and the identity.
    """

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database, self._identity = database, identity
        self._wire: Wire | None = None
        self._failure: SessionError | None = None

    def rows(self, statement: Statement, /, **parameters: Any) -> list[Row]:
        """Run a statement and return its rows.

        :raises UsageError: a parameter is missing or not known.
        :raises SessionError: the statement failed; the transaction can only be left.
        """
        result = self._run(statement, parameters)
        return self._wire.load(result) if self._wire else []

    def row(self, statement: Statement, /, **parameters: Any) -> Row | None:
        """Run a statement and return its first row, None where it has none."""
        return next(iter(self.rows(statement, **parameters)), None)

    def value(self, statement: Statement, /, **parameters: Any) -> Any:
        """Run a statement and return the first value of its first row, None where it has none."""
        return next(iter((self.row(statement, **parameters) or {}).values()), None)

    def changed(self, statement: Statement, /, **parameters: Any) -> int:
        """Run a statement and return how many rows it changed or returned."""
        return self._run(statement, parameters).command_tuples or 0

    def _run(self, statement: Statement, parameters: dict[str, Any]) -> PGresult:
        found = compiled(statement, parameters)
        call = found, found.values(parameters)
        try:
            return self._wire.exchange(call)[-1] if self._wire else self._first(call)
        except SessionError as error:
            self._failure = error
            raise

    def _first(self, call: Call) -> PGresult:
        wire = self._wire = self._database.take()
        calls = (_BEGIN, ()), *self._database.begun(self._identity), call
        try:
            return wire.exchange(*calls)[-1]
        except SessionError as error:
            if not is_stale(error):
                raise
        wire.exchange((_ROLLBACK, ()))
        return wire.exchange(*calls)[-1]

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        wire, self._wire = self._wire, None
        if wire is None:
            return
        try:
            if kind is None:
                self._commit(wire)
            elif not wire.closed:
                _roll_back(wire)
        finally:
            self._database.give_back(wire)

    def _commit(self, wire: Wire) -> None:
        if self._failure:
            if not wire.closed:
                _roll_back(wire)
            raise Faulty("the transaction was rolled back: a statement in it failed") from self._failure
        try:
            wire.exchange((_COMMIT, ()))
        except Unavailable as error:
            raise OutcomeUnknown(str(error)) from error


def _roll_back(wire: Wire) -> None:
    """End the transaction; where the server cannot be told, hanging up ends it too."""
    try:
        wire.exchange((_ROLLBACK, ()))
    except SessionError:
        wire.close()


def identified(identity: Identity) -> Call:
    """Return the statement that sets role and claims for the transaction, and forgets what a session kept."""
    return _IDENTITY, (identity.role, identity.text)
