"""The paths of maintenance, erasure and the log of deployments; what changes something is for services."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from gatepost.web import Caller, Storage
from services.engagement_events.answers import explained
from services.engagement_events.deployments import Deployments
from services.engagement_events.erasure import Erasure
from services.engagement_events.models import (
    DeploymentIn,
    DeploymentOut,
    ErasureIn,
    StatusIn,
    StatusOut,
    StepOut,
    TombstoneOut,
)
from services.engagement_events.system_status import SystemStatus

router = APIRouter(tags=["operations"], dependencies=[Depends(explained)])


@router.get("/api/system-status")
def show_system_status(storage: Storage) -> StatusOut:
    """Tell anybody whether the platform is in maintenance."""
    return StatusOut(**asdict(SystemStatus(storage).current()))


@router.post("/api/system-status", status_code=201)
def change_system_status(caller: Caller, storage: Storage, status: StatusIn) -> StatusOut:
    """Begin or end maintenance: users read and do not write meanwhile."""
    return StatusOut(**asdict(SystemStatus(storage).change(caller, **status.model_dump())))


@router.post("/api/erasures", status_code=201)
def erase_user(caller: Caller, storage: Storage, whom: ErasureIn) -> list[StepOut]:
    """Erase a user from every table, completely or not at all."""
    return [StepOut(**asdict(step)) for step in Erasure(storage).erase(caller, whom.user_id)]


@router.get("/api/erasures")
def list_erasures(caller: Caller, storage: Storage) -> list[TombstoneOut]:
    """List whom was erased, to be kept where no restore undoes it."""
    return [TombstoneOut(**asdict(one)) for one in Erasure(storage).ledger(caller)]


@router.post("/api/deployments", status_code=204)
def record_deployment(caller: Caller, storage: Storage, step: DeploymentIn) -> None:
    """Write down a step of a deployment."""
    Deployments(storage).record(caller, **step.model_dump())


@router.get("/api/deployments")
def list_deployments(
    caller: Caller, storage: Storage, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[DeploymentOut]:
    """List the last steps of deployments, newest first."""
    return [DeploymentOut(**row) for row in Deployments(storage).recent(caller, limit)]
