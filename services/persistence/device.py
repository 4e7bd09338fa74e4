"""The other side of the protocol: what a device keeps, and the outbox that survives lost answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from gatepost.session import Unavailable
from services.persistence.changes import MOST_CHANGES, Outcome, Page, Push, Table

Key = tuple[Table, UUID]
SendPush = Callable[[Push], list[Outcome]]
SendPull = Callable[[str | None], Page]


@dataclass(frozen=True)
class Local:
    """A row as the device has it."""

    values: dict[str, Any]
    version: int
    deleted: bool = False


@dataclass
class Device:
    """A device's rows and its outbox, in memory; it works offline and synchronizes when it can."""

    name: str
    rows: dict[Key, Local] = field(default_factory=dict)
    seen: dict[Key, int] = field(default_factory=dict)
    """The version of each row that the server told last."""
    waiting: set[Key] = field(default_factory=set)
    """The outbox: rows that the server does not have as they are here."""
    sent: Push | None = None
    """A push without an answer: it is sent again as it was, before any other."""
    cursor: str | None = None
    conflicts: list[Outcome] = field(default_factory=list)
    lost: list[tuple[Key, Local]] = field(default_factory=list)
    """What was changed here and gave way to a newer version from elsewhere before it was sent."""
    refused: list[Outcome] = field(default_factory=list)

    def write(self, table: Table, row: UUID, **values: Any) -> None:
        """Make or change a row; a removed one is there again."""
        self._change((table, row), Local(values, self._next_version((table, row))))

    def remove(self, table: Table, row: UUID) -> None:
        """Remove a row: its tombstone waits for the next push."""
        key = (table, row)
        if key in self.rows:
            self._change(key, replace(self.rows[key], version=self._next_version(key), deleted=True))

    def _next_version(self, key: Key) -> int:
        return max(self.rows[key].version if key in self.rows else 0, self.seen.get(key, 0)) + 1

    def _change(self, key: Key, row: Local) -> None:
        self.rows[key] = row
        self.waiting.add(key)

    def push(self, send: SendPush, attempts: int = 3) -> None:
        """Empty the outbox; a lost answer is asked for again with the same push.

        :raises Unavailable: no answer came in `attempts`; the outbox stays as it is.
        """
        while self.sent or self.waiting:
            self.sent = self.sent or self._pack()
            answer = _with_retries(send, self.sent, attempts)
            for outcome in answer:
                self._learn(outcome)
            self.sent = None

    def pull(self, send: SendPull) -> None:
        """Take in what others changed."""
        more = True
        while more:
            page = send(self.cursor)
            for row in page.rows:
                self._adopt((row.table, row.id), Local(row.values, row.version, row.deleted))
            self.cursor, more = page.cursor, page.more

    def _pack(self) -> Push:
        keys = sorted(self.waiting, key=str)[:MOST_CHANGES]
        changes = [
            {
                "table": key[0],
                "id": key[1],
                "version": self.rows[key].version,
                "base_version": self.seen.get(key, 0),
                "deleted": self.rows[key].deleted,
                "values": self.rows[key].values,
            }
            for key in keys
        ]
        return Push.model_validate(
            {"id": uuid4(), "device": self.name, "outbox": len(self.waiting), "changes": changes}
        )

    def _learn(self, outcome: Outcome) -> None:
        key = (outcome.table, outcome.id)
        if outcome.conflict:
            self.conflicts.append(outcome)
        if outcome.outcome == "refused":
            self.refused.append(outcome)
            self.waiting.discard(key)
            self.rows.pop(key, None)
        elif outcome.outcome == "kept" and outcome.stored is not None:
            self._adopt(key, _local(outcome.stored))
        else:
            self._acknowledge(key)

    def _acknowledge(self, key: Key) -> None:
        """Take what was sent as stored; what was written meanwhile goes on waiting."""
        assert self.sent is not None
        pushed = next(one.version for one in self.sent.changes if (one.table, one.id) == key)
        self.seen[key] = max(pushed, self.seen.get(key, 0))
        if key in self.rows and self.rows[key].version <= pushed:
            self.waiting.discard(key)

    def _adopt(self, key: Key, row: Local) -> None:
        """Take the server's row, unless what waits here is newer."""
        if key in self.waiting:
            if self.rows[key].version > row.version:
                return
            self.lost.append((key, self.rows[key]))
        self.waiting.discard(key)
        self.rows[key], self.seen[key] = row, row.version


def _with_retries(send: SendPush, push: Push, attempts: int) -> list[Outcome]:
    for attempt in range(1, attempts + 1):
        try:
            return send(push)
        except Unavailable:
            if attempt == attempts:
                raise
    raise AssertionError("attempts: expected at least 1")


def _local(stored: dict[str, Any]) -> Local:
    own = {"id", "version", "deleted", "client_id", "metadata"}
    values = {name: value for name, value in stored.items() if name not in own}
    return Local(values, stored["version"], stored["deleted"])
