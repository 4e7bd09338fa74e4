"""The sync protocol: a device pushes what it changed and pulls what others changed."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

from gatepost.queries import load
from gatepost.session import Database, Identity, OutcomeUnknown, SessionError
from gatepost.web.problems import Forbidden
from services.persistence.changes import Outcome, Page, Push, Row, Table
from services.persistence.cursor import START, Cursor, Position

QUERIES = load(Path(__file__).parents[2] / "schema" / "persistence" / "queries")
TABLES: tuple[Table, ...] = get_args(Table)
_ROW = frozenset({"id", "version", "deleted", "client_id", "metadata", "changed_in"})
_log = logging.getLogger("gatepost.persistence")


class NoOwner(Forbidden):
    """Neither a user nor a guest."""

    type = "/problems/no-owner"
    title = "Only a user or a guest has rows to synchronize"


def owner_of(caller: Identity) -> str:
    """Return what the caller's rows have as owner.

    :raises NoOwner: a service, or nobody.
    """
    if caller.user_id:
        return str(caller.user_id)
    if caller.guest_id:
        return f"guest:{caller.guest_id}"
    raise NoOwner


class SyncService:
    """Push and pull."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def push(self, caller: Identity, push: Push) -> list[Outcome]:
        """Store the changes at once, in one round trip, and return what became of each, in their order.

        :raises NoOwner: the caller is neither a user nor a guest.
        :raises SessionError: nothing was stored; after `OutcomeUnknown` perhaps: send the same push again.
        """
        owner_of(caller)
        try:
            answer = self._database.value(caller, QUERIES["push_changes"], **parameters_of(push))
        except SessionError as error:
            self._record_failure(caller, push, error)
            raise
        return outcomes(push, answer)

    def pull(self, caller: Identity, cursor: str | None = None, page_size: int = 500) -> Page:
        """Return up to `page_size` rows a table that changed since `cursor`; None begins with the oldest.

        :raises NoOwner: the caller is neither a user nor a guest.
        :raises BadCursor: the cursor is none.
        """
        owner = owner_of(caller)
        given = Cursor.read(cursor) if cursor else None
        epoch, pages = self._read(caller, owner, given, page_size)
        reset = given is not None and given.epoch != epoch
        if reset:
            given = None
            epoch, pages = self._read(caller, owner, given, page_size)
        positions = dict(given.positions) if given else {}
        rows: list[Row] = []
        for table, found in pages.items():
            rows += [_row(table, one) for one in found]
            if found:
                positions[table] = (found[-1]["changed_in"], str(found[-1]["id"]))
        more = any(len(found) == page_size for found in pages.values())
        return Page(rows=rows, cursor=Cursor(epoch, positions).text(), more=more, reset=reset)

    def _read(
        self, caller: Identity, owner: str, cursor: Cursor | None, page_size: int
    ) -> tuple[str, dict[Table, list[dict[str, Any]]]]:
        """Return the server's epoch and what changed in each table, in one round trip."""
        known = cursor.positions if cursor else {}
        asked = [
            (QUERIES[f"changes_in_{table}"], _after(owner, known.get(table, START), page_size))
            for table in TABLES
        ]
        (epoch,), *pages = self._database.together(caller, (QUERIES["sync_epoch"], {}), *asked)
        return epoch["epoch"], dict(zip(TABLES, pages, strict=True))

    def _record_failure(self, caller: Identity, push: Push, error: SessionError) -> None:
        """Count the failure, on a transaction of its own; who is asked is told of the failure anyway."""
        if isinstance(error, OutcomeUnknown):
            return
        problem = f"{type(error).__name__} {error.sqlstate or ''}".strip()
        _log.warning("push failed: %s", problem)
        with suppress(SessionError):
            self._database.changed(
                Identity.service(),
                "insert into public.sync_pushes (id, user_id, client_id, device, outbox, outcome, problem)"
                " values (%(id)s, %(user)s, %(guest)s, %(device)s, %(outbox)s, 'failed', %(problem)s)",
                id=uuid4(),
                user=caller.user_id,
                guest=caller.guest_id,
                device=push.device,
                outbox=push.outbox,
                problem=problem,
            )


def parameters_of(push: Push) -> dict[str, object]:
    """Return the parameters of `push_changes.sql`."""
    return {
        "push_id": push.id,
        "device": push.device,
        "outbox": max(push.outbox, len(push.changes)),
        "changes": push.wire(),
    }


def outcomes(push: Push, answer: list[dict[str, Any]]) -> list[Outcome]:
    """Return the answer in the order of the changes."""
    found = {(one["table"], one["id"]): one for one in answer}
    return [Outcome.model_validate(found[change.table, str(change.id)]) for change in push.changes]


def _after(owner: str, position: Position, page_size: int) -> dict[str, Any]:
    after, after_id = position
    return {"owner": owner, "after": after, "after_id": after_id, "page_size": page_size}


def _row(table: Table, found: dict[str, Any]) -> Row:
    values = {name: value for name, value in found.items() if name not in _ROW}
    own = {name: found[name] for name in _ROW - {"changed_in"}}
    return Row.model_validate({"table": table, "values": values, **own})
