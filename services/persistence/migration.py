"""A guest signs in: the account takes over the guest's rows."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from gatepost.session import Database, Identity, OutcomeUnknown, SessionError
from gatepost.web.problems import Forbidden
from services.persistence.changes import Outcome, Push
from services.persistence.sync import QUERIES, outcomes, parameters_of

_MIGRATE = "select (app.migrate_guest()).*"
_log = logging.getLogger("gatepost.persistence")


class NoGuest(Forbidden):
    """Somebody who is no guest, or takes over as none with an account."""

    type = "/problems/no-guest"
    title = "A signed-in user takes over the rows of a guest, whose own token is needed"


class Migration(BaseModel):
    """What was taken over."""

    id: UUID
    client_id: str = Field(description="The guest")
    started_at: datetime
    finished_at: datetime
    moved: dict[str, int] = Field(description="Rows by table")
    verified: bool = Field(description="Whether nothing of the guest was left")
    outcomes: list[Outcome] = Field(default_factory=list, description="What became of the device's own rows")


class MigrationService:
    """Guest-to-account migration."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def migrate(self, caller: Identity, guest: Identity, push: Push | None = None) -> Migration:
        """Give the guest's rows to the caller, then store what the device still had, in one transaction.

        Done again, nothing moves and the same migration is returned. A row that both have is decided by its
        version, as in every push.

        :param guest: the identity of the guest's own verified token: whoever holds it is the guest.
        :param push: rows of the device that the server does not have yet.
        :raises NoGuest: the caller has no account, or `guest` is no guest.
        :raises SessionError: nothing was changed, or, after `OutcomeUnknown`, perhaps: migrate again.
        """
        if caller.user_id is None or guest.guest_id is None:
            raise NoGuest
        both = _taking_over(caller, guest.guest_id)
        try:
            with self._database.transaction(both) as tx:
                found = tx.row(_MIGRATE) or {}
                pushed = (
                    outcomes(push, tx.value(QUERIES["push_changes"], **parameters_of(push))) if push else []
                )
        except SessionError as error:
            self._record_failure(caller.user_id, guest.guest_id, error)
            raise
        return Migration.model_validate({**found, "outcomes": pushed})

    def _record_failure(self, user: UUID, guest: str, error: SessionError) -> None:
        """Count the failure, on a transaction of its own; who is asked is told of the failure anyway."""
        if isinstance(error, OutcomeUnknown):
            return
        problem = f"{type(error).__name__} {error.sqlstate or ''}".strip()
        _log.warning("migration failed: %s", problem)
        with suppress(SessionError):
            self._database.changed(
                Identity.service(),
                "insert into public.migration_logs (user_id, client_id, outcome, problem)"
                " values (%(user)s, %(guest)s, 'failed', %(problem)s)",
                user=user,
                guest=guest,
                problem=problem,
            )


def _taking_over(caller: Identity, guest: str) -> Identity:
    claims = {name: value for name, value in caller.claims.items() if name not in ("sub", "role")}
    return Identity.user(caller.claims["sub"], **{**claims, "guest_client_id": guest})
