"""What devices send and get: changes of rows, what became of them, pages of other devices' changes."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST_CHANGES = 500
"""In one push."""
MOST_VERSIONS = 1_000_000
"""That a device can have counted since it last saw a row."""
LARGEST_VERSION = 2**53 - 1
"""What every client's numbers can hold."""
_NOT_STORABLE = re.compile(r"\\u0000|\\ud[89a-f]", re.IGNORECASE)
Name = Annotated[str, Field(min_length=1, max_length=200)]


def _storable(text: str) -> str:
    if _NOT_STORABLE.search(json.dumps(text)):
        raise ValueError("it has characters that cannot be stored")
    return text


Device = Annotated[
    str,
    Field(min_length=1, max_length=200, description="The device's own lasting name"),
    AfterValidator(_storable),
]
Json = Annotated[dict[str, Any], Field(default_factory=dict)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Model):
    """A row of `groups`."""

    name: Name


class Student(_Model):
    """A row of `students`."""

    name: Name
    group_id: UUID | None = None


class AttendanceRecord(_Model):
    """A row of `attendance_records`."""

    student_id: UUID
    held_on: date
    status: Literal["present", "absent", "late", "excused"] = "present"
    note: str = Field(default="", max_length=2000)


class CompletedMakeupSession(_Model):
    """A row of `completed_makeup_sessions`."""

    student_id: UUID
    missed_on: date
    completed_on: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.completed_on < self.missed_on:
            raise ValueError("completed_on is before missed_on")
        return self


class ArchivedTerm(_Model):
    """A row of `archived_terms`."""

    name: Name
    starts_on: date
    ends_on: date
    summary: Json

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        return self


class _Change(_Model):
    id: UUID
    version: int = Field(ge=1, le=LARGEST_VERSION, description="One more than the device last had")
    base_version: int = Field(ge=0, le=LARGEST_VERSION, description="The version last seen; 0: a new row")
    deleted: bool = Field(default=False, description="A tombstone; the values are the last ones")
    metadata: Json

    @model_validator(mode="after")
    def _counts_up(self) -> Self:
        if not 0 < self.version - self.base_version <= MOST_VERSIONS:
            raise ValueError(f"version: expected 1 to {MOST_VERSIONS:,} more than base_version")
        return self


class GroupChange(_Change):
    """A group, made, changed or removed."""

    table: Literal["groups"]
    values: Group


class StudentChange(_Change):
    """A student, made, changed or removed."""

    table: Literal["students"]
    values: Student


class AttendanceChange(_Change):
    """An attendance record, made, changed or removed."""

    table: Literal["attendance_records"]
    values: AttendanceRecord


class MakeupChange(_Change):
    """A completed make-up session, made, changed or removed."""

    table: Literal["completed_makeup_sessions"]
    values: CompletedMakeupSession


class TermChange(_Change):
    """An archived term, made, changed or removed."""

    table: Literal["archived_terms"]
    values: ArchivedTerm


Change = Annotated[
    GroupChange | StudentChange | AttendanceChange | MakeupChange | TermChange, Field(discriminator="table")
]
Table = Literal["groups", "students", "attendance_records", "completed_makeup_sessions", "archived_terms"]


class Push(_Model):
    """What a device has changed; sent again with the same id, it gets the same answer and does nothing."""

    id: UUID
    device: Device
    outbox: int = Field(default=0, ge=0, le=2**31 - 1, description="Changes that wait, these included")
    changes: list[Change] = Field(max_length=MOST_CHANGES)

    @model_validator(mode="after")
    def _one_change_a_row(self) -> Self:
        rows = [(change.table, change.id) for change in self.changes]
        if len(set(rows)) < len(rows):
            raise ValueError("changes: a row stands there twice: send its last state")
        if _NOT_STORABLE.search(self.wire()):
            raise ValueError("changes: a text has characters that cannot be stored")
        return self

    def wire(self) -> str:
        """Return the changes as `app.push_changes` reads them."""
        changes = [
            {**change.model_dump(mode="json", exclude={"values"}), **change.values.model_dump(mode="json")}
            for change in self.changes
        ]
        return json.dumps(changes, allow_nan=False)


class Outcome(BaseModel):
    """What became of one change."""

    table: Table
    id: UUID
    outcome: Literal["applied", "repeated", "kept", "refused"] = Field(
        description="stored; stored before; a newer or equal version stays; the id is not yours"
    )
    version: int | None = Field(description="What is stored now")
    conflict: bool = Field(description="Another device changed the row since this one saw it")
    stored: dict[str, Any] | None = Field(description="The row that stays, where it was kept")
    replaced: dict[str, Any] | None = Field(description="The row that another device wrote, where it lost")


class Row(BaseModel):
    """A row as it is stored now."""

    table: Table
    id: UUID
    version: int
    deleted: bool
    client_id: str | None
    metadata: dict[str, Any]
    values: dict[str, Any]


class Page(BaseModel):
    """What changed since a cursor, each row once, in its last state."""

    rows: list[Row]
    cursor: str = Field(description="Where the next pull goes on; keep it with the rows")
    more: bool = Field(description="Whether there is more to pull now")
    reset: bool = Field(description="The server cannot tell what this cursor has seen: all rows come again")
