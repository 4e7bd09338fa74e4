"""How long a statement may take on the target: its time on the copy, scaled by what the target has more."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_ROWS, _SORT, _PAGES = "rows", "rows * log rows", "pages"
_KINDS = (
    (re.compile(r"^create (unique )?index|^reindex|add (constraint \S+ )?(unique|primary key)"), _SORT),
    (re.compile(r"^refresh materialized view|add (constraint \S+ )?exclude"), _SORT),
    (re.compile(r"^(update|insert|delete|merge|with)\b"), _ROWS),
    (re.compile(r"validate constraint|set not null|alter column \S+ (set data )?type"), _PAGES),
    (re.compile(r"add (constraint \S+ )?(check|foreign key)(?!.*not valid)"), _PAGES),
    (re.compile(r"add column .*(generated|identity)"), _PAGES),
)
"""What the time of a statement grows with; that of any other is the same however large its table is."""
_ALIKE = 200
"""So many characters tell one planned statement from another."""


@dataclass(frozen=True)
class Size:
    """What a table has."""

    rows: float
    """-1 where nobody counted."""
    pages: int


@dataclass(frozen=True)
class Estimate:
    """The time of one statement on the target, and what it was concluded from."""

    statement: str
    on: str
    seconds: float | None
    """None where the target's rows were never counted."""
    basis: str


def grows_with(statement: str) -> str | None:
    """Return what the time of a statement grows with: rows, rows * log rows, pages; None: with nothing."""
    text = " ".join(statement.lower().split()).replace('"', "")
    return next((kind for pattern, kind in _KINDS if pattern.search(text)), None)


def estimates(
    seen: Mapping[str, float],
    planned: Mapping[str, str],
    here: Mapping[str, Size],
    there: Mapping[str, Size],
) -> Iterator[Estimate]:
    """Yield an estimate for each statement that lasted long enough to be seen and that grows with its table.

    :param seen: seconds on the copy, by statement.
    :param planned: the table of each planned statement, by its text.
    :param here: what the copy's tables have.
    :param there: what the target's have.
    """
    for statement, seconds in sorted(seen.items(), key=lambda item: -item[1]):
        on = next((table for text, table in planned.items() if _alike(text, statement)), None)
        kind = grows_with(statement)
        if on is not None and kind is not None and on in here and on in there:
            yield _estimate(statement, on, seconds, kind, (here[on], there[on]))


def _estimate(statement: str, on: str, seconds: float, kind: str, sizes: tuple[Size, Size]) -> Estimate:
    here, there = sizes
    took = f"{seconds * 1000:.0f} ms"
    if there.rows < 0:
        return Estimate(statement, on, None, f"{took} here; the target's rows were never counted: analyze it")
    basis = (
        f"{took} for {here.rows:,.0f} rows in {here.pages:,} pages here,"
        f" {there.rows:,.0f} in {there.pages:,} there, by {kind}"
    )
    return Estimate(statement, on, seconds * max(1.0, _SCALES[kind](here, there)), basis)


_SCALES: dict[str, Callable[[Size, Size], float]] = {
    _ROWS: lambda here, there: there.rows / max(1.0, here.rows),
    _PAGES: lambda here, there: there.pages / max(1, here.pages),
    _SORT: lambda here, there: _sorting(there.rows) / _sorting(here.rows),
}


def _sorting(rows: float) -> float:
    return max(1.0, rows) * math.log2(max(2.0, rows))


def _alike(planned: str, seen: str) -> bool:
    """Return whether a statement that was seen is a planned one: the server cuts long ones short."""
    one, other = (" ".join(text.split()).rstrip(";")[:_ALIKE] for text in (planned, seen))
    return one == other
