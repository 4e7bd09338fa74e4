"""The whole proof of plans: clone the structure, fill it at three sizes, ask every query, judge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.errors import InvalidDeclaration, UsageError
from gatepost.plans.billion import believed
from gatepost.plans.draws import Drawn, Subjects, draw_for, draw_subjects
from gatepost.plans.explained import MODES, Explainer, indexes_of
from gatepost.plans.indexes import IndexFinding, read_indexes, redundant, unused
from gatepost.plans.judgement import AtSize, QueryProof, judge, judge_at
from gatepost.plans.laboratory import Laboratory, ReferenceRows, Size, laboratory
from gatepost.plans.shape import Rows
from gatepost.plans.volume import volume_files
from gatepost.postgres.structure import read_structure
from gatepost.queries import Query, load

if TYPE_CHECKING:
    from gatepost.postgres.structure import Structure
    from gatepost.stacks import Stack

FEWEST_ROWS = 10_000
Told = Callable[[str], None]
Requests = dict[str, list[Drawn]]
"""What each query is asked for, by its name."""


@dataclass(frozen=True)
class Question:
    """What is to be proven: the structure, the queries, the sizes."""

    structure: Structure
    reference: Sequence[ReferenceRows]
    schema: Path
    """The folder of the features' SQL, `schema`."""
    queries: Mapping[str, Mapping[str, Query]]
    """Of each feature by name."""
    rows: int = 100_000
    """How many rows the largest tables have at the largest size; a tenth and a hundredth at the others."""
    at: float | None = None
    """How many rows the plans are to be proven for beyond that, for example 1e9."""


@dataclass
class PlanProof:
    """What came of it."""

    rows: int
    at: float | None
    queries: list[QueryProof] = field(default_factory=list)
    indexes: list[IndexFinding] = field(default_factory=list)
    counted: int = 0
    """How many indexes there are."""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every query and index is as it should be."""
        return not self.indexes and all(one.ok for one in self.queries)


def question_of(stack: Stack, *, rows: int, at: float | None, feature: str | None = None) -> Question:
    """Return what a stack's program and database ask.

    :raises UsageError: too few rows, or no such feature.
    """
    from gatepost.verify.declared import collect

    if rows < FEWEST_ROWS:
        raise UsageError(f"--rows {rows}: give {FEWEST_ROWS:,} or more, or the planner needs no index")
    sources, features = collect(stack)
    source = next((one for one in sources if one.package == "gatepost"), None)
    if source is None:
        raise UsageError(f"{stack.project}/{stack.name} declares no table: there is nothing to prove")
    reference = [
        ReferenceRows(one.name, one.inputs["sql"], source.owner)
        for one in source.objects
        if one.kind == "ReferenceData"
    ]
    schema = stack.root / "schema"
    folders = {name: schema / name / "queries" for name in features}
    found = {name: load(folder) for name, folder in folders.items() if folder.exists()}
    if feature and feature not in found:
        raise UsageError(f"--feature {feature}: choose one of {', '.join(found)}")
    structure = read_structure(source.target(), owner=source.owner)
    asked = {name: queries for name, queries in found.items() if feature in (None, name)}
    return Question(structure, reference, schema, asked, rows, at)


def prove(question: Question, told: Told) -> PlanProof:
    """Return the proof; the database that the structure came from is not touched.

    :raises GatepostError: rows cannot be made.
    """
    started = time.perf_counter()
    proof = PlanProof(question.rows, question.at)
    proof.queries = [
        QueryProof(feature, query) for feature, found in question.queries.items() for query in found.values()
    ]
    told("a throw-away server")
    files = volume_files(question.schema, (path.name for path in question.schema.iterdir()))
    with laboratory(question.structure, question.reference, files) as lab:
        sizes = lab.fill([question.rows // 100, question.rows // 10, question.rows], told)
        for size in sizes:
            requests = _measure(proof, question, size, told)
        for one in proof.queries:
            if not one.findings:
                one.findings += judge(one)
        _judge_indexes(proof, sizes[-1], whole=len(question.queries) > 1)
        _find_lost_indexes(proof, sizes[-1], requests)
        if question.at:
            _prove_at(proof, question.at, requests, lab, sizes, told)
    proof.seconds = time.perf_counter() - started
    return proof


def _measure(proof: PlanProof, question: Question, size: Size, told: Told) -> Requests:
    """Ask every query at one size, and return what for."""
    with size.connect() as connection:
        requests = _requests(proof, question, connection)
        connection.execute("select pg_stat_reset()")
        explainer = Explainer(connection, indexes_of(connection))
        for one in proof.queries:
            told(f"{size.rows:,} rows: {one.name}")
            with _finding(one):
                asked = [(drawn, mode) for mode in MODES for drawn in requests[one.name]]
                measured = [explainer.explain(one.query, drawn, mode) for drawn, mode in asked]
                if measured:
                    one.sizes.append(AtSize(size.rows, measured))
    return requests


def _requests(proof: PlanProof, question: Question, connection: Rows) -> Requests:
    requests: Requests = {one.name: [] for one in proof.queries}
    subjects: dict[str, Sequence[Subjects]] = {}
    for one in proof.queries:
        with _finding(one):
            if one.feature not in subjects:
                subjects[one.feature] = draw_subjects(question.schema / one.feature, connection)
            requests[one.name] = draw_for(one.query, subjects[one.feature], connection)
    return requests


@contextmanager
def _finding(one: QueryProof) -> Iterator[None]:
    """Make PostgreSQL's error a finding of the query: the others are proven nevertheless."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        _find(one, f"PostgreSQL refuses it: {error.diag.message_primary or error}")
    except InvalidDeclaration as error:
        _find(one, str(error))


