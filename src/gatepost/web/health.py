"""Health: each part brings a probe, an endpoint asks them all and says how the whole fares."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from gatepost.session import Database, Identity
from gatepost.web.problems import reason

Status = Literal["healthy", "degraded", "unhealthy"]
_log = logging.getLogger("gatepost.web")


@dataclass(frozen=True)
class Probe:
    """One part, and how to find out whether it works."""

    name: str
    check: Callable[[Database], bool]
    """Returns whether it works; an exception means that it does not."""
    good: str = "healthy"
    bad: str = "unhealthy"
    is_vital: bool = True
    """Without a vital part the whole is unhealthy, without another one degraded."""


class Health(BaseModel):
    """How a feature fares."""

    status: Status
    timestamp: datetime
    components: dict[str, str] = Field(description="Each part, in a word")
    metrics: dict[str, Any] = Field(description="`response_time_ms` and what the feature measures")


def reaches_database(database: Database) -> bool:
    """Return whether the database answers."""
    return bool(database.value(Identity.service(), "select true"))


DATABASE = Probe("database", reaches_database)


def examine(
    database: Database,
    probes: Sequence[Probe],
    metrics: Callable[[Database], Mapping[str, Any]] | None = None,
) -> Health:
    """Ask every probe, and for the metrics; what cannot be measured leaves the whole degraded at best."""
    began = time.perf_counter()
    found = {probe: _works(probe, database) for probe in probes}
    status: Status = "healthy"
    if not all(found.values()):
        failed = [probe for probe, works in found.items() if not works]
        status = "unhealthy" if any(probe.is_vital for probe in failed) else "degraded"
    measured = _measured(database, metrics) if metrics and status != "unhealthy" else {}
    if measured is None:
        measured, status = {}, "degraded"
    return Health(
        status=status,
        timestamp=datetime.now(UTC),
        components={probe.name: probe.good if works else probe.bad for probe, works in found.items()},
        metrics={"response_time_ms": round((time.perf_counter() - began) * 1000, 2), **measured},
    )


def respond(response: Response, health: Health) -> Health:
    """Give the response the status code that monitors look at: 503 when unhealthy."""
    response.status_code = 503 if health.status == "unhealthy" else 200
    return health


def _works(probe: Probe, database: Database) -> bool:
    try:
        return probe.check(database)
    except Exception as error:  # noqa: BLE001 (whatever a probe meets, the part does not work)
        _log.warning("probe %s: %s", probe.name, reason(error))
        return False


def _measured(
    database: Database, metrics: Callable[[Database], Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    try:
        return metrics(database)
    except Exception as error:  # noqa: BLE001 (health is answered anyway)
        _log.warning("metrics: %s", reason(error))
        return None
