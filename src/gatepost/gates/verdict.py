"""What a gate says, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """The answers of a gate; only `PASS` is green."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """There was not enough to judge by: no data, no baseline, a saturated generator."""
    ERROR = "error"
    """The gate itself could not do its work."""


_WORST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of all together; of none it is inconclusive."""
    given = set(verdicts)
    return next(
        (one for one in _WORST_FIRST if one in given), Verdict.PASS if given else Verdict.INCONCLUSIVE
    )


@dataclass(frozen=True)
class Finding:
    """Something wrong, and where."""

    rule: str
    message: str
    places: tuple[str, ...] = ()
    """`file:line` relative to the project, the closest first: a call, and the calls that led to it."""
    accepted: str = ""
    """Why it is accepted; empty when it is not."""

    @property
    def place(self) -> str:
        """The closest `file:line`, as editors read it; empty when there is none."""
        return self.places[0] if self.places else ""


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval."""

    low: float
    estimate: float
    high: float


@dataclass(frozen=True)
class Row:
    """One thing that was measured: a line in the report's chart and table."""

    name: str
    verdict: Verdict
    figure: str
    limit: str
    interval: Interval | None = None
    """Of the ratio of head to base, where there is one."""


@dataclass(frozen=True)
class Level:
    """Neighbouring runs between which nothing changed."""

    first: int
    """The place of its first run."""
    value: float
    """What is typical of it."""
    change: str = ""
    """What its first run changed, in words; nothing where the chart begins."""
    verdict: Verdict = Verdict.PASS


@dataclass(frozen=True)
class Chart:
    """What was measured of one thing, run by run."""

    name: str
    group: str
    """What the runs have in common: only those of one group can be compared."""
    runs: tuple[str, ...]
    """A name for each: its commit and time."""
    values: tuple[float, ...]
    unit: str
    """Of the values, as it stands behind one: `ms`, `of base`."""
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Outcome:
    """The verdict of one gate."""

    gate: str
    verdict: Verdict
    figure: str
    """What was found, in short: `0 findings`, `1.02 times at most`."""
    limit: str
    """What was allowed."""
    evidence: tuple[str, ...] = ()
    """Sentences that a person can follow up."""
    findings: tuple[Finding, ...] = ()
    rows: tuple[Row, ...] = ()
    charts: tuple[Chart, ...] = ()
    seconds: float = 0.0

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that nobody accepted."""
        return tuple(one for one in self.findings if not one.accepted)


@dataclass(frozen=True)
class Trial:
    """One case of a gate's self-test: what the gate was given, and what it should and did say."""

    gate: str
    case: str
    expected: Verdict
    outcome: Outcome = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the gate said what it should."""
        return self.outcome.verdict == self.expected

    def as_json(self) -> dict[str, Any]:
        """Return the trial as plain data."""
        said = self.outcome.verdict
        return {"gate": self.gate, "case": self.case, "expected": self.expected, "said": said, "ok": self.ok}
