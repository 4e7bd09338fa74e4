"""What can go wrong in a transaction, by what the caller can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost import errors

if TYPE_CHECKING:
    import psycopg


class SessionError(errors.GatepostError):
    """A statement or a transaction failed.

    The message is PostgreSQL's own and may repeat a value: show people words of your own, chosen by class,
    `sqlstate` and `constraint`.
    """

    sqlstate: str | None = None
    constraint: str | None = None
    """The constraint that was violated."""
    table: str | None = None
    column: str | None = None
    hint: str | None = None


class Unavailable(SessionError, errors.ServerUnreachable):
    """No connection, or it was lost, before anything was committed: try again later."""


class OutcomeUnknown(Unavailable):
    """The connection was lost while the transaction was committed: it may have been, or not."""


class TimedOut(SessionError, TimeoutError):
    """A statement or a lock took too long, or somebody cancelled it; nothing was changed."""


class Refused(SessionError, errors.PermissionMissing):
    """A privilege is missing, or a policy refuses the row."""


class ReadOnly(SessionError):
    """The transaction may read but not write: a standby, or the platform is in maintenance."""


class Conflict(SessionError):
    """Somebody else's row or transaction is in the way: a unique or exclusion constraint, a deadlock."""

    @property
    def is_worth_retrying(self) -> bool:
        """Whether the same transaction, run again, may succeed."""
        return self.sqlstate in _RETRIED


class Invalid(SessionError, ValueError):
    """The values are not acceptable: their form, a check, a reference to what is not there."""


class Faulty(SessionError, errors.StatementFailed):
    """The statement itself is wrong, or the server has an internal error: a defect, not the caller's."""


_RETRIED = frozenset({"40001", "40P01", "0A000"})
_BY_STATE: dict[str, type[SessionError]] = {
    "42501": Refused,
    "25006": ReadOnly,
    "57014": TimedOut,
    "55P03": TimedOut,
    "25P03": Unavailable,
    "23505": Conflict,
    "23P01": Conflict,
    "P0001": Invalid,
    "P0002": Invalid,
}
_BY_CLASS: dict[str, type[SessionError]] = {
    "08": Unavailable,
    "53": Unavailable,
    "57": Unavailable,
    "40": Conflict,
    "22": Invalid,
    "23": Invalid,
    "44": Invalid,
}


def translate(error: psycopg.Error) -> SessionError:
    """Return our error for psycopg's, which becomes its cause."""
    import psycopg

    state = error.sqlstate
    if state:
        kind = _BY_STATE.get(state) or _BY_CLASS.get(state[:2], Faulty)
    elif isinstance(error, psycopg.DataError):
        kind = Invalid
    else:
        kind = Unavailable if isinstance(error, psycopg.OperationalError) else Faulty
    made = kind(error.diag.message_primary or " ".join(str(error).split()))
    made.sqlstate = state
    made.constraint = error.diag.constraint_name
    made.table = error.diag.table_name
    made.column = error.diag.column_name
    made.hint = error.diag.message_hint
    made.__cause__ = error
    return made


def is_stale(error: SessionError) -> bool:
    """Return whether a prepared statement no longer fits its tables, which changed since."""
    return error.sqlstate == "0A000" and "cached plan" in str(error)


def is_lost(error: SessionError) -> bool:
    """Return whether the connection ended with the error."""
    if not isinstance(error, Unavailable):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P", "25P"))
