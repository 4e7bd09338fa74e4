"""What a proof of isolation found, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gatepost.intent import COMMANDS
from gatepost.isolation.case import COMMAND_OF, Case, Outcome

Mark = Literal["all", "some", "none", "denied", "unknown"]


@dataclass(frozen=True)
class Disagreement:
    """A statement that did not do what it must."""

    table: str
    asker: str
    statement: str
    expected: str
    got: str

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "table": self.table,
            "asker": self.asker,
            "statement": self.statement,
            "expected": self.expected,
            "got": self.got,
        }


@dataclass(frozen=True)
class Finding:
    """A way round row security that the catalog shows, or a mutant that no case told from its policy."""

    kind: Literal["lint", "mutant", "proof"]
    name: str
    """What a suppression names: `policy posts_update: check is true`."""
    subject: str
    detail: str
    accepted: str = ""
    """Why it may stay; empty where nobody says so."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "subject": self.subject,
            "detail": self.detail,
            "accepted": self.accepted,
        }


@dataclass
class Tally:
    """How the cases of one asker, table and command went."""

    allowed: int = 0
    refused: int = 0
    denied: int = 0
    unknown: int = 0

    @property
    def mark(self) -> Mark:
        """Return whether the asker reaches all rows, some, none, or may not even ask."""
        if self.allowed:
            return "some" if self.refused else "all"
        if self.refused:
            return "none"
        return "denied" if self.denied else "unknown"


@dataclass
class Proof:
    """Everything that one proof found."""

    tables: Mapping[str, str]
    """The feature of each table."""
    askers: Sequence[str]
    seed: int
    matrix: dict[tuple[str, str, str], Tally] = field(default_factory=dict)
    """By table, asker and command."""
    disagreements: list[Disagreement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lints: int = 0
    cases: int = 0
    random_cases: int = 0
    undecided: int = 0
    case_seconds: float = 0.0
    mutants: int = 0
    killed: int = 0
    equal: dict[str, str] = field(default_factory=dict)
    """Mutants that nobody could tell from their policy, and why."""
    notes: list[str] = field(default_factory=list)

    @property
    def open(self) -> list[Finding]:
        """The findings that nobody accepted."""
        return [one for one in self.findings if not one.accepted]

    @property
    def ok(self) -> bool:
        """Whether all agree, nothing is open and no mutant survived."""
        return not self.disagreements and not self.open

    @property
    def rate(self) -> float:
        """Cases a second, all work on them included."""
        return self.cases / self.case_seconds if self.case_seconds else 0.0

    def note(self, case: Case, found: Outcome) -> None:
        """Note for the matrix what became of a case that names single rows, or makes one."""
        command = COMMAND_OF[case.action]
        if command is None or case.path != "table" or case.action not in COMMANDS:
            return
        tally = self.matrix.setdefault((case.table, case.asker.label, command), Tally())
        if found.kind == "rows" and command == "select" and case.where is not None:
            tally.allowed += found.count
            tally.refused += len(case.where) - found.count
        elif found.kind == "rows" and (command == "insert" or (case.where and len(case.where) == 1)):
            tally.allowed += bool(found.count)
            tally.refused += not found.count
        elif found.kind == "refused":
            tally.refused += 1
        elif found.kind == "denied":
            tally.denied += 1
        elif found.kind == "undecided":
            tally.unknown += 1

    def mark(self, table: str, asker: str, command: str) -> Mark:
        """Return a cell of the matrix."""
        tally = self.matrix.get((table, asker, command))
        return tally.mark if tally else "unknown"

    def as_json(self) -> dict[str, Any]:
        """Return the proof as plain data."""
        return {
            "ok": self.ok,
            "seed": self.seed,
            "cases": self.cases,
            "random_cases": self.random_cases,
            "undecided": self.undecided,
            "cases_per_second": round(self.rate),
            "lints": self.lints,
            "mutants": {
                "total": self.mutants,
                "killed": self.killed,
                "equal": self.equal,
                "survivors": [one.name for one in self.findings if one.kind == "mutant"],
            },
            "matrix": {
                table: {
                    asker: {command: self.mark(table, asker, command) for command in COMMANDS}
                    for asker in self.askers
                }
                for table in self.tables
            },
            "disagreements": [one.as_json() for one in self.disagreements],
            "findings": [one.as_json() for one in self.findings],
            "notes": self.notes,
        }
