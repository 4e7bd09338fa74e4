"""Accesses that row security or a missing privilege refused, written down although they rolled back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity, Refused, SessionError

VIOLATION = "rls_violation"
_NOTE = """
    insert into public.security_audit_log (event_type, user_id, database_role, details)
    values (%(event_type)s, %(user_id)s, %(role)s, %(details)s)
"""
_log = logging.getLogger("gatepost.services")


@contextmanager
def noted(database: Database, caller: Identity, operation: str) -> Iterator[None]:
    """Write down, in a transaction of its own, that the block was refused; the error goes on."""
    try:
        yield
    except Refused as error:
        note(database, caller, operation, error)
        raise


def note(database: Database, caller: Identity, operation: str, error: Refused) -> None:
    """Write one refusal down, without any value; what cannot be written is logged as an error."""
    details = {"operation": operation, "sqlstate": error.sqlstate}
    try:
        database.changed(
            Identity.service(),
            _NOTE,
            event_type=VIOLATION,
            user_id=caller.user_id,
            role=caller.role,
            details=Jsonb(details),
        )
    except SessionError as failure:
        _log.error("refusal of %s by %s was not recorded: %s", operation, caller.role, type(failure).__name__)
