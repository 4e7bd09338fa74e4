"""What became of the rows that were copied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from gatepost.gates.rehearsal.sampling import found

Name = tuple[str, str]
"""A table's schema and name."""
Rows = dict[str, dict[str, Any]]
"""Rows by their key, as JSON."""


@dataclass(frozen=True)
class Sampled:
    """The rows of every table that has a key, and the types of its columns."""

    rows: Mapping[Name, Rows]
    types: Mapping[Name, Mapping[str, str]]


@dataclass
class Fate:
    """What became of sampled rows."""

    kept: int = 0
    lost: dict[Name, int] = field(default_factory=dict)
    """By table; of one that is gone altogether they are lost too."""
    changed: dict[str, int] = field(default_factory=dict)
    """Values that are others now, by `schema.table.column`."""


def sampled(clone: psycopg.Connection[Any]) -> Sampled:
    """Return the rows that the copy has now."""
    tables = [table for table in found(clone, "tables") if table["key"]]
    names = {(table["schema"], table["name"]): table for table in tables}
    rows = {name: dict(_keyed(clone, table)) for name, table in names.items()}
    return Sampled(rows, {name: table["types"] for name, table in names.items()})


def _keyed(clone: psycopg.Connection[Any], table: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = sql.Identifier(table["schema"], table["name"])
    for (row,) in clone.execute(sql.SQL("select to_jsonb(t) from {} as t").format(name)):
        yield json.dumps([row[column] for column in table["key"]]), row


def fate(before: Sampled, after: Sampled) -> Fate:
    """Return what became of the rows of before; columns that are gone or of another type are not compared."""
    outcome = Fate()
    for name, rows in before.rows.items():
        now = after.rows.get(name, {})
        types, types_now = before.types[name], after.types.get(name, {})
        columns = [one for one, kind in types.items() if types_now.get(one) == kind]
        for key, row in rows.items():
            if key not in now:
                outcome.lost[name] = outcome.lost.get(name, 0) + 1
                continue
            outcome.kept += 1
            for column in (one for one in columns if row[one] != now[key][one]):
                place = f"{name[0]}.{name[1]}.{column}"
                outcome.changed[place] = outcome.changed.get(place, 0) + 1
    return outcome
