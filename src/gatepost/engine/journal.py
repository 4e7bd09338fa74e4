"""The journal of a running deployment: what a killed process had done and was doing.

The checkpoint is written once, at the end; until then each step appends a line before it starts and one
after it has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from gatepost.errors import CorruptState, StateNotWritten
from gatepost.jsontext import dumps

Json = dict[str, Any]


class Journal:
    """Append the steps of one deployment to a file; nothing is written before the first step.

    `base` is the digest of the checkpoint that the steps change.
    """

    def __init__(self, path: Path, base: str) -> None:
        self._path = path
        self._base = base
        self._file: BinaryIO | None = None
        self._operations = 0
        self._unwritten: list[bytes] = []
        self._failed: StateNotWritten | None = None
        self._writing: asyncio.Handle | None = None
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def begin(self, kind: str, resource: Json) -> int:
        """Record durably that an operation starts; return its number.

        Operations that start at the same time share one fsync.
        """
        self._operations += 1
        number = self._operations
        self.edit({"begin": number, "operation": {"resource": resource, "type": kind}})
        if self._next is None:
            self._next = asyncio.create_task(self._sync(self._running))
        await asyncio.shield(self._next)
        return number

    def end(self, number: int) -> None:
        """Record that an operation's outcome is known."""
        self.edit({"end": number})

    def edit(self, record: Json) -> None:
        """Record one edit of the state, as `replay` reads it.

        What is recorded in one turn of the event loop is written at its end, all at once.

        :raises StateNotWritten: there is no room, or no right, to write what was recorded before.
        """
        if self._failed is not None:
            raise self._failed
        self._unwritten.append(dumps(record) + b"\n")
        if self._writing is None:
            self._writing = asyncio.get_running_loop().call_soon(self._write_soon)

    def _write_soon(self) -> None:
        self._writing = None
        with suppress(StateNotWritten):  # whoever records next is told
            self._write()

    def _write(self) -> None:
        lines, self._unwritten = self._unwritten, []
        if not lines:
            return
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("wb")
                lines.insert(0, dumps({"base": self._base}) + b"\n")
            self._file.write(b"".join(lines))
            self._file.flush()
        except OSError as error:
            self._failed = unwritten(self._path, error)
            raise self._failed from error

    def saved(self, digest: str) -> None:
        """Record durably the digest of the checkpoint that is about to replace the old one."""
        if self._file is not None or self._unwritten:
            self._unwritten.append(dumps({"saved": digest}) + b"\n")
            self._write()
            os.fsync(self._opened.fileno())

    @property
    def _opened(self) -> BinaryIO:
        assert self._file is not None
        return self._file

    def remove(self) -> None:
        """Delete the journal: the checkpoint holds everything."""
        self._unwritten.clear()
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the file, with all that was recorded, for the next deployment to replay."""
        if self._writing is not None:
            self._writing.cancel()
        try:
            self._write()
        finally:
            self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError as error:
            raise unwritten(self._path, error) from error

    async def _sync(self, running: asyncio.Task[None] | None) -> None:
        if running is not None:
            await asyncio.wait([running])
        # who asks from here on has written too late for this one
        self._running, self._next = self._next, None
        self._write()
        await asyncio.get_running_loop().run_in_executor(None, os.fsync, self._opened.fileno())


class NoJournal(Journal):
    """Record nothing: until the database has committed, nothing has happened."""

    async def begin(self, kind: str, resource: Json) -> int:  # noqa: ARG002
        """Record nothing."""
        return 0

    def edit(self, record: Json) -> None:
        """Record nothing."""


def unwritten(path: Path, error: OSError) -> StateNotWritten:
    """Return the error for a file of the state that cannot be written."""
    return StateNotWritten(
        f"{path} cannot be written: {error.strerror}: make room there, or correct its rights, then deploy"
        " again: what was done meanwhile is found again"
    )


def read(path: Path, digest: str) -> list[Json]:
    """Return what a killed deployment left in its journal: nothing if it had just been saved.

    `digest` is the present checkpoint's. Raises `CorruptState` if the journal belongs to another checkpoint.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    records = [
        record for at, line in enumerate(lines) if (record := _parse(path, lines, at, line)) is not None
    ]
    if not records or any(record.get("saved") == digest for record in records):
        return []
    if records[0].get("base") != digest:
        raise CorruptState(
            f"{path} was left by a deployment that was killed, but the state has been changed since: "
            f"compare the two, then delete the journal and run a refresh"
        )
    return records[1:]


def replay(records: list[Json], resources: list[Json], pending: list[Json]) -> tuple[list[Json], list[Json]]:
    """Apply a journal to a checkpoint; return its resources and its pending operations.

    An operation that began and never ended is pending: nobody knows whether it happened.
    """
    olds: list[Json | None] = list(resources)
    news: dict[str, Json] = {}
    running: dict[int, Json] = {}
    for record in records:
        if "begin" in record:
            running[record["begin"]] = record["operation"]
        elif "end" in record:
            running.pop(record["end"], None)
        else:
            _apply(record, olds, news)
    left = [resource for resource in olds if resource is not None]
    return [*news.values(), *left], [*pending, *running.values()]


def salt_in(records: list[Json]) -> str | None:
    """Return the salt that a stack's first secret was given, where that was journalled."""
    return next((record["salt"] for record in records if "salt" in record), None)


def _apply(record: Json, olds: list[Json | None], news: dict[str, Json]) -> None:
    if "put" in record:
        news[record["put"]["urn"]] = record["put"]
    if "flag" in record:
        old = olds[record["old"]]
        assert old is not None
        olds[record["old"]] = {**old, record["flag"]: True}
    elif record.get("old") is not None:
        olds[record["old"]] = None


def _parse(path: Path, lines: list[bytes], at: int, line: bytes) -> Json | None:
    try:
        record = json.loads(line)
    except ValueError as error:
        if at == len(lines) - 1:
            return None  # the kill came in the middle of the write
        raise CorruptState(
            f"{path} line {at + 1} is damaged: delete the journal and run a refresh"
        ) from error
    return record if isinstance(record, dict) else None
