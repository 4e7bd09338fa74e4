"""What PostgreSQL says of a failure, without the values of rows: they may be personal data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

_OF_OBJECTS = ("0A", "22003", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58")
"""The states whose details name objects, types or sessions; those of others may be a row."""
_OF_KEYS = ("23503", "23505", "23P01")
_RAISED = "exec_stmt_raise"
_QUOTED = re.compile('["«»„“].*["«»”“]', re.DOTALL)


def said(error: psycopg.Error) -> tuple[str, bool]:
    """Return what PostgreSQL says of an error, and whether something was left out of it.

    What a program raises itself is repeated as the program words it, but for its detail.
    """
    diagnosis, state = error.diag, error.sqlstate or ""
    message, detail = _message(error), diagnosis.message_detail
    own = state.startswith("22") and bool(diagnosis.statement_position)  # the statement's own literal
    raised = diagnosis.source_function == _RAISED
    if detail and not own and (raised or not state.startswith(_OF_OBJECTS)):
        detail = None
    left_out = (diagnosis.message_detail, diagnosis.message_primary or message) != (detail, message)
    parts = (message + _place(error, raised=raised), detail, diagnosis.message_hint)
    return "; ".join(part for part in parts if part), left_out


def _message(error: psycopg.Error) -> str:
    """Return the message; of values that a statement cannot read it repeats those that it holds itself."""
    message = (error.diag.message_primary or str(error)).strip()
    if (error.sqlstate or "").startswith("22") and not error.diag.statement_position:
        return _QUOTED.sub("(a value)", message)
    return message


def _place(error: psycopg.Error, *, raised: bool) -> str:
    """Return the table, and the columns of the key, that a constraint was found violated in."""
    diagnosis, state = error.diag, error.sqlstate or ""
    if not state.startswith("23") or raised or not diagnosis.table_name:
        return ""
    # such a detail begins with `Key (columns)=(values)`, in whatever language
    head = (diagnosis.message_detail or "").partition(")=(")[0]
    columns = head.partition("(")[2] if state in _OF_KEYS else diagnosis.column_name
    table = ".".join(filter(None, (diagnosis.schema_name, diagnosis.table_name)))
    return f", in {table} ({columns})" if columns else f", in {table}"
