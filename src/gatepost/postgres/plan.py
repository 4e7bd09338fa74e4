"""A change as data: statements with their locks, and the hazards that they carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from gatepost.postgres.catalog import Size


class Lock(StrEnum):
    """PostgreSQL's table locks, and `NONE` for a statement that takes none on a table."""

    NONE = "none"
    ACCESS_SHARE = "ACCESS SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"


class Hazard(StrEnum):
    """A named danger of a planned statement; a deployment that carries one needs its approval by name."""

    DELETES_DATA = "DELETES_DATA"
    REWRITES_TABLE = "REWRITES_TABLE"
    BLOCKS_READS = "BLOCKS_READS"
    BLOCKS_WRITES = "BLOCKS_WRITES"
    BREAKS_WRITES = "BREAKS_WRITES"
    LONG_VALIDATION = "LONG_VALIDATION"
    INDEX_BUILD = "INDEX_BUILD"
    INDEX_DROPPED = "INDEX_DROPPED"
    CHANGES_ACCESS = "CHANGES_ACCESS"
    WIDENS_ACCESS = "WIDENS_ACCESS"
    HIDES_ROWS = "HIDES_ROWS"
    OUTDATES_VALUES = "OUTDATES_VALUES"
    BREAKS_CLIENTS = "BREAKS_CLIENTS"
    NOT_TRANSACTIONAL = "NOT_TRANSACTIONAL"
    UNTRACKED_DEPENDENCY = "UNTRACKED_DEPENDENCY"


SENTENCES = {
    Hazard.DELETES_DATA: "Rows or columns that hold data are deleted and can only come back from a backup.",
    Hazard.REWRITES_TABLE: "Every row is written again while nobody can read or write the table.",
    Hazard.BLOCKS_READS: "Nobody can read the table while the statement runs.",
    Hazard.BLOCKS_WRITES: "Nobody can write to the table while every row is read.",
    Hazard.BREAKS_WRITES: "Every UPDATE or DELETE of the table fails from then on, whoever does it.",
    Hazard.LONG_VALIDATION: "Every row is read to prove a constraint: clients go on, but it takes long.",
    Hazard.INDEX_BUILD: "An index is built over a large table: clients go on, but it costs time and disk.",
    Hazard.INDEX_DROPPED: "Queries that use the index may become slow.",
    Hazard.CHANGES_ACCESS: "Who may see or change which rows is narrowed or decided otherwise.",
    Hazard.WIDENS_ACCESS: "Somebody may see or change what they could not before.",
    Hazard.HIDES_ROWS: "A materialized view is filled with fewer rows than there are, and does not say so.",
    Hazard.OUTDATES_VALUES: "What was computed before stays as it is, and queries disagree with it.",
    Hazard.BREAKS_CLIENTS: "Clients that count on the former name, column, type or publication fail.",
    Hazard.NOT_TRANSACTIONAL: "The statement cannot be rolled back together with its neighbours.",
    Hazard.UNTRACKED_DEPENDENCY: "Something is used that the program does not declare: its order is open.",
}

LARGE = 64 * 2**20
"""Bytes below which a table is read too quickly for its index build or validation to be a hazard.

Whatever blocks clients, loses data or decides who sees it is a hazard from the first row on.
"""
UNCOUNTED = 0
_ONLY_ON_LARGE = frozenset({Hazard.LONG_VALIDATION, Hazard.INDEX_BUILD})

HIDDEN = "[secret]"
Mode = Literal["together", "separate", "concurrent"]


@dataclass(frozen=True)
class Statement:
    """One SQL statement of a plan."""

    sql: str
    lock: Lock = Lock.NONE
    on: str = ""
    """The object that the lock is on."""
    mode: Mode = "together"
    """`together`: in one transaction with its neighbours; `separate`: in one of its own, without a short
    time-out; `concurrent`: outside any transaction."""
    undo: str | None = None
    """What takes it back when a later statement fails: empty where nothing need, None where nothing can."""
    builds: str | None = None
    """The index that a concurrent statement builds: only while it is invalid may `undo` remove it."""
    redefines: bool = False
    """PostgreSQL words other objects that hang on this one differently afterwards."""
    fleeting: bool = False
    """What it makes stands only while its plan runs: whoever goes on with the plan makes it again."""
    advice: str = ""
    """What to do where PostgreSQL refuses it."""
    secret: bool = False
    """The text holds a secret: no listing, log or ledger may show it."""


