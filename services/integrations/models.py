"""What the integrations' API takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["active", "inactive", "error"]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Reference = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9+.-]*://\S+$",
        max_length=2000,
        description="Where the secret is kept, such as `vault://path`: never the secret",
        examples=["vault://acme/smtp"],
    ),
]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewIntegration(_Given):
    """An integration to add; it is inactive until somebody activates it."""

    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", examples=["email"])]
    name: Name
    config: dict[str, Any] = Field(default={}, description="Settings without secrets")
    credentials_ref: Reference | None = None


class Configuration(_Given):
    """What to change; what is left out stays as it is."""

    name: Name | None = None
    config: dict[str, Any] | None = Field(None, description="Replaces the settings")
    credentials_ref: Reference | None = Field(None, description="null removes it")


class Integration(BaseModel):
    """One integration of an organization with an outside service."""

    id: UUID
    type: str
    name: str
    status: Status
    config: dict[str, Any]
    credentials_ref: str | None
    last_used_at: datetime | None = Field(description="To the minute")


class IntegrationPage(BaseModel):
    """Some integrations, by name."""

    integrations: list[Integration]
    next: str | None = Field(description="Give it as `after` for what follows; null at the end")


class ActiveIntegration(BaseModel):
    """What a dispatcher needs to send through an integration."""

    id: UUID
    type: str
    name: str
    config: dict[str, Any]
    credentials_ref: str | None


class IntegrationHealth(BaseModel):
    """How one integration fares."""

    integration_id: UUID
    name: str
    health: Literal["healthy", "degraded", "failing", "unused", "inactive"]
    reason: str


class DailyUsage(BaseModel):
    """Executions through one integration on one day (UTC)."""

    day: date
    integration_id: UUID
    executions: int
    failed: int


class NewExecution(_Given):
    """An execution that begins; the id makes it safe to send it again."""

    id: UUID
    workflow: Annotated[str, Field(min_length=1, max_length=200)]


class Ending(_Given):
    """How an execution ended."""

    status: Literal["succeeded", "failed", "cancelled"]
    error: Annotated[str, Field(max_length=2000)] | None = Field(None, description="Only where it failed")


class Execution(BaseModel):
    """One execution of a workflow through an integration."""

    id: UUID
    workflow: str
    status: Literal["running", "succeeded", "failed", "cancelled"]
    started_at: datetime
    error: str | None
