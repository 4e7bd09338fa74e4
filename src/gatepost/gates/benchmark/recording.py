"""What the history keeps of a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from gatepost.gates.benchmark.arms import Arms
from gatepost.gates.benchmark.series import Series
from gatepost.gates.history.machine import this_machine
from gatepost.gates.history.records import Run, Times
from gatepost.plans.laboratory import opened
from gatepost.release.commits import Commit

_DIGITS = 6


class Compared(NamedTuple):
    """What was compared with what, and at which size."""

    head: Commit
    base: Commit
    rows: int


def run_of(series: Sequence[Series], compared: Compared, arms: Arms) -> Run:
    """Return a run as the history keeps it; of what could not be measured it has nothing."""
    return Run(
        time=datetime.now(UTC),
        commit=compared.head.id,
        committed=compared.head.committed,
        base=compared.base.id,
        rows=compared.rows,
        server=_server_version(arms),
        machine=this_machine(),
        benchmarks={one.benchmark.name: times_of(one) for one in series if one.found},
    )


def times_of(series: Series) -> dict[str, Times]:
    """Return the quantiles of one benchmark."""
    return {
        f"p{one.quantile * 100:g}": Times(base=round(one.base, _DIGITS), head=round(one.head, _DIGITS))
        for one in series.found
    }


def _server_version(arms: Arms) -> str:
    with opened(arms.head_target) as connection:
        return connection.info.parameter_status("server_version") or ""