def _find(one: QueryProof, finding: str) -> None:
    if finding not in one.findings:
        one.findings.append(finding)


def _judge_indexes(proof: PlanProof, size: Size, *, whole: bool) -> None:
    with size.connect() as connection:
        found = read_indexes(connection)
    proof.counted = len(found)
    proof.indexes = [*redundant(found), *(unused(found) if whole else ())]


def _find_lost_indexes(proof: PlanProof, size: Size, requests: Requests) -> None:
    """Say of an index that is not used whether row security is why."""
    with size.connect() as connection:
        explainer = Explainer(connection, indexes_of(connection))
        for one in proof.queries:
            if one.ok or not one.query.index or not one.sizes or one.uses_its_index:
                continue
            above = explainer.explain(one.query, requests[one.name][0], "custom", role="postgres")
            if one.query.index in above.indexes:
                one.findings.append(
                    f"without row security {one.query.index} is used: an operator of its condition is not"
                    " leakproof, so that only policies may come first; lead with the tenant, or compare"
                    " uuid, text, numbers and times with = < >"
                )


def _prove_at(
    proof: PlanProof, rows: float, requests: Requests, lab: Laboratory, sizes: Sequence[Size], told: Told
) -> None:
    """Plan every query for so many rows that only statistics tell of them."""
    with believed(lab, sizes, rows, told) as connection:
        explainer = Explainer(connection, indexes_of(connection), execute=False)
        for one in proof.queries:
            with _finding(one):
                one.at = {
                    mode: explainer.explain(one.query, drawn, mode)
                    for mode in MODES
                    for drawn in requests[one.name][:1]
                }
                one.findings += judge_at(one, rows)


def as_json(proof: PlanProof) -> dict[str, Any]:
    """Return the proof as plain data."""
    return {
        "ok": proof.ok,
        "rows": proof.rows,
        "at": proof.at,
        "seconds": round(proof.seconds, 2),
        "queries": [_query_json(one) for one in proof.queries],
        "indexes": {
            "counted": proof.counted,
            "findings": [vars(one) for one in proof.indexes],
        },
    }


def _query_json(one: QueryProof) -> dict[str, Any]:
    return {
        "feature": one.feature,
        "query": one.query.name,
        "title": one.query.title,
        "role": one.query.role,
        "index": one.query.index,
        "target_ms": one.query.target.limit,
        "grows": one.query.grows,
        "ok": one.ok,
        "findings": one.findings,
        "sizes": [
            {
                "rows": size.rows,
                "pages": size.pages,
                "ms": size.milliseconds,
                "slowest_ms": size.slowest,
                "found": size.found,
            }
            for size in one.sizes
        ],
        "at": {mode: sorted(plan.indexes) for mode, plan in one.at.items()},
    }
