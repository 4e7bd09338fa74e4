"""Copies of a database's structure at several sizes, on a server that is gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from psycopg import sql

from gatepost.plans.shape import Rows, Table, read_shape
from gatepost.plans.statements import run
from gatepost.plans.volume import VolumeFile, fill
from gatepost.postgres.connect import Target, connect, translating
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.postgres.structure import Structure, apply
from gatepost.postgres.throwaway import throwaway_server
from gatepost.provider.sqltext import ident, idents, joined, raw

_SETTINGS = {
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "track_functions": "all",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_connections": "1000",
}
_BARE, COMPLETE = "bare", "complete"
Told = Callable[[str], None]


@dataclass(frozen=True)
class ReferenceRows:
    """Rows that every environment has: the statements that insert them, and the role that runs them."""

    name: str
    sql: str
    role: str


@dataclass(frozen=True)
class Size:
    """A filled database."""

    rows: int
    """Of its largest tables."""
    target: Target

    @contextmanager
    def connect(self) -> Iterator[Rows]:
        """Lend a superuser's connection, whose rows are dictionaries."""
        with opened(self.target) as connection:
            yield connection


@dataclass(frozen=True)
class Laboratory:
    """The throw-away server with the structure on it."""

    server: EmbeddedServer
    shape: Mapping[int, Table]
    files: Sequence[VolumeFile]
    structure: Structure

    def at(self, database: str) -> Target:
        """Return a database of the server as its superuser sees it."""
        found = self.server.connection("postgres")
        return Target(found.host, found.port, found.user, database, found.password, sslmode="disable")

    def fill(self, sizes: Sequence[int], told: Told) -> list[Size]:
        """Make a filled copy for each size, side by side."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            made = [pool.submit(self._fill, rows, told) for rows in sorted(sizes, reverse=True)]
            return sorted((one.result() for one in made), key=lambda size: size.rows)

    def _fill(self, rows: int, told: Told) -> Size:
        target = self.at(f"rows_{rows}")
        with opened(self.at("postgres")) as connection:
            run(connection, "create database {d} template {t}", d=ident(target.database), t=ident(_BARE))
        with opened(target) as connection, translating(f"filling a database with {rows:,} rows"):
            fill(
                connection, self.shape, list(self.files), rows, lambda table: told(f"{rows:,} rows: {table}")
            )
        told(f"{rows:,} rows: indexes and constraints")
        apply(self.structure.after_rows, target)
        with opened(target) as connection:
            connection.execute("vacuum analyze")
            connection.execute("select pg_stat_reset()")
        return Size(rows, target)


@contextmanager
def laboratory(
    structure: Structure, reference: Sequence[ReferenceRows], files: Sequence[VolumeFile]
) -> Iterator[Laboratory]:
    """Make a throw-away server with an empty copy of the structure, its reference rows aside.

    :raises StatementFailed: the structure or its reference rows cannot be made there.
    """
    with throwaway_server(_SETTINGS) as server:
        bare = Laboratory(server, {}, files, structure)
        structure.make_roles(bare.at("postgres"))
        with opened(bare.at("postgres")) as connection:
            run(connection, "create database {d} template template0", d=ident(_BARE))
            apply(structure.before_rows, bare.at(_BARE))
            run(connection, "create database {d} template {t}", d=ident(COMPLETE), t=ident(_BARE))
        apply(structure.after_rows, bare.at(COMPLETE))
        with opened(bare.at(COMPLETE)) as complete, opened(bare.at(_BARE)) as copy:
            for rows in reference:
                insert(rows, complete)
            shape = read_shape(complete)
            for table in shape.values():
                _copy(table, complete, copy)
            # Statistics are restored into the empty copy; no trigger refuses here.
            complete.execute("set session_replication_role = replica")
            everything = joined(ident(table.schema, table.name) for table in shape.values())
            run(complete, "truncate {tables} cascade", tables=everything)
        yield replace(bare, shape=shape)


def insert(rows: ReferenceRows, connection: Rows) -> None:
    """Insert reference rows as the role that a deployment inserts them as."""
    with translating(f"inserting the reference rows {rows.name}"), connection.transaction():
        run(connection, "set local role {role}", role=ident(rows.role))
        run(connection, "{rows}", rows=raw(rows.sql))


def _copy(table: Table, source: Rows, copy: Rows) -> None:
    """Copy a table's rows, as far as they are there."""
    parts = {
        "name": ident(table.schema, table.name),
        "columns": idents(one.name for one in table.columns if not one.made_by_server),
    }
    with (
        source.cursor().copy(
            sql.SQL("copy (select {columns} from {name}) to stdout").format(**parts)
        ) as read,
        copy.cursor().copy(sql.SQL("copy {name} ({columns}) from stdin").format(**parts)) as write,
    ):
        for block in read:
            write.write(block)


@contextmanager
def opened(target: Target) -> Iterator[Rows]:
    """Lend a connection whose rows are dictionaries."""
    from psycopg.rows import dict_row

    with connect(target) as connection:
        connection.row_factory = dict_row  # type: ignore[assignment]
        yield connection  # type: ignore[misc]
