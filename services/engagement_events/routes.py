"""The paths of engagement events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from gatepost.web import Caller, Storage
from gatepost.web.health import Health, examine, respond
from gatepost.web.problems import NotFound
from services.engagement_events import health
from services.engagement_events.answers import explained
from services.engagement_events.events import LARGEST_PAGE, Before, EngagementEvents, whose
from services.engagement_events.listener import listener_of
from services.engagement_events.models import (
    BatchIn,
    CountOut,
    DayOut,
    EventOut,
    FoundEvent,
    RecordedOut,
    SomebodysEvent,
    ValueIn,
)
from services.engagement_events.news import Cursor, read
from services.engagement_events.stream import frames
from services.engagement_events.system_status import only_services

router = APIRouter(tags=["engagement events"], dependencies=[Depends(explained)])
_Somebody = Annotated[UUID | None, Query(alias="user_id", description="For services: whose events")]
_Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
_WEEK = timedelta(days=7)
Shown = TypeVar("Shown", bound=BaseModel)
Found = TypeVar("Found")


def _service(storage: Storage) -> EngagementEvents:
    return EngagementEvents(storage)


Events = Annotated[EngagementEvents, Depends(_service)]


@router.get("/api/health/engagement-events", tags=["health"])
def health_of_engagement_events(storage: Storage, response: Response) -> Health:
    """Say whether events are recorded, archived and delivered; 503 where they are not."""
    return respond(response, examine(storage, health.PROBES, health.metrics))


@router.post("/api/events", status_code=201)
def record_events(caller: Caller, events: Events, batch: BatchIn, user_id: _Somebody = None) -> RecordedOut:
    """Record events, each once however often it is sent."""
    recorded = events.record(caller, [one.draft() for one in batch.events], user_id=user_id)
    return RecordedOut(ids=list(recorded.ids), new=[one for one in recorded.ids if one in recorded.new])


@router.get("/api/events")
def list_events(
    caller: Caller,
    events: Events,
    limit: _Limit = 50,
    before: Annotated[datetime | None, Query(description="The time of the page's last event")] = None,
    before_id: Annotated[UUID | None, Query(description="The id of the page's last event")] = None,
    user_id: _Somebody = None,
) -> list[EventOut]:
    """List events, newest first; for the next page give time and id of the last one."""
    place = Before(before, before_id or UUID(int=0)) if before else None
    return _each(EventOut, events.last(caller, limit=limit, before=place, user_id=user_id))


@router.get("/api/events/counts")
def count_events(
    caller: Caller, events: Events, since: datetime | None = None, user_id: _Somebody = None
) -> list[CountOut]:
    """Count events by type, of the last seven days or since a time."""
    return _each(CountOut, events.counts(caller, since or datetime.now(UTC) - _WEEK, user_id=user_id))


@router.get("/api/events/daily")
def count_daily(
    caller: Caller,
    events: Events,
    event_type: Annotated[str, Query(max_length=100)],
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[DayOut]:
    """Count a type's events and people day by day; for services."""
    only_services(caller, "counts everybody's events")
    now = datetime.now(UTC)
    rows = events.daily(caller, event_type, since or now - _WEEK, until or now + _WEEK)
    return [DayOut(**{**row, "utc_day": row["utc_day"].isoformat()}) for row in rows]


@router.post("/api/events/search")
def search_events(
    caller: Caller, events: Events, wanted: ValueIn, limit: _Limit = 50
) -> list[SomebodysEvent]:
    """Find everybody's newest events whose value contains a value; for services."""
    only_services(caller, "searches everybody's events")
    return _each(SomebodysEvent, events.containing(caller, wanted.value, limit))


@router.get(
    "/api/events/stream",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events", "content": {"text/event-stream": {}}}},
)
async def stream_events(
    caller: Caller, storage: Storage, last_event_id: Annotated[str | None, Header(max_length=8192)] = None
) -> StreamingResponse:
    """Send the caller's new events as they come: from now on, or from `Last-Event-ID` on."""
    listener = listener_of(storage)
    listener.check(whose(caller))
    cursor = Cursor.parse(last_event_id) if last_event_id else Cursor()
    began = await run_in_threadpool(read, storage, caller, cursor)
    return StreamingResponse(
        frames(storage, listener, caller, cursor if last_event_id else began.cursor, began),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/api/events/{event_id}")
def show_event(caller: Caller, events: Events, event_id: UUID, user_id: _Somebody = None) -> FoundEvent:
    """Show one event, deleted or not."""
    return FoundEvent(**_there(events.find(caller, event_id, user_id=user_id), event_id))


@router.patch("/api/events/{event_id}")
def change_event(caller: Caller, events: Events, event_id: UUID, change: ValueIn) -> EventOut:
    """Give an event another value."""
    return EventOut(**_there(events.change(caller, event_id, change.value), event_id))


@router.delete("/api/events/{event_id}", status_code=204)
def delete_event(caller: Caller, events: Events, event_id: UUID) -> None:
    """Delete an event; for thirty days it can be restored."""
    _there(events.delete(caller, [event_id]), event_id)


@router.post("/api/events/{event_id}/restore", status_code=204)
def restore_event(caller: Caller, events: Events, event_id: UUID) -> None:
    """Bring a deleted event back."""
    _there(events.restore(caller, [event_id]), event_id)


def _each(model: type[Shown], rows: Iterable[Mapping[str, Any]]) -> list[Shown]:
    return [model(**row) for row in rows]


def _there(found: Found | None, event_id: UUID) -> Found:
    if not found:
        raise NotFound(f"there is no event {event_id} of yours that this applies to")
    return found
