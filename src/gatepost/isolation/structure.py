"""What the catalog says a row must be like: columns, constraints, keys, partitions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection


@cache
def query(name: str) -> LiteralString:
    """Return the text of a named query of this package."""
    return files("gatepost.isolation").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def rows_of(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Run a named query and return its rows."""
    from psycopg.rows import dict_row

    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query(name)).fetchall()


@dataclass(frozen=True)
class ColumnFacts:
    """A column, and what its type takes; of a domain, what lies below it."""

    name: str
    type: str
    category: str
    """PostgreSQL's own letter: `N`umeric, `S`tring, `D`ate or time, `A`rray, …"""
    short_type: str
    element: str | None
    required: bool
    identity: str
    generated: str
    default_value: str | None
    labels: tuple[str, ...]
    """Of an enumeration."""
    domain_checks: tuple[str, ...]

    @property
    def is_given(self) -> bool:
        """Whether an insert may say its value."""
        return not self.generated and self.identity != "a"


@dataclass(frozen=True)
class KeyFacts:
    """A constraint or unique index: `kind` is p, u, c, f, x, or i for an index alone."""

    name: str
    kind: str
    definition: str
    columns: tuple[str, ...]
    referenced: str | None
    referenced_columns: tuple[str, ...]


@dataclass(frozen=True)
class TableFacts:
    """A table as the catalog has it."""

    name: str
    owner: str
    row_security: bool
    forced: bool
    columns: Mapping[str, ColumnFacts]
    keys: tuple[KeyFacts, ...]
    partition_columns: tuple[str, ...]
    partitions: tuple[str, ...]
    """The tables that hold its rows, where it is partitioned."""
    bounds: tuple[str, ...]
    """Of each of them, which rows it holds."""

    def of_kind(self, *kinds: str) -> list[KeyFacts]:
        """Return the constraints of these kinds."""
        return [key for key in self.keys if key.kind in kinds]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell a row from others: a primary key, a unique key without nulls, or all."""
        for kind in ("p", "u"):
            for one in self.of_kind(kind):
                if all(self.columns[name].required for name in one.columns):
                    return one.columns
        return tuple(self.columns)


def structure_of(connection: Connection) -> dict[str, TableFacts]:
    """Return the facts of every table that is no partition."""
    columns: dict[str, dict[str, ColumnFacts]] = defaultdict(dict)
    for row in rows_of(connection, "columns"):
        table = row.pop("table_name")
        listed: Any = {name: tuple(row.pop(name)) for name in ("labels", "domain_checks")}
        columns[table][row["name"]] = ColumnFacts(**row, **listed)
    keys: dict[str, list[KeyFacts]] = defaultdict(list)
    for row in rows_of(connection, "keys"):
        table = row.pop("table_name")
        listed = {name: tuple(row.pop(name) or ()) for name in ("columns", "referenced_columns")}
        keys[table].append(KeyFacts(**row, **listed))
    relations = rows_of(connection, "relations")
    return {
        row["name"]: _facts(row, columns[row["name"]], keys[row["name"]], relations)
        for row in relations
        if row["kind"] in ("r", "p") and not row["is_partition"]
    }


def _facts(
    row: Mapping[str, Any],
    columns: Mapping[str, ColumnFacts],
    keys: Sequence[KeyFacts],
    relations: Sequence[Mapping[str, Any]],
) -> TableFacts:
    leaves = _leaves(row["name"], relations) if row["kind"] == "p" else []
    return TableFacts(
        row["name"],
        row["owner"],
        row["row_security"],
        row["forced"],
        columns,
        tuple(sorted(keys, key=lambda key: key.name)),
        tuple(row["partition_columns"]),
        tuple(one["name"] for one in leaves),
        tuple(one["bounds"] or "" for one in leaves),
    )


def _leaves(parent: str, relations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for one in relations:
        if one["parent"] == parent and one["is_partition"]:
            found += _leaves(one["name"], relations) if one["kind"] == "p" else [one]
    return sorted(found, key=lambda one: str(one["name"]))
