"""A database filled to a size: every table from the catalog, or from its feature's `volume.sql`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gatepost.plans.rows import KEYS, Filling
from gatepost.plans.shape import Rows, Table
from gatepost.plans.statements import number, run
from gatepost.provider.sqltext import ident

FEWEST = 20
_SHARES = (1, 10, 100)
"""A table that others refer to has a tenth of their rows; one that those refer to a hundredth; no less."""
Told = Callable[[str], None]


@dataclass(frozen=True)
class VolumeFile:
    """A feature's own generator: a statement with a parameter `scale`, the rows of the largest tables."""

    path: Path
    tables: frozenset[str]
    """The tables that it fills, with their schemas."""

    @property
    def statements(self) -> str:
        """Its text."""
        return self.path.read_text(encoding="utf-8")


def volume_files(schema: Path, features: Iterable[str]) -> list[VolumeFile]:
    """Return the generators of the features that have one."""
    from pglast import ast, parse_sql

    found = []
    for path in (schema / feature / "volume.sql" for feature in features):
        if path.exists():
            parsed = [
                one.stmt for one in parse_sql(path.read_text(encoding="utf-8").replace("%(scale)s", "1"))
            ]
            targets = [one.relation for one in parsed if isinstance(one, ast.InsertStmt) and one.relation]
            names = {f"{target.schemaname or 'public'}.{target.relname}" for target in targets}
            found.append(VolumeFile(path, frozenset(names)))
    return found


def fill(
    connection: Rows, shape: Mapping[int, Table], files: list[VolumeFile], scale: int, told: Told
) -> None:
    """Fill a database that has tables and reference rows but neither keys nor triggers yet.

    :param scale: how many rows the largest tables get.
    :raises GatepostError: a table's rows cannot be made from the catalog.
    """
    connection.execute("set session_replication_role = replica; set work_mem = '256MB'")
    connection.execute("set max_parallel_workers_per_gather = 0; select setseed(0.5)")
    run(connection, "create schema {s}", s=ident(KEYS))
    own = {name: file for file in files for name in file.tables}
    counts = {table.oid: _count(connection, table) for table in shape.values()}
    done: set[Path] = set()
    for table in in_order(shape):
        told(table.label)
        file = own.get(table.label)
        if file is None:
            wanted = size_of(table, shape, scale, reference=counts[table.oid] > 0)
            if wanted:
                counts[table.oid] += Filling(table, shape, counts, connection).fill(wanted)
        elif file.path not in done:
            done.add(file.path)
            _run_file(connection, file, scale)
            counts |= {one.oid: _count(connection, one) for one in shape.values() if one.label in file.tables}
    run(connection, "drop schema {s} cascade", s=ident(KEYS))


def _run_file(connection: Rows, file: VolumeFile, scale: int) -> None:
    """Run a file's statements; each is planned with statistics of what those before it filled."""
    from pglast import split
    from psycopg import ClientCursor

    with ClientCursor(connection) as cursor:
        for statement in split(cursor.mogrify(file.statements, {"scale": scale})):
            cursor.execute(statement.encode())
            for table in file.tables:
                run(connection, "analyze {t}", t=ident(*table.split(".")))


def size_of(table: Table, shape: Mapping[int, Table], scale: int, *, reference: bool) -> int:
    """Return how many rows a table gets; none where the deployment fills it and others refer to it."""
    level = min(_height(table, shape, ()), len(_SHARES) - 1)
    if reference and level:
        return 0
    return max(FEWEST, scale // _SHARES[level])


def in_order(shape: Mapping[int, Table]) -> Iterator[Table]:
    """Yield the tables, parents first; in a circle of them one comes before its parent."""
    done: set[int] = set()

    def visit(table: Table, path: tuple[int, ...]) -> Iterator[Table]:
        for key in table.foreign_keys:
            if key.parent not in (*path, table.oid):
                yield from visit(shape[key.parent], (*path, table.oid))
        if table.oid not in done:
            done.add(table.oid)
            yield table

    for table in shape.values():
        yield from visit(table, ())


def _height(table: Table, shape: Mapping[int, Table], path: tuple[int, ...]) -> int:
    below = [
        one
        for one in shape.values()
        if one.oid not in (*path, table.oid) and any(key.parent == table.oid for key in one.foreign_keys)
    ]
    return max((1 + _height(one, shape, (*path, table.oid)) for one in below), default=0)


def _count(connection: Rows, table: Table) -> int:
    return number(connection, "select count(*) as number from {t}", t=ident(table.schema, table.name))
