"""A sample of the target's rows on the copy: of a large table a part, with each row what it refers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]
Table = Mapping[str, Any]
Name = Sequence[str]
"""A table's schema and name."""
Readers = tuple[str, str]
"""The role that sees every tenant's rows, and the one that owns the tables."""
_SPARE, _PAGES = 4, 20
"""Of a large table pages are drawn for so many times the rows that are wanted, and so many at least."""
_AT_ONCE = 1000
"""So many rows are asked for at a time by their keys."""


@cache
def query(name: str) -> LiteralString:
    """Return the text of a named query of this package."""
    return files("gatepost.gates.rehearsal").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def found(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Return the rows of a named query."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query(name)).fetchall()


@dataclass(frozen=True)
class _Source:
    """The target, as one role or another sees it."""

    connection: Connection
    readers: Readers
    all_seeing: Mapping[str, Sequence[str]]
    """Roles whose row security on a table hides nothing, by `schema.table`."""

    def read(self, table: Name, copy: sql.Composed) -> list[bytes] | None:
        """Return the lines of a COPY, as the first role that may give it sees them; None where nobody may."""
        reader, owner = self.readers
        # switched off, row security refuses what it would cut short
        asked = [(reader, "on"), (owner, "off")]
        for role, row_security in asked + [(one, "on") for one in self.all_seeing.get(".".join(table), ())]:
            with suppress(psycopg.errors.InsufficientPrivilege), self.connection.transaction():
                self.connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
                self.connection.execute(f"set local row_security = {row_security}")
                with self.connection.cursor().copy(copy) as lines:
                    return [bytes(line) for line in lines]
        return None


def copy(source: Connection, clone: Connection, readers: Readers, sample: int) -> list[str]:
    """Copy up to `sample` rows a table and return the tables that nobody may read.

    Each table is read by the first that may: the two of `readers`, the owner only where row security hides
    nothing, then the roles that a policy lets see every row. Rows that these refer to are copied beside them,
    however many there are. What they may not see leaves rows without what they refer to: they go again, so
    that every foreign key holds.
    """
    sizes = {one["name"]: (one["rows"], one["pages"]) for one in found(source, "sizes")}
    clone.execute("set session_replication_role = replica")
    skipped = list[str]()
    with source.transaction(force_rollback=True):
        source.execute("set transaction isolation level repeatable read read only")
        all_seeing = {one["name"]: one["roles"] for one in found(source, "all_seeing")}
        given = _Source(source, readers, all_seeing)
        for table in found(clone, "tables"):
            name = f"{table['schema']}.{table['name']}"
            if not _copy(given, clone, table, sample, sizes.get(name, (-1, 0))):
                skipped.append(name)
        keys = found(clone, "foreign_keys")
        while sum(_copy_parents(given, clone, key) for key in keys):
            pass
    while sum(_delete_orphans(clone, key) for key in keys):
        pass
    clone.execute("set session_replication_role = origin")
    _advance_sequences(clone)
    return skipped


def _copy(source: _Source, clone: Connection, table: Table, sample: int, size: tuple[float, int]) -> bool:
    """Copy a table's share; of a large one pages by chance, so that it is not only the oldest rows."""
    name = sql.Identifier(table["schema"], table["name"])
    rows, pages = size
    share: sql.Composable = sql.SQL("")
    if rows > sample * _SPARE and pages > _PAGES:
        percent = max(100 * sample * _SPARE / rows, 100 * _PAGES / pages)
        share = sql.SQL(" tablesample system ({}) order by random()").format(sql.Literal(round(percent, 6)))
    query = sql.SQL("select {} from {}{} limit {}").format(
        _listed(table["writable"]), name, share, sql.Literal(sample)
    )
    return _carry(source, clone, query, (table["schema"], table["name"]), table["writable"])


def _copy_parents(source: _Source, clone: Connection, key: Table) -> int:
    """Copy the rows that copied rows refer to and that are not there yet; return how many came."""
    parent, came = sql.Identifier(*key["parent"]), 0
    missing = clone.execute(_missing(key)).fetchall()
    for start in range(0, len(missing), _AT_ONCE):
        query = sql.SQL("select {} from {} where ({}) in (select * from unnest({}))").format(
            _listed(key["of_writable"]),
            parent,
            _listed(key["of_columns"]),
            _arrays(missing[start : start + _AT_ONCE], key["of_types"]),
        )
        before = _count(clone, parent)
        if not _carry(source, clone, query, key["parent"], key["of_writable"]):
            return came
        came += _count(clone, parent) - before
    return came


def _missing(key: Table) -> sql.Composed:
    """Return the query of what rows refer to and what is not there, as text."""
    referring = sql.SQL(", ").join(
        sql.SQL("child.{}::text").format(sql.Identifier(one)) for one in key["columns"]
    )
    return sql.SQL("select distinct {} from {}").format(referring, _orphans(key))


def _arrays(rows: Sequence[tuple[str, ...]], types: Sequence[str]) -> sql.Composed:
    columns = zip(*rows, strict=True)
    return sql.SQL(", ").join(
        sql.SQL("{}::{}[]").format(sql.Literal(list(values)), sql.SQL(kind))
        for values, kind in zip(columns, types, strict=True)
    )


def _orphans(key: Table) -> sql.Composed:
    """Return what stands after `from`: rows whose foreign key is filled and points at nothing."""
    pairs = list(zip(key["columns"], key["of_columns"], strict=True))
    filled = sql.SQL(" and ").join(
        sql.SQL("child.{} is not null").format(sql.Identifier(column)) for column, _ in pairs
    )
    same = sql.SQL(" and ").join(
        sql.SQL("parent.{} = child.{}").format(sql.Identifier(of), sql.Identifier(column))
        for column, of in pairs
    )
    child, parent = sql.Identifier(*key["child"]), sql.Identifier(*key["parent"])
    return sql.SQL("{} as child where {} and not exists (select from {} as parent where {})").format(
        child, filled, parent, same
    )


def _delete_orphans(clone: Connection, key: Table) -> int:
    return clone.execute(sql.SQL("delete from {}").format(_orphans(key))).rowcount


def _carry(
    source: _Source,
    clone: Connection,
    query: sql.Composed,
    table: Name,
    columns: Sequence[str],
) -> bool:
    """Copy what a query returns; return whether it may be asked."""
    write = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(*table), _listed(columns))
    data = source.read(table, sql.SQL("copy ({}) to stdout").format(query))
    if data is None:
        return False
    with clone.cursor().copy(write) as written:
        for line in data:
            written.write(line)
    return True


def _count(clone: Connection, table: sql.Identifier) -> int:
    row = clone.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    return int(row[0]) if row else 0


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _advance_sequences(clone: Connection) -> None:
    """Let each sequence go on after the rows that were copied."""
    for one in found(clone, "sequences"):
        name = sql.Literal(sql.Identifier(*one["sequence"]).as_string(clone))
        column, table = sql.Identifier(one["on_column"]), sql.Identifier(*one["on_table"])
        clone.execute(sql.SQL("select setval({}, max({})) from {}").format(name, column, table))
