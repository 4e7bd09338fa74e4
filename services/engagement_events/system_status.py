"""Maintenance mode: what the newest row of `system_status` says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gatepost.session import Database, Identity
from services.engagement_events.problems import ServiceOnly
from services.engagement_events.statements import QUERIES

OPENING = "select app.respect_maintenance()"
"""What a `Database` of users begins its transactions with: in maintenance they are read-only."""
_SET = """
    insert into public.system_status (maintenance_mode, message, expected_until)
    values (%(maintenance_mode)s, %(message)s, %(expected_until)s)
"""


@dataclass(frozen=True)
class Status:
    """Whether the platform is in maintenance, and what people are told."""

    maintenance_mode: bool = False
    message: str | None = None
    expected_until: datetime | None = None
    changed_at: datetime | None = None
    """None: it never was."""


class SystemStatus:
    """Reads and changes the platform's status."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self) -> Status:
        """Return what counts now."""
        row = self._database.row(Identity.service(), QUERIES["system_status"])
        return Status(**row) if row else Status()

    def change(
        self,
        caller: Identity,
        *,
        maintenance_mode: bool,
        message: str | None = None,
        expected_until: datetime | None = None,
    ) -> Status:
        """Begin or end maintenance: transactions of users that begin from now on are read-only, or not.

        :raises ServiceOnly: the caller is no service.
        """
        only_services(caller, "changes the platform's status")
        self._database.changed(
            caller,
            _SET,
            maintenance_mode=maintenance_mode,
            message=message,
            expected_until=expected_until,
        )
        return self.current()


def maintenance_message(database: Database) -> str | None:
    """Return what people are told in maintenance, None when there is none."""
    status = SystemStatus(database).current()
    return (status.message or "The platform is in maintenance") if status.maintenance_mode else None


def only_services(caller: Identity, what: str) -> None:
    """Refuse who is no service.

    :raises ServiceOnly: with `what` only services do.
    """
    if caller.role != "service_role":
        raise ServiceOnly(f"only a service {what}")
