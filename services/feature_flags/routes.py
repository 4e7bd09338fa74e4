"""Flags over REST."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from gatepost.web import Caller, Storage
from gatepost.web.health import Health, examine, respond
from services.feature_flags.flags import flags_of, unit_of
from services.feature_flags.health import PROBES, figures

router = APIRouter(tags=["feature flags"])


class Flags(BaseModel):
    """Every flag, as the caller sees it."""

    flags: dict[str, bool] = Field(description="Whether each is on for the caller")


@router.get("/api/flags")
def flags(caller: Caller, database: Storage) -> Flags:
    """Return what is on for the caller: a user, a guest, or nobody in particular."""
    return Flags(flags=flags_of(database, unit_of(caller)))


@router.get("/api/health/feature-flags", tags=["health"])
def health(database: Storage, response: Response) -> Health:
    """Say whether flags can be decided; 503 where not."""
    return respond(response, examine(database, PROBES, figures))
