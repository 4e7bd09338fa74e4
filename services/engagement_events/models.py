"""What the paths take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.engagement_events.drafts import LARGEST_BATCH, NewEvent


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EventIn(_Given):
    """An event to record; the same `id` and `timestamp` again are the same event."""

    event_type: Annotated[str, Field(max_length=100, examples=["post.viewed"])]
    value: dict[str, Any] = {}
    session_id: UUID | None = None
    id: UUID | None = None
    timestamp: datetime | None = Field(None, description="With its zone; by default now, or the id's time")

    def draft(self) -> NewEvent:
        """Return it as the service takes it."""
        return NewEvent(**self.model_dump())


class BatchIn(_Given):
    """Events to record together, all or none."""

    events: Annotated[list[EventIn], Field(min_length=1, max_length=LARGEST_BATCH)]


class RecordedOut(BaseModel):
    """What became of a batch."""

    ids: list[UUID] = Field(description="Of each event, in the batch's order")
    new: list[UUID] = Field(description="Those that were not known before")


class EventOut(BaseModel):
    """An event."""

    id: UUID
    session_id: UUID | None
    event_type: str
    value: dict[str, Any]
    timestamp: datetime


class FoundEvent(EventOut):
    """An event, deleted or not."""

    deleted_at: datetime | None


class SomebodysEvent(BaseModel):
    """An event and whose it is, for services."""

    id: UUID
    user_id: UUID
    event_type: str
    value: dict[str, Any]
    timestamp: datetime


class ValueIn(_Given):
    """A value to store, or to look for."""

    value: dict[str, Any]


class CountOut(BaseModel):
    """How often a user did something."""

    event_type: str
    event_count: int
    session_count: int
    newest: datetime


class DayOut(BaseModel):
    """A type's events of a day (UTC)."""

    utc_day: Annotated[str, Field(examples=["2026-11-26"])]
    event_count: int
    people: int


class StatusIn(_Given):
    """Maintenance begins or ends."""

    maintenance_mode: bool
    message: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    expected_until: datetime | None = None


class StatusOut(BaseModel):
    """Whether the platform is in maintenance."""

    maintenance_mode: bool
    message: str | None
    expected_until: datetime | None
    changed_at: datetime | None


class ErasureIn(_Given):
    """Whom to erase."""

    user_id: UUID


class StepOut(BaseModel):
    """What erasure did in one column."""

    table_name: str
    column_name: str
    on_erasure: str
    rows_erased: int


class TombstoneOut(BaseModel):
    """That a user was erased."""

    user_id: UUID
    erased_at: datetime


class DeploymentIn(_Given):
    """A step of a deployment."""

    action: Literal["start", "success", "failure", "rollback"]
    details: Annotated[str, Field(max_length=10_000)] = ""
    deployment_id: UUID | None = None
    data: dict[str, Any] = {}


class DeploymentOut(BaseModel):
    """A step of a deployment that was written down."""

    id: int
    timestamp: datetime
    deployment_id: UUID | None
    action: str
    details: str
    data: dict[str, Any]
    database_role: str
