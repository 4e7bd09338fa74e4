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
_SPREAD = 0.05


def trials(folder: Path) -> Iterator[Trial]:
    """Yield the cases."""
    flat = [1.0] * 30
    slower = [1.0] * 20 + [1.2] * 10
    for case, expected, factors, machine, accepted in (
        ("nothing changed", Verdict.PASS, flat, _HERE, {}),
        ("slower since a commit", Verdict.FAIL, slower, _HERE, {}),
        ("slower for a reason", Verdict.PASS, slower, _HERE, {commit_of(20): "it audits now"}),
        ("slower, and repaired", Verdict.PASS, [*slower, *[1.0] * 10], _HERE, {}),
        ("few runs", Verdict.INCONCLUSIVE, [1.0] * 9, _HERE, {}),
        ("only runs of another machine", Verdict.INCONCLUSIVE, flat, _THERE, {}),
        ("no run", Verdict.INCONCLUSIVE, [], _HERE, {}),
    ):
        file = folder / f"{case}.jsonl"
        for run in drawn(factors, machine):
            append(file, run)
        yield Trial(NAME, case, expected, judge(read(file), _HERE, accepted))


def commit_of(number: int) -> str:
    """Return the commit of a drawn run."""
    return f"{number:010x}".ljust(40, "0")


def drawn(
    factors: Sequence[float], machine: Machine = _HERE, *, seed: int = 1, spread: float = _SPREAD
) -> Iterator[Run]:
    """Yield a run a factor: so many times a millisecond, and a spread between runs."""
    luck = random.Random(seed)  # noqa: S311 - no secret
    started = datetime(2026, 1, 1, tzinfo=UTC)
    for number, factor in enumerate(factors):
        times = [factor * math.exp(luck.gauss(0, spread)) for _ in range(2)]
        found = {name: Times(base=1.0, head=one) for name, one in zip(("p50", "p95"), times, strict=True)}
        yield Run(
            time=started + timedelta(hours=number),
            commit=commit_of(number),
            committed=True,
            base=commit_of(max(0, number - 1)),
            rows=20_000,
            server="18.0",
            machine=machine,
            benchmarks={"notes/mine": found},
        )
