"""What a deployment does to clients: they read and write what it touches while it runs on the copy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql

from gatepost.gates.gate import Site
from gatepost.gates.rehearsal.clone import Clone
from gatepost.gates.rehearsal.estimates import Size, estimates
from gatepost.gates.rehearsal.sampling import Connection, found
from gatepost.gates.rehearsal.told import Told
from gatepost.gates.rehearsal.watching import Watch
from gatepost.gates.verdict import Row, Verdict
from gatepost.load.background import Background, background
from gatepost.load.result import Result
from gatepost.load.run import DATABASE
from gatepost.words import took

TABLES = "GATEPOST_REHEARSAL_TABLES"
_LONGEST = 0.5
"""Seconds that clients may be kept waiting, on the copy."""
_CLIENTS = 4


@dataclass
class Disturbance:
    """The clients, the watch, and what is allowed."""

    watch: Watch
    planned: Mapping[str, str]
    """The table of each planned statement, by its text; of a verbatim one, what it makes."""
    touched: list[tuple[str, str, str]]
    """Schema, name and a column of each table of the target that the plan touches."""
    here: Mapping[str, Size]
    there: Mapping[str, Size]
    root: Path
    clients: int
    longest: float
    longest_statement: float | None
    load: Background | None = None

    @classmethod
    def of(cls, site: Site, clone: Clone, planned: Mapping[str, str]) -> Disturbance:
        """Return what a plan disturbs on the copy."""
        with clone.superuser() as connection:
            tables = {f"{one['schema']}.{one['name']}": one for one in found(connection, "tables")}
            here = {name: _size(connection, one) for name, one in tables.items()}
        others = [text for text, on in planned.items() if on not in tables]
        touched = [
            (one["schema"], one["name"], (one["key"] or one["writable"])[0])
            for name, one in tables.items()
            if name in planned.values() or _is_named(name, others)
        ]
        given = site.option("longest_statement", None)
        return cls(
            Watch(clone.login.url),
            planned,
            touched,
            here,
            clone.sizes,
            site.root,
            int(site.option("clients", _CLIENTS)),
            float(site.option("longest_lock", _LONGEST)),
            None if given is None else float(given),
        )

    def judge(self, told: Told) -> None:
        """Tell what clients felt, what was locked for how long, and how long statements may take there."""
        self._judge_load(told)
        for (table, mode), seconds in sorted(self.watch.held.items(), key=lambda item: -item[1]):
            self._judge_lock(told, "long-lock", table, seconds, f"{mode} for {_ms(seconds)}")
        for table, seconds in sorted(self.watch.waited.items(), key=lambda item: -item[1]):
            self._judge_lock(told, "long-wait", table, seconds, f"a client waited {_ms(seconds)}")
        self._judge_statements(told)

    def _judge_lock(self, told: Told, rule: str, table: str, seconds: float, figure: str) -> None:
        verdict = Verdict.FAIL if seconds > self.longest else Verdict.PASS
        told.rows.append(Row(table, verdict, figure, _ms(self.longest)))
        if verdict is Verdict.FAIL:
            told.fail(rule, f"{table}: {figure}, {_ms(self.longest)} are allowed")

    def _judge_load(self, told: Told) -> None:
        if not self.touched or not self.clients:
            told.evidence.append("no client: the plan touches no table that is there")
            return
        result = self.load.result if self.load else None
        if result is None or not result.count:
            told.unknown = told.unknown or "the clients wrote nothing down: what they felt is not known"
            return
        told.evidence.append(_felt(result, self.clients, len(self.touched)))
        told.evidence += [f"a client was refused: {one}" for one in result.errors[:5]]

    def _judge_statements(self, told: Told) -> None:
        for one in estimates(self.watch.statements, self.planned, self.here, self.there):
            limit = self.longest_statement
            shown = "cannot be told" if one.seconds is None else f"about {took(one.seconds)} on the target"
            slow = limit is not None and one.seconds is not None and one.seconds > limit
            unknown = limit is not None and one.seconds is None
            verdict = Verdict.FAIL if slow else Verdict.INCONCLUSIVE if unknown else Verdict.PASS
            allowed = "no limit" if limit is None else took(limit)
            name = " ".join(one.statement.split())[:80]
            told.rows.append(Row(name, verdict, f"{shown}: {one.basis}", allowed))
            if slow:
                told.fail("long-statement", f"{name}: {shown}, {allowed} are allowed: {one.basis}")
            elif unknown:
                told.unknown = told.unknown or f"{name}: {one.basis}"


def _is_named(table: str, statements: Iterable[str]) -> bool:
    """Return whether a statement has a table in its text."""
    word = re.compile(rf"(?<![\w.]){re.escape(table)}(?!\w)")
    return any(word.search(one) for one in statements)


def _size(connection: Connection, table: Mapping[str, Any]) -> Size:
    """Count a table of the copy, whose statistics are the target's."""
    name = sql.Identifier(table["schema"], table["name"])
    rows = connection.execute(sql.SQL("select count(*) from {}").format(name)).fetchone() or (0,)
    text = name.as_string(connection)
    pages = connection.execute(
        "select pg_relation_size(%s::regclass) / current_setting('block_size')::int", [text]
    ).fetchone() or (0,)
    return Size(float(rows[0]), max(1, int(pages[0])))


@contextmanager
def disturbing(disturbance: Disturbance, tell: Callable[[str], None]) -> Iterator[None]:
    """Let clients read and write what the plan touches, and look on, while the block runs."""
    if not disturbance.touched or not disturbance.clients:
        with disturbance.watch:
            yield
        return
    tell(f"{disturbance.clients} clients on {len(disturbance.touched)} tables")
    environment = {DATABASE: disturbance.watch.url, TABLES: json.dumps(disturbance.touched)}
    file = Path(__file__).with_name("clients.py")
    with background(file, disturbance.clients, environment, disturbance.root) as load:
        disturbance.load = load
        with disturbance.watch:
            yield


def _felt(result: Result, clients: int, tables: int) -> str:
    slowest = max((time for one in result.requests for time, _ in one.times), default=0.0)
    failed = sum(one.failures for one in result.requests)
    return (
        f"{clients} clients read and wrote {tables} tables {result.count} times meanwhile, {failed} times in"
        f" vain; the slowest took {slowest:.0f} ms"
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
