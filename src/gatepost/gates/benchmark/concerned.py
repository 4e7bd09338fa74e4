"""Which queries a change concerns: those that are asked otherwise, or use something that differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, cast

from psycopg.sql import SQL, Identifier, Literal

from gatepost.gates.benchmark.sampling import QueryBenchmark
from gatepost.gates.benchmark.uses import Objects, Uses
from gatepost.postgres import catalog
from gatepost.postgres.catalog import Key
from gatepost.postgres.connect import Target, connect

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_SETTINGS: LiteralString = """
select unnest(s.setconfig)
from pg_db_role_setting as s join pg_database as d on d.oid = s.setdatabase
where d.datname = current_database()
union all
select extname || ' ' || extversion from pg_extension
order by 1
"""
_TABLES: LiteralString = """
select n.nspname, c.relname, r.relnamespace::regnamespace::name, r.relname
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_class as r on r.oid = coalesce(pg_partition_root(c.oid), c.oid)
where c.relkind in ('r', 'm') and n.nspname !~ '^(pg_|information_schema$|gatepost$)'
order by 1, 2
"""
_CONTENT: LiteralString = """
select {schema}, {table}, count(*), sum(hashtextextended(t::text, 0)::numeric),
    pg_table_size({place}::regclass), pg_indexes_size({place}::regclass)
from only {name} as t
"""
_FREE = ("comment on ", "privileges of ")
"""How what costs a query nothing is called."""
_FREE_PROPERTIES = ("comment", "privileges")
"""Such properties of other objects."""
Place = tuple[str, str]
"""A schema and a table or materialized view; a partition counts as its partitioned table."""


@dataclass(frozen=True)
class _Contents:
    """What of a database decides how long a query takes, beside the query."""

    objects: Objects
    settings: frozenset[object]
    tables: frozenset[tuple[object, ...]]

    @classmethod
    def read(cls, target: Target) -> _Contents:
        with connect(target) as connection:
            found = catalog.read_all(connection)
            objects = {key: _costly(one) for key, one in found.items() if not key.name.startswith(_FREE)}
            settings = frozenset(value for (value,) in connection.execute(_SETTINGS))
            return cls(objects, settings, _tables(connection))


def concerned(benchmarks: Iterable[QueryBenchmark], targets: tuple[Target, Target]) -> list[QueryBenchmark]:
    """Return those whose times can differ.

    :param targets: base's and head's database.
    """
    base, head = (_Contents.read(one) for one in targets)
    keys = {
        key for key in base.objects.keys() | head.objects if base.objects.get(key) != head.objects.get(key)
    }
    places = {(str(row[0]), str(row[1])) for row in base.tables ^ head.tables}
    if base.settings != head.settings or any(key.kind == "verbatim" for key in keys):
        return list(benchmarks)
    uses = Uses(base.objects), Uses(head.objects)
    return [one for one in benchmarks if _is_asked_otherwise(one) or _uses(one, uses, keys, places)]


def _is_asked_otherwise(one: QueryBenchmark) -> bool:
    base, head = ((asked.query.sql, asked.query.role, asked.drawn) for asked in one.asked)
    return base != head


def _uses(one: QueryBenchmark, uses: tuple[Uses, Uses], keys: set[Key], places: set[Place]) -> bool:
    if not keys and not places:
        return False
    for arm, asked in zip(uses, one.asked, strict=True):
        found = arm.of(asked.query.sql)
        if found is None or found & keys or places & {(key.schema, key.name) for key in found}:
            return True
    return False


def _tables(connection: Connection) -> frozenset[tuple[object, ...]]:
    """Return of each table, and of each partition apart, whose it is, its rows in short and its size."""
    found = cast("list[tuple[str, ...]]", connection.execute(_TABLES).fetchall())
    counted = [
        SQL(_CONTENT).format(
            schema=Literal(root_schema),
            table=Literal(root),
            place=Literal(Identifier(schema, name).as_string(connection)),
            name=Identifier(schema, name),
        )
        for schema, name, root_schema, root in found
    ]
    return frozenset(connection.execute(SQL(" union all ").join(counted))) if counted else frozenset()


def _costly(value: Any) -> Any:
    """Return a definition without what costs a query nothing."""
    if isinstance(value, dict):
        return {name: _costly(one) for name, one in value.items() if name not in _FREE_PROPERTIES}
    return [_costly(one) for one in value] if isinstance(value, list) else value
