"""Sync and migration over REST."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gatepost.session import Identity
from gatepost.web import Caller, Storage, Verifier
from gatepost.web.health import Health, examine, respond
from gatepost.web.problems import Forbidden
from gatepost.web.tokens import InvalidToken
from services.persistence.changes import Outcome, Page, Push
from services.persistence.health import PROBES, figures
from services.persistence.metrics import SyncMetrics, count_orphans, measure
from services.persistence.migration import Migration, MigrationService, NoGuest
from services.persistence.sync import SyncService

router = APIRouter(tags=["persistence"])


class Pushed(BaseModel):
    """What became of a push."""

    outcomes: list[Outcome] = Field(description="One a change, in the order of the changes")


class TakeOver(BaseModel):
    """Whose rows the account takes over, and what the device still had of them."""

    model_config = ConfigDict(extra="forbid")
    guest_token: str = Field(max_length=16_384, description="The guest's own token")
    push: Push | None = None


class Figures(SyncMetrics):
    """The hour's metrics, and the orphans of today."""

    orphans: dict[str, int]


@router.post("/api/sync/push")
def push(caller: Caller, database: Storage, given: Push) -> Pushed:
    """Store a device's changes: at once, and once however often it is sent."""
    return Pushed(outcomes=SyncService(database).push(caller, given))


@router.get("/api/sync/pull")
def pull(
    caller: Caller,
    database: Storage,
    cursor: Annotated[str | None, Query(max_length=4096)] = None,
    page_size: Annotated[int, Query(ge=1, le=1000, description="Rows a table, at most")] = 500,
) -> Page:
    """Return what changed since the cursor of the last pull; without one, everything."""
    return SyncService(database).pull(caller, cursor, page_size)


@router.post("/api/sync/migrate")
def migrate(request: Request, caller: Caller, database: Storage, given: TakeOver) -> Migration:
    """Give a guest's rows to the account that calls: whoever has the guest's token is the guest."""
    guest = _verified(cast("Verifier", request.app.state.verifier), given.guest_token)
    return MigrationService(database).migrate(caller, guest, given.push)


@router.get("/api/sync/metrics")
def metrics(caller: Caller, database: Storage) -> Figures:
    """Return how sync fares, to services."""
    if caller.role != "service_role":
        raise Forbidden
    return Figures(**measure(database).model_dump(), orphans=count_orphans(database))


@router.get("/api/health/persistence", tags=["health"])
def health(database: Storage, response: Response) -> Health:
    """Say whether persistence works; 503 where it does not."""
    return respond(response, examine(database, PROBES, figures))


def _verified(verifier: Verifier, token: str) -> Identity:
    try:
        return verifier.identity(token)
    except InvalidToken:
        raise NoGuest from None
