"""A database that the planner believes to be as large as one likes: sparse files and restored statistics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.plans.laboratory import COMPLETE, Laboratory, Size, opened
from gatepost.plans.shape import Rows
from gatepost.plans.statements import run
from gatepost.provider.sqltext import ident, joined, literal, part, raw

_PAGE = 8192
_SEGMENT = 131_072
"""Pages of a file; a larger relation has several."""
_SQL = Path(__file__).with_name("sql")
_GREW = 3.0
"""A column whose distinct values became so many times more with ten times the rows has more at every size."""
Told = Callable[[str], None]


@dataclass(frozen=True)
class Relation:
    """A table, partition or index: where it is and how large it shall seem."""

    schema: str
    name: str
    file: str
    """Its first file, below the data folder; empty where it has none."""
    pages: int
    tuples: float


@contextmanager
def believed(lab: Laboratory, sizes: Sequence[Size], rows: float, told: Told) -> Iterator[Rows]:
    """Lend a connection to the empty copy, of which the planner believes that it has so many rows.

    Statistics come from the largest filled copy; what grew between the two largest ones goes on growing.
    """
    before, after = sizes[-2], sizes[-1]
    factor = rows / after.rows
    told(f"{rows:,.0f} rows: reading statistics")
    with after.connect() as connection:
        relations = _read(connection, "relations")
        columns = _read(connection, "statistics")
    with before.connect() as connection:
        distinct = {_key(one): one["n_distinct"] for one in _read(connection, "statistics")}
    fixed = _fixed(relations, before)
    with opened(lab.at(COMPLETE)) as connection:
        made = [_seeming(one, factor, fixed, connection) for one in relations]
    told(f"{rows:,.0f} rows: sparse files of {sum(one.pages for one in made) * _PAGE / 1e12:.1f} TB")
    lab.server.stop()
    for one in made:
        _extend(lab.server.data / one.file, one.pages)
    lab.server.start()
    told(f"{rows:,.0f} rows: restoring statistics")
    with opened(lab.at(COMPLETE)) as connection:
        for one in made:
            _restore_relation(one, connection)
        for column in columns:
            _restore_column(column, distinct.get(_key(column)), factor, connection)
        yield connection


def _read(connection: Rows, name: str) -> list[dict[str, Any]]:
    return connection.execute((_SQL / f"{name}.sql").read_bytes()).fetchall()


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["schema"], row["table"], row["column"]


def _fixed(relations: Sequence[Mapping[str, Any]], before: Size) -> frozenset[tuple[str, str]]:
    """Return the tables and indexes that have as many rows at every size: reference tables."""
    with before.connect() as connection:
        smaller = {(one["schema"], one["name"]): one["tuples"] for one in _read(connection, "relations")}
    return frozenset(
        (one["schema"], one["name"])
        for one in relations
        if one["tuples"] < _GREW * smaller.get((one["schema"], one["name"]), 0)
    )


def _seeming(
    row: Mapping[str, Any], factor: float, fixed: frozenset[tuple[str, str]], connection: Rows
) -> Relation:
    found = run(
        connection,
        "select pg_relation_filepath({name}::regclass) as file",
        name=literal(ident(row["schema"], row["name"]).as_string(None)),
    ).fetchone()
    times = 1.0 if (row["schema"], row["name"]) in fixed else factor
    file = (found or {}).get("file") or ""
    return Relation(
        row["schema"], row["name"], file, max(1, int(row["pages"] * times)), row["tuples"] * times
    )


def _extend(file: Path, pages: int) -> None:
    """Let a relation's files seem to hold so many pages; the disk holds none of them."""
    if not file.is_file():
        return
    owner = file.stat()
    for number in range(0, pages, _SEGMENT):
        segment = file if number == 0 else file.with_name(f"{file.name}.{number // _SEGMENT}")
        size = min(_SEGMENT, pages - number) * _PAGE
        with segment.open("ab") as opened_file:
            if size > opened_file.tell():
                opened_file.truncate(size)
        if number:
            os.chown(segment, owner.st_uid, owner.st_gid)
            segment.chmod(owner.st_mode & 0o777)


def _restore_relation(one: Relation, connection: Rows) -> None:
    run(
        connection,
        "select pg_restore_relation_stats('version', {v}, 'schemaname', {s}, 'relname', {n},"
        " 'relpages', {p}::integer, 'reltuples', {t}::real, 'relallvisible', {p}::integer)",
        v=raw("180000"),
        s=literal(one.schema),
        n=literal(one.name),
        p=raw(str(min(one.pages, 2**31 - 2))),
        t=raw(str(one.tuples)),
    )


_KINDS = {
    "null_frac": "real",
    "avg_width": "integer",
    "n_distinct": "real",
    "most_common_vals": "text",
    "most_common_freqs": "real[]",
    "histogram_bounds": "text",
    "correlation": "real",
}


def _restore_column(row: Mapping[str, Any], before: float | None, factor: float, connection: Rows) -> None:
    """Restore a column's statistics; the number of its distinct values grows where it grew before."""
    values = {name: row[name] for name in _KINDS if row[name] is not None}
    if before and before > 0 and values["n_distinct"] > _GREW * before:
        values["n_distinct"] = min(values["n_distinct"] * factor, 3e9)
    pairs = joined(
        (
            part("{k}, {v}::{t}", k=literal(name), v=literal(str(value)), t=raw(_KINDS[name]))
            for name, value in values.items()
        )
    )
    run(
        connection,
        "select pg_restore_attribute_stats('version', 180000, 'schemaname', {s}, 'relname', {t},"
        " 'attname', {c}, 'inherited', {i}, {pairs})",
        s=literal(row["schema"]),
        t=literal(row["table"]),
        c=literal(row["column"]),
        i=raw("true" if row["inherited"] else "false"),
        pairs=pairs,
    )
