"""Erasure of a user from every feature's tables, and its ledger, which outlives a restore."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gatepost.session import Conflict, Database, Identity
from services.engagement_events.system_status import only_services

_ERASE = "select * from app.delete_user_data(%(user_id)s)"
_PATIENCE = "select set_config('statement_timeout', '10min', true), set_config('lock_timeout', '10s', true)"
_LEDGER = """
    select t.user_id, min(t.erased_at) as erased_at
    from app.erased_users as t
    group by t.user_id
    order by erased_at, t.user_id
"""
_TRIES = 3


@dataclass(frozen=True)
class Step:
    """What erasure did in one column."""

    table_name: str
    column_name: str
    on_erasure: str
    """`delete` or `anonymize`."""
    rows_erased: int


@dataclass(frozen=True)
class Tombstone:
    """That a user was erased, and when first."""

    user_id: UUID
    erased_at: datetime


class Erasure:
    """Erases users; for services only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, caller: Identity, user_id: UUID) -> list[Step]:
        """Erase a user completely or not at all, and return what was done in each column.

        :raises ServiceOnly: the caller is no service.
        :raises SessionError: something would be left, and nothing was erased.
        """
        only_services(caller, "erases users")
        for attempt in range(1, _TRIES + 1):
            try:
                return self._once(caller, user_id)
            except Conflict as error:
                if attempt == _TRIES or not error.is_worth_retrying:
                    raise
        raise AssertionError("the last try returns or raises")

    def _once(self, caller: Identity, user_id: UUID) -> list[Step]:
        with self._database.transaction(caller) as transaction:
            transaction.rows(_PATIENCE)
            return [Step(**row) for row in transaction.rows(_ERASE, user_id=user_id)]

    def ledger(self, caller: Identity) -> list[Tombstone]:
        """Return every erasure, oldest first: keep it where a restore of the database cannot undo it."""
        only_services(caller, "reads the ledger of erasures")
        return [Tombstone(**row) for row in self._database.rows(caller, _LEDGER)]

    def replay(self, caller: Identity, ledger: Iterable[Tombstone]) -> list[UUID]:
        """Erase again whom a restore brought back, and return those of whom something was there.

        To be run after each restore, before anybody is let in.
        """
        back = []
        for tombstone in ledger:
            steps = self.erase(caller, tombstone.user_id)
            if any(step.rows_erased for step in steps):
                back.append(tombstone.user_id)
        return back
