"""What the catalog says of rows: columns, keys, checks, partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import psycopg

Rows: TypeAlias = "psycopg.Connection[dict[str, Any]]"
"""A connection whose rows are dictionaries."""

_SQL = Path(__file__).with_name("sql")


@dataclass(frozen=True)
class Column:
    """A column; `base` is its type, that beneath a domain, without its modifier."""

    name: str
    base: str
    category: str
    modifier: int
    nullable: bool
    default: str | None
    made_by_server: bool
    """Whether it is generated or an identity."""
    labels: tuple[str, ...]
    """An enum's values."""


@dataclass(frozen=True)
class ForeignKey:
    """Columns that name a row of a parent."""

    parent: int
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A condition that each row fulfils or leaves open."""

    name: str
    expression: str
    columns: frozenset[str]


@dataclass(frozen=True)
class Unique:
    """Expressions that no two rows share; `columns` are those that are plain columns."""

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    predicate: str | None


@dataclass
class Table:
    """A table that rows can be made for."""

    oid: int
    schema: str
    name: str
    partition_key: str | None
    bounds: tuple[str, ...]
    exclusions: tuple[str, ...]
    columns: list[Column] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    looked_up_by: set[str] = field(default_factory=set)
    """Columns of any index."""
    predicates: list[str] = field(default_factory=list)
    """The conditions of its partial indexes."""

    @property
    def label(self) -> str:
        """Its name with its schema."""
        return f"{self.schema}.{self.name}"

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)


def read_shape(connection: Rows) -> dict[int, Table]:
    """Return the tables of a database, with all that rows must satisfy, by oid."""
    rows = connection.execute(_read("tables")).fetchall()
    tables = {row["oid"]: Table(**{key: _frozen(value) for key, value in row.items()}) for row in rows}
    for row in _rows(connection, "columns", tables):
        tables[row.pop("table_oid")].columns.append(Column(**{**row, "labels": tuple(row["labels"])}))
    for row in _rows(connection, "foreign_keys", tables):
        parent, columns = row["parent_oid"], tuple(row["columns"])
        key = ForeignKey(parent, columns, tuple(row["parent_columns"]))
        tables[row["table_oid"]].foreign_keys.append(key)
    for row in _rows(connection, "checks", tables):
        check = Check(row["name"], row["expression"], frozenset(row["columns"]))
        tables[row["table_oid"]].checks.append(check)
    for row in _rows(connection, "uniques", tables):
        unique = Unique(tuple(row["keys"]), tuple(row["columns"]), row["predicate"])
        tables[row["table_oid"]].uniques.append(unique)
    for row in _rows(connection, "keys", tables):
        tables[row["table_oid"]].looked_up_by.update(row["columns"])
        tables[row["table_oid"]].predicates += [row["predicate"]] if row["predicate"] else []
    name_parents(tables)
    return tables


def name_parents(tables: Mapping[int, Table]) -> None:
    """Let columns that refer to a row without a foreign key do as their namesakes with one do."""
    parents = {
        (key.columns[0], table.column(key.columns[0]).base): key
        for table in tables.values()
        for key in table.foreign_keys
        if len(key.columns) == 1
    }
    for table in tables.values():
        bound = {name for key in table.foreign_keys for name in key.columns}
        for column in table.columns:
            namesake = parents.get((column.name, column.base))
            if namesake and column.name not in bound and namesake.parent != table.oid:
                table.foreign_keys.append(namesake)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _rows(connection: Rows, name: str, tables: dict[int, Table]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.execute(_read(name), {"tables": list(tables)}).fetchall()
    return rows


@cache
def _read(name: str) -> bytes:
    return (_SQL / f"{name}.sql").read_bytes()
