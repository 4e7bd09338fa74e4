"""The log of deployments and rollbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity
from services.engagement_events.drafts import check_value
from services.engagement_events.statements import QUERIES
from services.engagement_events.system_status import only_services

_RECORD = """
    insert into public.deployment_log (action, details, deployment_id, data)
    values (%(action)s, %(details)s, %(deployment_id)s, %(data)s)
"""


class Deployments:
    """Written by services, and by a deployer as `app_owner`; never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        caller: Identity,
        action: str,
        *,
        details: str = "",
        deployment_id: UUID | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write down a step: `start`, `success`, `failure` or `rollback`.

        :raises ServiceOnly: the caller is no service.
        """
        only_services(caller, "records deployments")
        check_value(data or {})
        self._database.changed(
            caller,
            _RECORD,
            action=action,
            details=details,
            deployment_id=deployment_id,
            data=Jsonb(dict(data or {})),
        )

    def recent(self, caller: Identity, limit: int = 50) -> list[dict[str, Any]]:
        """Return the last steps, newest first.

        :raises ServiceOnly: the caller is no service.
        """
        only_services(caller, "reads the log of deployments")
        return self._database.rows(caller, QUERIES["recent_deployments"], page_size=limit)
