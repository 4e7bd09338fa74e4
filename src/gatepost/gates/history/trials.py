"""The history gate's self-test: histories whose times are drawn."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatepost.gates.history.judgement import NAME, judge
from gatepost.gates.history.machine import Machine
from gatepost.gates.history.records import Run, Times, append, read
from gatepost.gates.verdict import Trial, Verdict

_HERE = Machine(system="Linux", architecture="x86_64", processor="here", cores=2, memory_gib=8)
_THERE = _HERE.model_copy(update={"processor": "there"})
_SPREAD, _BUSY = 0.05, 0.3
_QUANTILES = ("p50", "p95")


def trials(folder: Path) -> Iterator[Trial]:
    """Yield the cases."""
    flat = [1.0] * 30
    slower = [1.0] * 20 + [1.2] * 10
    for case, expected, runs, accepted in (
        ("nothing changed", Verdict.PASS, drawn(flat), {}),
        ("slower since a commit", Verdict.FAIL, drawn(slower), {}),
        ("slower for a reason", Verdict.PASS, drawn(slower), {commit_of(20): "it audits now"}),
        ("slower, and repaired", Verdict.PASS, drawn([*slower, *flat]), {}),
        ("nothing changed, on a busy machine", Verdict.PASS, drawn(flat, busy=_BUSY), {}),
        ("slower, on a busy machine", Verdict.FAIL, drawn(slower, busy=_BUSY), {}),
        ("few runs", Verdict.INCONCLUSIVE, drawn(flat[:9]), {}),
        ("only runs of another machine", Verdict.INCONCLUSIVE, drawn(flat, _THERE), {}),
        ("no run", Verdict.INCONCLUSIVE, drawn([]), {}),
    ):
        file = folder / f"{case}.jsonl"
        for run in runs:
            append(file, run)
        yield Trial(NAME, case, expected, judge(read(file), _HERE, accepted))


def commit_of(number: int) -> str:
    """Return the commit of a drawn run."""
    return f"{number:010x}".ljust(40, "0")


def drawn(
    factors: Sequence[float], machine: Machine = _HERE, *, seed: int = 1, busy: float = 0
) -> Iterator[Run]:
    """Yield a run a factor: so many times a millisecond, with a spread.

    :param busy: how much base and head together differ from run to run; then all have the first one as base.
    """
    luck = random.Random(seed)  # noqa: S311 - no secret
    started = datetime(2026, 1, 1, tzinfo=UTC)
    for number, factor in enumerate(factors):
        base = math.exp(luck.gauss(0, busy)) if busy else 1.0
        heads = [base * factor * math.exp(luck.gauss(0, _SPREAD)) for _ in _QUANTILES]
        found = {name: Times(base=base, head=one) for name, one in zip(_QUANTILES, heads, strict=True)}
        yield Run(
            time=started + timedelta(hours=number),
            commit=commit_of(number),
            committed=True,
            base=commit_of(0 if busy else max(0, number - 1)),
            rows=20_000,
            server="18.0",
            machine=machine,
            benchmarks={"notes/mine": found},
        )
