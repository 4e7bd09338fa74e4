"""The id of a request: in its answer, in problems, in every line of the log."""

from __future__ import annotations

import logging
from contextvars import ContextVar

current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Return the id of the request that is being answered, an empty text outside of one."""
    return current.get()


class WithRequestId(logging.Filter):
    """Gives every log record the attribute `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; nothing is left out."""
        record.request_id = request_id() or "-"
        return True
