"""A sample of the target's rows on the copy, whole in its references, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

Name = tuple[str, str]
"""A table's schema and name."""
Rows = dict[str, dict[str, Any]]
"""Rows by their key, as JSON."""


@cache
def _query(name: str) -> LiteralString:
    return files("gatepost.gates.rehearsal").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


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


def copy(
    source: psycopg.Connection[Any], clone: psycopg.Connection[Any], reader: str, sample: int
) -> list[str]:
    """Copy up to `sample` rows a table, as `reader` sees them, and return the tables that it may not read.

    Rows that refer to one that was not copied go again, so that every foreign key holds.
    """
    clone.execute("set session_replication_role = replica")
    skipped = list[str]()
    with source.transaction(force_rollback=True):
        source.execute("set transaction isolation level repeatable read read only")
        source.execute(sql.SQL("set local role {}").format(sql.Identifier(reader)))
        for table in _tables(clone):
            if not _copy(source, clone, table, sample):
                skipped.append(f"{table['schema']}.{table['name']}")
    clone.execute("set session_replication_role = origin")
    _drop_orphans(clone)
    _advance_sequences(clone)
    return skipped


def _advance_sequences(clone: psycopg.Connection[Any]) -> None:
    """Let each sequence go on after the rows that were copied."""
    with clone.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_query("sequences")).fetchall()
    for one in found:
        name = sql.Literal(sql.Identifier(*one["sequence"]).as_string(clone))
        column, table = sql.Identifier(one["on_column"]), sql.Identifier(*one["on_table"])
        clone.execute(sql.SQL("select setval({}, max({})) from {}").format(name, column, table))


def _tables(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_query("tables")).fetchall()


def _copy(
    source: psycopg.Connection[Any], clone: psycopg.Connection[Any], table: Mapping[str, Any], sample: int
) -> bool:
    name = sql.Identifier(table["schema"], table["name"])
    columns = sql.SQL(", ").join(map(sql.Identifier, table["writable"]))
    read = sql.SQL("copy (select {} from {} limit {}) to stdout").format(columns, name, sql.Literal(sample))
    write = sql.SQL("copy {} ({}) from stdin").format(name, columns)
    try:
        with source.transaction(), source.cursor().copy(read) as lines:
            data = [bytes(line) for line in lines]
    except psycopg.errors.InsufficientPrivilege:
        return False
    with clone.cursor().copy(write) as written:
        for line in data:
            written.write(line)
    return True


def _drop_orphans(clone: psycopg.Connection[Any]) -> None:
    """Delete rows whose foreign keys point at nothing, until none does."""
    with clone.cursor(row_factory=dict_row) as cursor:
        keys = cursor.execute(_query("foreign_keys")).fetchall()
    clone.execute("set session_replication_role = replica")
    while sum(_delete_orphans(clone, key) for key in keys):
        pass
    clone.execute("set session_replication_role = origin")


def _delete_orphans(clone: psycopg.Connection[Any], key: Mapping[str, Any]) -> int:
    pairs = list(zip(key["columns"], key["of_columns"], strict=True))
    filled = sql.SQL(" and ").join(
        sql.SQL("child.{} is not null").format(sql.Identifier(column)) for column, _ in pairs
    )
    same = sql.SQL(" and ").join(
        sql.SQL("parent.{} = child.{}").format(sql.Identifier(of), sql.Identifier(column))
        for column, of in pairs
    )
    child, parent = sql.Identifier(*key["child"]), sql.Identifier(*key["parent"])
    statement = sql.SQL(
        "delete from {} as child where {} and not exists (select from {} as parent where {})"
    ).format(child, filled, parent, same)
    return clone.execute(statement).rowcount


def sampled(clone: psycopg.Connection[Any]) -> Sampled:
    """Return the rows that the copy has now."""
    tables = [table for table in _tables(clone) if table["key"]]
    names = {(table["schema"], table["name"]): table for table in tables}
    found = {name: dict(_keyed(clone, table)) for name, table in names.items()}
    return Sampled(found, {name: table["types"] for name, table in names.items()})


def _keyed(clone: psycopg.Connection[Any], table: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = sql.Identifier(table["schema"], table["name"])
    for (row,) in clone.execute(sql.SQL("select to_jsonb(t) from {} as t").format(name)):
        yield json.dumps([row[column] for column in table["key"]]), row


def fate(before: Sampled, after: Sampled) -> Fate:
    """Return what became of the rows of before; columns that are gone or of another type are not compared."""
    found = Fate()
    for name, rows in before.rows.items():
        now = after.rows.get(name, {})
        types, types_now = before.types[name], after.types.get(name, {})
        columns = [one for one, kind in types.items() if types_now.get(one) == kind]
        for key, row in rows.items():
            if key not in now:
                found.lost[name] = found.lost.get(name, 0) + 1
                continue
            found.kept += 1
            for column in (one for one in columns if row[one] != now[key][one]):
                place = f"{name[0]}.{name[1]}.{column}"
                found.changed[place] = found.changed.get(place, 0) + 1
    return found
