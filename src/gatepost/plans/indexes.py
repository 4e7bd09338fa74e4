"""Indexes that no query needs: used by none, or only the beginning of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.plans.shape import Rows

_SQL = Path(__file__).with_name("sql") / "indexes.sql"


@dataclass(frozen=True)
class IndexFinding:
    """An index that could go, and why."""

    index: str
    table: str
    reason: str


def read_indexes(connection: Rows) -> list[dict[str, Any]]:
    """Return the indexes of a database with how often they were scanned."""
    connection.execute("select pg_stat_force_next_flush()")
    return connection.execute(_SQL.read_bytes()).fetchall()


def redundant(indexes: list[dict[str, Any]]) -> Iterator[IndexFinding]:
    """Yield each index that is the beginning of another, of which the later named one stays."""
    gone: set[str] = set()
    for one in indexes:
        for other in indexes:
            if other["name"] not in gone and _stands_in(other, one):
                gone.add(one["name"])
                reason = f"{other['name']} begins with the same columns and serves the same queries: drop it"
                yield IndexFinding(one["name"], f"{one['schema']}.{one['table']}", reason)
                break


def unused(indexes: list[dict[str, Any]]) -> Iterator[IndexFinding]:
    """Yield each index that no query used, but for those of constraints."""
    for one in indexes:
        if not one["scans"] and not one["is_constraint"]:
            reason = "no query of any feature uses it: write the query that it is for, or drop it"
            yield IndexFinding(one["name"], f"{one['schema']}.{one['table']}", reason)


def _stands_in(other: dict[str, Any], one: dict[str, Any]) -> bool:
    """Return whether `other` answers whatever `one` does, rows made unique aside."""
    same = all(one[key] == other[key] for key in ("schema", "table", "method", "predicate"))
    begins = other["keys"][: len(one["keys"])] == one["keys"]
    holds = set(one["holds"]) <= set(other["holds"])
    differ = one["name"] != other["name"]
    return differ and same and begins and holds and not one["is_unique"] and one["method"] == "btree"
