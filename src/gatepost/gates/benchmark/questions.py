"""The queries of two projects as benchmarks: each asked by the same person, for the same thing, in both."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from gatepost.gates.benchmark.arms import Arms
from gatepost.gates.benchmark.sampling import Asked, QueryBenchmark
from gatepost.plans.draws import Drawn, Subjects, draw_for, draw_subjects
from gatepost.plans.laboratory import opened
from gatepost.plans.shape import Rows
from gatepost.queries import Query, load

Queries = dict[str, Query]
"""By feature and name: `integrations/active_integrations`."""


def queries_of(project: Path) -> Queries:
    """Return the queries of `schema/<feature>/queries`.

    :raises InvalidDeclaration: one of them is not right.
    """
    folders = sorted((project / "schema").glob("*/queries"))
    return {f"{one.parent.name}/{name}": query for one in folders for name, query in load(one).items()}


def query_benchmarks(arms: Arms) -> list[QueryBenchmark]:
    """Return one for each query that base and head have.

    :raises InvalidDeclaration: a feature's subjects.sql finds nobody.
    """
    base, head = queries_of(arms.base), queries_of(arms.head)
    made = list[QueryBenchmark]()
    both = [name for name in base if name in head]
    with opened(arms.base_target) as of_base, opened(arms.head_target) as of_head:
        for feature, names in groupby(both, lambda name: name.partition("/")[0]):
            [subjects] = draw_subjects(arms.base / "schema" / feature, of_base, 1)
            for name in names:
                first = _drawn(base[name], subjects, of_base)
                asked = Asked(base[name], first), Asked(head[name], _alike(head[name], first, of_head))
                made.append(QueryBenchmark(name, arms.urls, asked))
    return made


def _drawn(query: Query, subjects: Subjects, connection: Rows) -> Drawn:
    return draw_for(query, [subjects], connection)[0]


def _alike(query: Query, first: Drawn, connection: Rows) -> Drawn:
    """Return what head is asked for: what base is, and what only head has a parameter for."""
    own = _drawn(query, first.subjects, connection)
    return Drawn(first.subjects, {name: first.values.get(name, value) for name, value in own.values.items()})
