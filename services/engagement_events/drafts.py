"""Events as clients give them, checked before anything is touched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.engagement_events.problems import InvalidEvent

LARGEST_BATCH = 500
LARGEST_VALUE = 16_384
"""Characters of a value as JSON."""
OLDEST = timedelta(days=31)
"""How late an event may come in: a phone that was offline."""
CLOCK_SKEW = timedelta(minutes=5)
_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_LONGEST_TYPE = 100


@dataclass(frozen=True)
class NewEvent:
    """An event that a client reports.

    `id` and `timestamp` together make it the same event when it is reported again: a retry gives both, or an
    id of version 7, which tells the time by itself. Without an id each report is an event of its own.
    """

    event_type: str
    """Words joined by dots: `post.viewed`."""
    value: Mapping[str, Any] = field(default_factory=dict)
    session_id: UUID | None = None
    id: UUID | None = None
    timestamp: datetime | None = None
    """When it happened; by default now."""


def checked(events: Sequence[NewEvent], now: datetime | None = None) -> list[NewEvent]:
    """Return the events with ids and times filled in.

    :raises InvalidEvent: the batch is empty or too large, or one event is not right.
    """
    if not 1 <= len(events) <= LARGEST_BATCH:
        raise InvalidEvent(f"got {len(events)} events: send 1 to {LARGEST_BATCH} at a time")
    at = now or datetime.now(UTC)
    return [_checked(event, number, at) for number, event in enumerate(events)]


def _checked(event: NewEvent, number: int, now: datetime) -> NewEvent:
    if not _TYPE.fullmatch(event.event_type) or len(event.event_type) > _LONGEST_TYPE:
        raise InvalidEvent(f"event type {event.event_type[:120]!r}: expected words like post.viewed", number)
    check_value(event.value, number)
    timestamp = _time_of(event, number, now)
    if not now - OLDEST <= timestamp <= now + CLOCK_SKEW:
        raise InvalidEvent(
            f"timestamp {timestamp.isoformat()}: expected one of the last {OLDEST.days} days", number
        )
    return replace(event, id=event.id or uuid4(), timestamp=timestamp)


def check_value(value: Mapping[str, Any], number: int | None = None) -> None:
    """Refuse a value that cannot be stored.

    :raises InvalidEvent: it is no JSON object, or too large.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidEvent(f"value: expected what JSON can hold: {error}", number) from None
    if not text.startswith("{") or len(text.encode("utf-8", "surrogatepass")) > LARGEST_VALUE:
        raise InvalidEvent(f"value: expected an object of at most {LARGEST_VALUE} bytes of JSON", number)


def _time_of(event: NewEvent, number: int, now: datetime) -> datetime:
    if event.timestamp is not None:
        if event.timestamp.tzinfo is None:
            raise InvalidEvent(
                "timestamp: expected a time with its zone, such as 2026-11-01T08:00:00Z", number
            )
        return event.timestamp
    if event.id is None:
        return now
    if event.id.version != 7:
        raise InvalidEvent("an id without a timestamp: give both, or an id of version 7", number)
    return datetime.fromtimestamp((event.id.int >> 80) / 1000, UTC)
