"""A query planned, and executed, as its role with somebody's identity: what PostgreSQL did for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, LiteralString

from gatepost.plans.draws import Drawn
from gatepost.plans.shape import Rows
from gatepost.plans.statements import run
from gatepost.provider.sqltext import joined, part, raw
from gatepost.queries import Query
from gatepost.subjects import acting_as

Mode = Literal["custom", "generic"]
MODES: tuple[Mode, ...] = ("custom", "generic")
_NAMED = re.compile(r"(?<!%)%\((?P<name>[a-z_][a-z0-9_]*)\)s")
_CALL = re.compile(r'(?<![\w."])([a-z_]\w*\.[a-z_]\w*)\(')
_PER_ROW = ("Filter", "Join Filter", "Recheck Cond")
_RUNS = 3
_OPTIONS: dict[bool, LiteralString] = {
    True: "analyze, buffers, timing off, verbose, format json",
    False: "verbose, format json",
}


@dataclass(frozen=True)
class Explained:
    """One request under one kind of plan."""

    mode: Mode
    indexes: frozenset[str]
    """Every index in the plan; a partition's stands for that of its table."""
    functions: frozenset[str]
    """Functions of ours that are called for each row that is looked at."""
    scanned: frozenset[str]
    """Tables that are read from end to end."""
    rows: int
    changes: bool
    """Whether it writes."""
    expected: float
    """The most rows that the planner expected of any step."""
    pages: int
    """Pages of 8 kB that were touched."""
    milliseconds: float


@dataclass(frozen=True)
class Explainer:
    """Explains queries on one database."""

    connection: Rows
    indexes: Mapping[str, str]
    """Each index by its name, and the one of its partitioned table that it is part of, or itself."""
    execute: bool = True
    """Whether queries are executed; where there are statistics only they are not."""

    def explain(self, query: Query, drawn: Drawn, mode: Mode, role: str | None = None) -> Explained:
        """Plan a query for a request and execute it, unless that is not wanted; nothing stays.

        The fastest of three executions counts: the first fills the caches.

        :param role: who asks, if not the query's own role; `postgres` is above row security.
        """
        with acting_as(role or query.role, drawn.subjects, self.connection):  # type: ignore[arg-type]
            self._prepare(query, mode)
            statement = part(
                "explain ({options}) execute asked{arguments}",
                options=raw(_OPTIONS[self.execute]),
                arguments=self._arguments(query, drawn),
            )
            runs = [self._run(statement) for _ in range(_RUNS if self.execute else 1)]
        whole = min(runs, key=lambda one: float(one.get("Execution Time", 0)))
        return self._read(whole, mode)

    def _prepare(self, query: Query, mode: Mode) -> None:
        places = {one.name: f"${number}" for number, one in enumerate(query.parameters, 1)}
        text = _NAMED.sub(lambda found: places[found["name"]], query.sql).replace("%%", "%")
        types = joined(raw(one.type) for one in query.parameters)
        self.connection.execute("deallocate all")
        run(self.connection, "set local plan_cache_mode = {mode}", mode=raw(f"force_{mode}_plan"))
        run(
            self.connection,
            "prepare asked{types} as {text}",
            types=part("({types})", types=types) if query.parameters else part(""),
            text=raw(text),
        )

    def _arguments(self, query: Query, drawn: Drawn) -> Any:
        from psycopg.sql import Literal as Value

        given = query.arguments(drawn.subjects, **drawn.values)
        values = joined(Value(given[one.name]) for one in query.parameters)
        return part("({values})", values=values) if query.parameters else part("")

    def _run(self, statement: Any) -> dict[str, Any]:
        row = self.connection.execute(statement).fetchone()
        assert row is not None
        plan: dict[str, Any] = row["QUERY PLAN"][0]
        return plan

    def _read(self, whole: Mapping[str, Any], mode: Mode) -> Explained:
        top = whole["Plan"]
        nodes = list(_nodes(top))
        names = {node["Index Name"] for node in nodes if "Index Name" in node}
        return Explained(
            mode,
            frozenset(self.indexes.get(name, name) for name in names),
            frozenset(
                name for node in nodes for key in _PER_ROW for name in _CALL.findall(node.get(key, ""))
            ),
            frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
            int(top.get("Actual Rows", 0)),
            any(node["Node Type"] == "ModifyTable" for node in nodes),
            float(max(node["Plan Rows"] for node in nodes)),
            top.get("Shared Hit Blocks", 0) + top.get("Shared Read Blocks", 0),
            float(whole.get("Execution Time", 0.0)),
        )


def indexes_of(connection: Rows) -> dict[str, str]:
    """Return each index by its name, and the one of its partitioned table that it is part of, or itself."""
    rows = connection.execute(
        "select c.relname as name, r.relname as root from pg_class as c, lateral (select p.relname"
        " from pg_partition_ancestors(c.oid) with ordinality as a (oid, place)"
        " join pg_class as p on p.oid = a.oid order by a.place desc limit 1) as r"
        " where c.relkind in ('i', 'I')"
    ).fetchall()
    return {row["name"]: row["root"] for row in rows}


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