@dataclass(frozen=True)
class Risk:
    """A hazard of a plan, where it strikes and how much it concerns."""

    hazard: Hazard
    on: str
    detail: str
    lock: Lock = Lock.NONE
    """The lock that the dangerous statement takes."""
    rows: int | None = None
    """How many rows it concerns, as the target estimates them; `UNCOUNTED` where it has no estimate."""
    bytes: int | None = None
    approval: str | None = None
    """The words that approve it, once that is known."""

    @property
    def name(self) -> str:
        """How it is approved for this place alone."""
        return f"{self.hazard}:{self.on}"

    @property
    def extent(self) -> str:
        """How much it concerns and what it locks, as a parenthesis says it."""
        counted = "rows that were not counted yet" if self.rows == UNCOUNTED else f"about {self.rows} rows"
        sized = (counted, f"{self.bytes} bytes") if self.rows is not None else ()
        locked = () if self.lock == Lock.NONE else (f"lock {self.lock}",)
        return ", ".join((*sized, *locked))

    def __str__(self) -> str:
        extent = f" ({self.extent})" if self.extent else ""
        detail = f" {self.detail}" if self.detail else ""
        return f"{self.hazard} on {self.on}: {SENTENCES[self.hazard]}{detail}{extent}"


def risk(
    hazard: Hazard, on: str, detail: str = "", *, size: Size | None = None, lock: Lock = Lock.ACCESS_EXCLUSIVE
) -> tuple[Risk, ...]:
    """Return a plan's hazard, or nothing where the table is too small for it to be one.

    :param on: what it strikes: `public.posts`, `public.posts.title` (a column, index, policy … of a table),
        `public.f(integer)`.
    :param detail: what exactly happens, as a sentence.
    :param size: the size of the table that it concerns; without one it is a hazard whatever the size.
    """
    if size is None:
        return (Risk(hazard, on, detail, lock),)
    if size.empty or (hazard in _ONLY_ON_LARGE and size.bytes < LARGE):
        return ()
    return (Risk(hazard, on, detail, lock, max(size.rows, UNCOUNTED), size.bytes),)


@dataclass(frozen=True)
class Plan:
    """What one resource's change does to the database."""

    statements: tuple[Statement, ...] = ()
    risks: tuple[Risk, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.statements)

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.statements + other.statements, self.risks + other.risks)

    def batches(self) -> Iterator[tuple[Mode, tuple[Statement, ...]]]:
        """Yield the statements as they are run: neighbours that go together in one batch."""
        numbered = enumerate(self.statements)
        for _, group in groupby(numbered, key=lambda item: ("", 0) if item[1].mode == "together" else item):
            batch = tuple(statement for _, statement in group)
            yield batch[0].mode, batch

    @property
    def refused(self) -> tuple[Risk, ...]:
        """The hazards that nobody approved."""
        return tuple(risk for risk in self.risks if risk.approval is None)

    def kept_secret(self) -> Plan:
        """Return the plan with every statement marked as holding a secret."""
        return replace(self, statements=tuple(replace(one, secret=True) for one in self.statements))

    def shown(self) -> Plan:
        """Return the plan as it may be listed: without the texts that hold a secret."""
        hidden = (replace(one, sql=HIDDEN, undo=None) if one.secret else one for one in self.statements)
        return replace(self, statements=tuple(hidden))

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain data, without secrets."""
        return {
            "statements": [asdict(statement) for statement in self.shown().statements],
            "hazards": [asdict(risk) for risk in self.risks],
        }
