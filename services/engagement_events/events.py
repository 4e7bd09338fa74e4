"""A user's events: recorded once each, listed, changed, deleted, restored, counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity, Invalid
from services.engagement_events.drafts import NewEvent, check_value, checked
from services.engagement_events.problems import InvalidEvent, NobodySignedIn, UnknownUser
from services.engagement_events.refusals import noted
from services.engagement_events.statements import QUERIES

LARGEST_PAGE = 500
_ACCOUNTS = ("engagement_events_user_id_fkey",)
Row = dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """What became of a batch, in its order."""

    ids: tuple[UUID, ...]
    new: frozenset[UUID]
    """Those that were not known before."""


@dataclass(frozen=True)
class Before:
    """Where the next page of a list begins: the last event of the one before."""

    timestamp: datetime
    id: UUID


class EngagementEvents:
    """The events of whoever calls; a service says whose with `user_id`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self, caller: Identity, events: Sequence[NewEvent], *, user_id: UUID | None = None
    ) -> Recorded:
        """Record a batch in one round trip; an event that is known already is left as it is.

        :raises InvalidEvent: an event is not right; none was recorded.
        :raises UnknownUser: the account is gone.
        """
        batch = checked(events)
        with self._acting(caller, "record"):
            rows = self._database.rows(
                caller,
                QUERIES["record_events"],
                user_id=whose(caller, user_id),
                ids=[event.id for event in batch],
                session_ids=[event.session_id for event in batch],
                event_types=[event.event_type for event in batch],
                values=[Jsonb(dict(event.value)) for event in batch],
                timestamps=[event.timestamp for event in batch],
            )
        ids = tuple(event.id for event in batch if event.id)
        return Recorded(ids, frozenset(row["id"] for row in rows))

    def last(
        self,
        caller: Identity,
        *,
        limit: int = 50,
        before: Before | None = None,
        user_id: UUID | None = None,
    ) -> list[Row]:
        """Return events, newest first: `id, session_id, event_type, value, timestamp`."""
        _check_limit(limit)
        place = (
            {"before": before.timestamp, "before_id": before.id}
            if before
            else {"before": "infinity", "before_id": UUID(int=(1 << 128) - 1)}
        )
        return self._database.rows(
            caller, QUERIES["last_events"], user_id=whose(caller, user_id), page_size=limit, **place
        )

    def find(self, caller: Identity, event_id: UUID, *, user_id: UUID | None = None) -> Row | None:
        """Return one event, deleted or not, with `deleted_at`; None where there is none."""
        return self._database.row(caller, QUERIES["event"], user_id=whose(caller, user_id), id=event_id)

    def change(self, caller: Identity, event_id: UUID, value: Mapping[str, Any]) -> Row | None:
        """Give an event another value and return it; None where there is none, or it is deleted."""
        check_value(value)
        with self._acting(caller, "change"):
            return self._database.row(
                caller, QUERIES["change_event"], user_id=whose(caller), id=event_id, value=Jsonb(dict(value))
            )

    def delete(self, caller: Identity, ids: Sequence[UUID]) -> list[UUID]:
        """Delete events so that they can be restored, and return those that were there."""
        return self._each(caller, "delete_events", ids)

    def restore(self, caller: Identity, ids: Sequence[UUID]) -> list[UUID]:
        """Bring back deleted events that are not archived yet, and return them."""
        return self._each(caller, "restore_events", ids)

    def counts(self, caller: Identity, since: datetime, *, user_id: UUID | None = None) -> list[Row]:
        """Return what a user did: `event_type, event_count, session_count, newest`, most frequent first."""
        return self._database.rows(
            caller, QUERIES["event_counts_of_user"], user_id=whose(caller, user_id), since=since
        )

    def daily(self, caller: Identity, event_type: str, since: datetime, until: datetime) -> list[Row]:
        """Return how often a type happened each day, for services: `utc_day, event_count, people`."""
        return self._database.rows(
            caller, QUERIES["daily_events_of_type"], event_type=event_type, since=since, until=until
        )

    def containing(self, caller: Identity, value: Mapping[str, Any], limit: int = 50) -> list[Row]:
        """Return the newest events whose value contains `value`, for services."""
        _check_limit(limit)
        check_value(value)
        return self._database.rows(
            caller, QUERIES["events_with_value"], value=Jsonb(dict(value)), page_size=limit
        )

    def _each(self, caller: Identity, query: str, ids: Sequence[UUID]) -> list[UUID]:
        if not 1 <= len(ids) <= LARGEST_PAGE:
            raise InvalidEvent(f"got {len(ids)} ids: give 1 to {LARGEST_PAGE}")
        with self._acting(caller, query):
            rows = self._database.rows(caller, QUERIES[query], user_id=whose(caller), ids=list(ids))
        return [row["id"] for row in rows]

    @contextmanager
    def _acting(self, caller: Identity, operation: str) -> Iterator[None]:
        """Note a refusal, and say what people understand of the database's answers."""
        try:
            with noted(self._database, caller, f"engagement_events.{operation}"):
                yield
        except Invalid as error:
            if error.constraint in _ACCOUNTS:
                raise UnknownUser("there is no account for these events: sign in again") from error
            raise InvalidEvent("the database does not take an event as it is") from error


def whose(caller: Identity, user_id: UUID | None = None) -> UUID:
    """Return the user whose events are meant.

    :raises NobodySignedIn: neither given nor signed in.
    """
    found = user_id or caller.user_id
    if found is None:
        raise NobodySignedIn("nobody is signed in: give the user whose events are meant")
    return found


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidEvent(f"got a limit of {limit}: give 1 to {LARGEST_PAGE}")
