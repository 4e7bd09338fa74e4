"""What PostgreSQL does for the features' queries: which index answers, and in what time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.queries import Query, load
from gatepost.subjects import Subjects, acting_as, subjects_of
from gatepost.verify.check import Check, facts

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_SMALL_PAGES = 100
"""Up to this size, in blocks of 8 kB, the planner may well do without the index that a large table needs."""
_WITHOUT = {
    "sequential scans": ("enable_seqscan",),
    "sequential and plain index scans": ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan"),
    "sequential and bitmap scans and sorts": ("enable_seqscan", "enable_bitmapscan", "enable_sort"),
}
"""What the planner is made to do without on a small table, one after the other."""


_RUNS, _MOST_RUNS = 3, 12
_NEAR = 3
"""A run of so many times the target may be a busy machine's."""
_TOO_SMALL = "table too small to tell: the planner prefers another index"


@dataclass(frozen=True)
class Measured:
    """One execution, explained."""

    indexes: tuple[str, ...]
    milliseconds: float
    buffers: int
    rows: int


def check_queries(root: Path, features: list[str], owner: str, connection: Connection) -> Iterator[Check]:
    """Yield a check a query file of each feature that the program declares; `owner` owns the tables."""
    folders = {feature: root / "schema" / feature / "queries" for feature in features}
    queries = {feature: load(folder) for feature, folder in folders.items() if folder.exists()}
    if not queries:
        return
    _analyze_new([query for found in queries.values() for query in found.values()], owner, connection)
    for feature, found in queries.items():
        subjects = subjects_of(folders[feature].parent, found.values(), connection)
        for query in found.values():
            yield _check(feature, query, subjects, connection)


def _check(feature: str, query: Query, subjects: Subjects, connection: Connection) -> Check:
    import psycopg

    expected = facts(index=query.index, time=f"under {query.target.limit:g} {query.target.unit}")
    try:
        found, note = _measure(query, subjects, connection)
    except psycopg.Error as error:
        reason = _refusal(error, query)
        return Check(feature, "query", query.name, expected, facts(error=reason), passed_anyway=False)
    uses = query.index is None or query.index in found.indexes
    return Check(
        feature,
        "query",
        query.name,
        expected,
        facts(
            index=query.index if uses else ", ".join(found.indexes) or "no index",
            time=f"{found.milliseconds:.2f} ms",
            rows=_number(found.rows, "row"),
            buffers=_number(found.buffers, "buffer"),
        ),
        note,
        passed_anyway=(uses or note == _TOO_SMALL) and query.target.holds(found.milliseconds),
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _refusal(error: Any, query: Query) -> str:
    if error.sqlstate == "42501" and "set role" in str(error).lower():
        return f'the deployer may not become "{query.role}": grant it membership of that role'
    return str(error.diag.message_primary or error)


def _measure(query: Query, subjects: Subjects, connection: Connection) -> tuple[Measured, str]:
    found = _explain(query, subjects, connection)
    if query.index is None or query.index in found.indexes or not _is_small(query.index, connection):
        return found, ""
    for words, settings in _WITHOUT.items():
        forced = _explain(query, subjects, connection, settings)
        if query.index in forced.indexes:
            return forced, f"small table: {words} off"
    return found, _TOO_SMALL if _can_serve(query.index, connection) else ""


def _can_serve(index: str, connection: Connection) -> bool:
    """Whether an index is there and valid, so that a larger table's queries can use it."""
    found = connection.execute(
        "select i.indisvalid from pg_index as i join pg_class as c on c.oid = i.indexrelid"
        " where c.relname = %s",
        (index,),
    ).fetchone()
    return found == (True,)


def _analyze_new(queries: list[Query], owner: str, connection: Connection) -> None:
    """Analyze the small tables that never were, as their owner: without statistics any plan is a toss-up."""
    from psycopg import sql

    named = [query.index for query in queries if query.index]
    rows = connection.execute(
        "select distinct n.nspname, t.relname from pg_index as i join pg_class as c on c.oid = i.indexrelid"
        " join pg_class as t on t.oid = i.indrelid join pg_namespace as n on n.oid = t.relnamespace"
        " where c.relname = any(%s) and t.reltuples < 0 and pg_has_role(current_user, t.relowner, 'member')"
        " and pg_get_userbyid(t.relowner) = %s"
        " and pg_relation_size(t.oid) / current_setting('block_size')::int between 1 and %s",
        (named, owner, _SMALL_PAGES),
    ).fetchall()
    if not rows:
        return
    with connection.transaction():
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(owner)))
        for row in rows:
            table = sql.Identifier(str(row[0]), str(row[1]))
            connection.execute(sql.SQL("analyze {}").format(table))


def _is_small(index: str, connection: Connection) -> bool:
    """Return whether the table of an index is so small that its plans say little."""
    found = connection.execute(
        "select pg_relation_size(i.indrelid) / current_setting('block_size')::int <= %s"
        " from pg_index as i join pg_class as c on c.oid = i.indexrelid where c.relname = %s",
        (_SMALL_PAGES, index),
    ).fetchone()
    return found is not None and bool(found[0])


def _explain(
    query: Query, subjects: Subjects, connection: Connection, without: tuple[str, ...] = ()
) -> Measured:
    """Run the query as its role, with the user's identity; nothing stays.

    The fastest of three runs counts: the first one fills the caches, and a busy machine slows any of them.
    Where that is over the target, but not by far, it has a few more.
    """
    with acting_as(query.role, subjects, connection):
        for setting in without:
            connection.execute("select set_config(%s, 'off', true)", [setting])
        statement = ("explain (analyze, buffers, timing off, format json) " + query.sql).encode()
        runs = list[Measured]()
        while len(runs) < _RUNS or (len(runs) < _MOST_RUNS and _may_hold_yet(runs, query)):
            [[explained]] = connection.execute(statement, query.arguments(subjects) or None).fetchall()
            runs.append(_measured(explained))
    return _fastest(runs)


def _fastest(runs: Iterable[Measured]) -> Measured:
    return min(runs, key=lambda run: run.milliseconds)


def _may_hold_yet(runs: Iterable[Measured], query: Query) -> bool:
    return query.target.limit < _fastest(runs).milliseconds < _NEAR * query.target.limit


def _measured(explained: Any) -> Measured:
    whole = explained[0]
    plan = whole["Plan"]
    buffers = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
    return Measured(tuple(_indexes(plan)), whole["Execution Time"], buffers, int(plan["Actual Rows"]))


def _indexes(node: Mapping[str, Any]) -> Iterator[str]:
    if "Index Name" in node:
        yield node["Index Name"]
    for child in node.get("Plans", ()):
        yield from _indexes(child)
