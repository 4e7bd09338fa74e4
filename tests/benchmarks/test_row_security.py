"""What row security costs each query: under its policies against their conditions written out, by turns.

The checks of what is written cannot be written out: against writes, nothing is checked at all.
"""

from __future__ import annotations

import re

import pytest
from fix_populated import QUERIES, Crowd
from pytest_benchmark.fixture import BenchmarkFixture

from gatepost.plans.explained import Explainer, indexes_of
from gatepost.plans.written_out import measure, written_out
from gatepost.targets import ROW_SECURITY, WRITE_CHECKS

NOISE = 0.02
"""Milliseconds that a busy machine adds to either side."""
WRITING = re.compile(r"\b(insert into|update|delete from)\b")
GUARDED = [name for name, query in QUERIES.items() if query.role == "authenticated"]


@pytest.mark.parametrize("name", GUARDED)
def test_row_security(benchmark: BenchmarkFixture, crowd: Crowd, name: str) -> None:
    query = QUERIES[name]
    with crowd.superuser() as connection:
        other = written_out(query, connection)
        if other is None:
            pytest.skip("a view, a function or a lock: its tables' conditions cannot be written out")
        drawn = crowd.drawn(name)[0]
        explainer = Explainer(connection, indexes_of(connection))
        cost = benchmark.pedantic(measure, (query, other, drawn, explainer), rounds=1)
    target = WRITE_CHECKS if WRITING.search(query.sql) else ROW_SECURITY
    benchmark.extra_info |= {
        "what": f"row security of {name}",
        "figure": f"{cost.times:.2f} times",
        "target": f"{target.limit:g} times",
        "with_policies": f"{cost.with_policies:.3f} ms",
        "written_out": f"{cost.written_out:.3f} ms",
    }
    assert cost.with_policies <= target.limit * cost.written_out + NOISE
