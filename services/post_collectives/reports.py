"""What the services tell of what happened: the audit log, errors and measurements."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class AuditEntry(BaseModel):
    """One line of a post's audit log."""

    id: int
    created_at: datetime
    action: str
    outcome: str
    collective_id: UUID | None
    user_id: UUID | None
    operation_id: UUID | None
    source: str
    error_code: str | None
    detail: dict[str, Any]
    duration_ms: float | None


class AuditPage(BaseModel):
    """A page of an audit log, newest first."""

    entries: list[AuditEntry]
    next_before: int | None = Field(description="`before` of the next page; None on the last")


class RecordedError(BaseModel):
    """A refused or failed operation."""

    id: int
    created_at: datetime
    action: str
    outcome: str
    post_id: UUID | None
    collective_id: UUID | None
    user_id: UUID | None
    operation_id: UUID | None
    error_code: str
    detail: dict[str, Any]


class ErrorCount(BaseModel):
    """How often an error happened lately."""

    error_code: str
    action: str
    outcome: str
    errors: int
    user_count: int
    last_at: datetime


class OperationTimes(BaseModel):
    """One kind of operation, as this process saw it."""

    count: int
    refused: int
    failed: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class PerformanceMetrics(BaseModel):
    """What this process did since it started."""

    since: datetime
    operations: dict[str, OperationTimes]
    success_rate_percent: float | None
    error_rate_percent: float | None = Field(description="Failed ones; a refusal is an answer, no error")


class ActionReport(BaseModel):
    """One action and outcome in the audit log."""

    action: str
    outcome: str
    operation_count: int
    row_count: int
    mean_ms: float | None
    percentiles_ms: list[float | None] | None = Field(description="p50, p95, p99")
    post_count: int
    collective_count: int
    user_count: int


class AnalyticsReport(BaseModel):
    """What the audit log says of a time."""

    hours: float
    actions: list[ActionReport]
    errors: list[ErrorCount]
    success_rate_percent: float | None
    error_rate_percent: float | None
    collectives_per_post: float | None = Field(description="Of the posts shared in that time")


class Indicator(BaseModel):
    """One measure beside the limit at which somebody is alerted."""

    name: str
    value: float | None
    limit: float
    unit: str
    is_good: bool


class SystemHealth(BaseModel):
    """How sharing fares: the guide's alerts as indicators."""

    status: Literal["healthy", "degraded", "unhealthy"]
    indicators: list[Indicator]


class LocalLog(BaseModel):
    """One operation, as this process remembers it."""

    occurred_at: datetime
    action: str
    outcome: str
    operation_id: UUID
    user_id: UUID | None
    error_code: str | None
    duration_ms: float
    is_recorded: bool
    """Whether the audit log in the database has it."""
