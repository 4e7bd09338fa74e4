"""What becomes of failures: typed, in plain words, tried again where that is safe, and written down."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from gatepost.session import (
    Conflict,
    Database,
    Identity,
    Invalid,
    OutcomeUnknown,
    SessionError,
    TimedOut,
    Unavailable,
)
from services.post_collectives.audit_service import PostCollectiveAuditService
from services.post_collectives.errors import (
    Cancelled,
    InternalFailure,
    InvalidInput,
    OutcomeNotKnown,
    PostCollectiveError,
    ServicesOnly,
    TemporarilyFailed,
)
from services.post_collectives.operation import Operation
from services.post_collectives.queries import QUERIES, page_size
from services.post_collectives.reports import ErrorCount, RecordedError

T = TypeVar("T")


@dataclass(frozen=True)
class Retries:
    """How often to try, and how long to wait in between."""

    attempts: int = 4
    first_pause: float = 0.02
    """Seconds; doubled each time, and shortened by chance so that two do not meet again."""
    longest_pause: float = 0.5

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait after the given attempt, counted from 1."""
        longest = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)


class PostCollectiveErrorHandler:
    """Runs operations: each ends in its result, or in a typed error and a line in the audit log."""

    def __init__(
        self, database: Database, audit: PostCollectiveAuditService, retries: Retries | None = None
    ) -> None:
        self._database, self._audit = database, audit
        self._retries = retries or Retries()

    def run(self, operation: Operation, work: Callable[[], T]) -> T:
        """Run an operation that can be repeated without harm.

        :raises PostCollectiveError: it was refused, or failed for good; the audit log has it.
        """
        try:
            result = self._attempt(operation, work)
        except Exception as error:
            known = explain(error)
            self._audit.record_failure(operation, known)
            raise known from error
        except BaseException:
            self._audit.record_failure(operation, Cancelled())
            raise
        self._audit.remember(operation, "succeeded")
        return result

    def _attempt(self, operation: Operation, work: Callable[[], T]) -> T:
        while True:
            operation.attempts += 1
            try:
                return work()
            except SessionError as error:
                if not is_safe_to_retry(error) or operation.attempts >= self._retries.attempts:
                    raise
            time.sleep(self._retries.pause(operation.attempts))

    def get_error_statistics(self, caller: Identity, hours: float = 24) -> list[ErrorCount]:
        """Return the errors of the last hours, the most frequent first.

        :raises ServicesOnly: a user asks.
        """
        if caller.role != "service_role":
            raise ServicesOnly
        rows = self._database.rows(caller, QUERIES["error_statistics"], time_span=f"{hours} hours")
        return [ErrorCount(**row) for row in rows]

    def get_recent_errors(
        self, caller: Identity, user_id: UUID | None = None, limit: int = 20
    ) -> list[RecordedError]:
        """Return the newest errors: a user's own, or, for services, anybody's.

        :raises ServicesOnly: a user asks for another's.
        """
        if caller.role != "service_role" and (user_id is None or caller.user_id != user_id):
            raise ServicesOnly
        service = Identity.service()
        if user_id is None:
            rows = self._database.rows(service, QUERIES["recent_errors"], page_size=page_size(limit))
        else:
            rows = self._database.rows(
                service, QUERIES["recent_errors_of_user"], user_id=user_id, page_size=page_size(limit)
            )
        return [RecordedError(**row) for row in rows]


def is_safe_to_retry(error: SessionError) -> bool:
    """Return whether the same operation may be run again.

    Nothing was changed, or, where nobody knows, the operation does not do it twice.
    """
    if isinstance(error, Conflict):
        return error.is_worth_retrying
    return isinstance(error, Unavailable) or error.sqlstate == "55P03"


def explain(error: Exception) -> PostCollectiveError:
    """Return the typed error for whatever was raised; its words repeat no value."""
    match error:
        case PostCollectiveError():
            return error
        case ValidationError():
            return _invalid(error)
        case OutcomeUnknown():
            return OutcomeNotKnown(audit=_place(error))
        case Unavailable() | TimedOut() | Conflict():
            return TemporarilyFailed(audit=_place(error))
        case Invalid():
            return InvalidInput("Some of the values are not acceptable.", audit=_place(error))
        case SessionError():
            return InternalFailure(audit=_place(error))
    return InternalFailure(audit={"error": type(error).__name__})


def _invalid(error: ValidationError) -> InvalidInput:
    parts = [
        {"where": ".".join(str(part) for part in one["loc"]) or "request", "message": one["msg"]}
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ][:20]
    words = "; ".join(
        f"{part['where']}: {part['message'][:1].lower()}{part['message'][1:]}" for part in parts
    )
    return InvalidInput(words, audit={"fields": [part["where"] for part in parts]}, errors=parts)


def _place(error: SessionError) -> dict[str, str]:
    found = {"sqlstate": error.sqlstate, "constraint": error.constraint}
    return {name: value for name, value in found.items() if value}
