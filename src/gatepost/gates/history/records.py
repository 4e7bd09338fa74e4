"""The history file: one line of JSON a run of the benchmark gate, oldest first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gatepost.errors import UsageError
from gatepost.gates.history.machine import Machine

FILE = ".gatepost/benchmark-history.jsonl"
Milliseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Times(_Part):
    """One quantile of a query, in milliseconds."""

    base: Milliseconds
    head: Milliseconds


class Run(_Part):
    """One run of the benchmark gate."""

    version: Literal[1] = 1
    """Of this format."""
    time: AwareDatetime
    commit: str = Field(min_length=1)
    """What was measured: HEAD's, or where files were changed one that was made of them."""
    committed: bool
    """Whether it is one that somebody made."""
    base: str
    """The commit that it was compared with."""
    rows: int
    """Of the largest tables."""
    server: str
    """PostgreSQL's version."""
    machine: Machine
    benchmarks: dict[str, dict[str, Times]]
    """By query and quantile: `integrations/active_integrations`, `p95`."""

    @property
    def kept(self) -> tuple[Machine, int]:
        """What runs have in common that can be compared."""
        return self.machine, self.rows

    @property
    def short(self) -> str:
        """The commit as people write it; marked when it is only the working tree's."""
        return self.commit[:10] + ("" if self.committed else "+uncommitted")


@dataclass(frozen=True)
class History:
    """What a file has."""

    file: Path
    runs: tuple[Run, ...] = ()
    skipped: tuple[str, ...] = ()
    """A sentence for each line that is no run."""


def read(file: Path) -> History:
    """Return the runs of a file, in their order, each once; one that does not exist has none.

    :raises UsageError: it cannot be read.
    """
    with _explained(file, "read"):
        lines = file.read_bytes().split(b"\n") if file.exists() else []
    runs, skipped, places = list[Run](), list[str](), dict[bytes, int]()
    for number, line in enumerate(lines, 1):
        if line in places:
            skipped.append(f"{file}:{number} is skipped: it repeats line {places[line]}")
        elif line.strip():
            places[line] = number
            try:
                runs.append(Run.model_validate_json(line))
            except ValidationError as error:
                skipped.append(f"{file}:{number} is skipped: {_reason(error)}")
    return History(file, tuple(runs), tuple(skipped))


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"].lower())))


def require_writable(file: Path) -> None:
    """Make the file where there is none.

    :raises UsageError: nothing can be appended to it.
    """
    with _appending(file):
        pass


def append(file: Path, run: Run) -> None:
    """Append a run, after those that others append at the same time.

    :raises UsageError: the file cannot be written.
    """
    line = run.model_dump_json().encode() + b"\n"
    with _explained(file, "written"), _appending(file) as descriptor:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # The last line was cut short: this one starts anew.
            line = b"\n" + line
        while line:
            line = line[os.write(descriptor, line) :]
        os.fsync(descriptor)


@contextmanager
def _appending(file: Path) -> Iterator[int]:
    """Lend a descriptor that nobody else appends to meanwhile; the lock goes with it."""
    with _explained(file, "written"):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _explained(file: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"the history {file} cannot be {done}: {error}: give another with --history"
        ) from error
