"""What is wrong with a query's plans, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from gatepost.plans.explained import MODES, Explained, Mode
from gatepost.queries import Growth, Query

_ROOM = {"constant": (1.3, 0.0), "log": (2.5, 4.0), "linear": (15.0, 4.0)}
"""How often the pages of a tenth of the rows, and how many pages a returned row, may be touched: the row's
own, and those of an index by which a policy looks up what it shares."""
_HEIGHT = 12
"""Pages that a few B-trees which are one level higher may add."""
_RANGE = 128
"""Pages of a range of a BRIN index: what grows with the table may begin with one."""


@dataclass
class AtSize:
    """What a query's requests came to at one size."""

    rows: int
    requests: list[Explained] = field(default_factory=list)

    @property
    def pages(self) -> float:
        """Pages of the middle request, under the worse of the two kinds of plan."""
        return max(median(one.pages for one in self._of(mode)) for mode in MODES)

    @property
    def milliseconds(self) -> float:
        """Time of the middle request, under the worse of the two kinds of plan."""
        return max(median(one.milliseconds for one in self._of(mode)) for mode in MODES)

    @property
    def slowest(self) -> float:
        """Time of the slowest request."""
        return max(one.milliseconds for one in self.requests)

    @property
    def found(self) -> float:
        """Rows that the middle request returned."""
        return median(one.rows for one in self.requests)

    def _of(self, mode: Mode) -> list[Explained]:
        return [one for one in self.requests if one.mode == mode] or self.requests


@dataclass
class QueryProof:
    """One query: what was measured, and what is wrong."""

    feature: str
    query: Query
    sizes: list[AtSize] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    at: dict[Mode, Explained] = field(default_factory=dict)
    """The plans for so many rows that only statistics tell of them."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def uses_its_index(self) -> bool:
        """Whether some request of the largest size did."""
        return any(self.query.index in one.indexes for one in self.sizes[-1].requests)

    @property
    def name(self) -> str:
        """The query with its feature."""
        return f"{self.feature}.{self.query.name}"


def judge(proof: QueryProof) -> Iterator[str]:
    """Yield what is wrong with a query that was measured at every size, the largest one last."""
    largest = proof.sizes[-1]
    if not any(one.rows or one.changes for one in largest.requests):
        yield (
            "no request found a row, so that its plans prove nothing: draw its parameters from a column,"
            " -- parameter: <name> <type> = <example> ~ <schema>.<table>.<column>"
        )
    yield from _index(proof.query, largest.requests, "")
    for name in sorted({name for one in largest.requests for name in one.functions}):
        yield (
            f"{name}() is called for each row that is looked at: compare with an array or a value that is"
            " computed once, = any(array(select …)) or = (select …)"
        )
    yield from _growth(proof.query.grows, proof.sizes)
    if not proof.query.target.holds(largest.milliseconds):
        yield (
            f"it takes {largest.milliseconds:.2f} ms at {largest.rows:,} rows,"
            f" its target is {proof.query.target.limit:g} ms"
        )


def judge_at(proof: QueryProof, rows: float) -> Iterator[str]:
    """Yield what is wrong with the plans for `rows` rows."""
    yield from _index(proof.query, list(proof.at.values()), f" for {rows:,.0f} rows")


def _index(query: Query, requests: Sequence[Explained], where: str) -> Iterator[str]:
    for mode in MODES:
        own = [one for one in requests if one.mode == mode]
        without = [one for one in own if query.index and query.index not in one.indexes]
        if without and not (mode == "custom" and _as_good(query, requests)):
            used = sorted({name for one in without for name in one.indexes})
            read = sorted({f"all of {name}" for one in without for name in one.scanned})
            instead = ", ".join([*used, *read]) or "no index"
            times = "" if len(without) == len(own) else f" for {len(without)} of {len(own)} requests"
            yield f"the {mode} plan{where} does not use {query.index}{times}: it uses {instead}"


def _as_good(query: Query, requests: Sequence[Explained]) -> bool:
    """Return whether custom plans without the index touch as few pages as generic ones with it.

    So it is with values that most rows have: some use it, and what does not is no loss.
    """
    custom, generic = ([one for one in requests if one.mode == mode] for mode in MODES)
    return any(query.index in one.indexes for one in custom) and all(
        query.index in with_index.indexes and one.pages <= with_index.pages + _HEIGHT
        for one, with_index in zip(custom, generic, strict=True)
        if query.index not in one.indexes
    )


def _growth(growth: Growth, sizes: Sequence[AtSize]) -> Iterator[str]:
    if len(sizes) < 2:
        return
    before, after = sizes[-2], sizes[-1]
    times, per_row = _ROOM[growth]
    allowed = times * before.pages + per_row * after.found
    allowed += _RANGE if growth == "linear" else _HEIGHT
    if after.pages > allowed:
        yield (
            f"it touches {after.pages:,.0f} pages at {after.rows:,} rows and {before.pages:,.0f} at"
            f" {before.rows:,}: more than {growth} growth"
        )
