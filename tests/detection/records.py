"""Runs that were made, one a line: what was interrupted goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One run: what was done to head, how often it has been, and what the gate said."""

    kind: str
    number: int
    case: str
    gate: str
    verdict: str
    figure: str
    seconds: float
    ratio: float | None = None
    """Of the medians, where something was timed."""


class Records:
    """The lines of one file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.runs = [Run(**json.loads(line)) for line in lines]

    def missing(self, kind: str, number: int) -> Iterator[int]:
        """The numbers below `number` that no run of this kind has."""
        there = {one.number for one in self.runs if one.kind == kind}
        yield from (one for one in range(number) if one not in there)

    def add(self, run: Run) -> None:
        self.runs.append(run)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(run)) + "\n")
