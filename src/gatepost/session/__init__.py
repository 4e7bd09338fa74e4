"""Transactions of an identity: who asks, the pool of connections, statements under row security."""

from gatepost.session.database import Database
from gatepost.session.failures import (
    Conflict,
    Faulty,
    Invalid,
    OutcomeUnknown,
    ReadOnly,
    Refused,
    SessionError,
    TimedOut,
    Unavailable,
)
from gatepost.session.identity import Identity
from gatepost.session.transaction import Transaction

__all__ = [
    "Conflict",
    "Database",
    "Faulty",
    "Identity",
    "Invalid",
    "OutcomeUnknown",
    "ReadOnly",
    "Refused",
    "SessionError",
    "TimedOut",
    "Transaction",
    "Unavailable",
]
