"""Adoption of many objects: as many queries as of few, and no chain is too long."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from servers import Database

from gatepost.adopt import database as adopted
from gatepost.adopt.adoption import adopt
from gatepost.adopt.order import modules
from gatepost.postgres.catalog import Key


def test_many_tables_are_read_by_as_many_queries_as_few(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, asked = psycopg.Connection.execute, list[object]()

    def noting(self: psycopg.Connection, query: object, *given: object, **named: object) -> object:
        asked.append(query)
        return run(self, query, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.Connection, "execute", noting)
    counts = []
    for number in (3, 60):
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            chain(connection, number)
        for module in [name for name in sys.modules if name.partition(".")[0] == "infra"]:
            monkeypatch.delitem(sys.modules, module)
        asked.clear()
        made = adopt(database.superuser_url, tmp_path / str(number), "many")
        counts.append(len(asked))
        assert sum(key.kind == "tables" for key in made.program.objects) == number
    assert counts[0] == counts[1]


def test_a_chain_of_any_length_has_an_order(database: Database) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        chain(connection, 1200)
        (module,) = modules(adopted.read(connection))
    names = [key.name for key in module.objects if key.kind == "tables"]
    assert names == sorted(names, reverse=True)
    assert module.objects.index(Key("tables", "chain", "t0001")) < module.objects.index(
        Key("constraints", "chain", "t0000", "t0000_next")
    )


def chain(connection: psycopg.Connection, number: int) -> None:
    """Make so many tables, each of which refers to the next, in a schema of their own."""
    connection.execute("drop schema if exists chain cascade")
    connection.execute("create schema chain; set search_path = chain")
    tables = [f"t{place:04d}" for place in range(number)]
    for table in tables:
        connection.execute(SQL("create table {} (id int primary key, next int)").format(Identifier(table)))
    for table, other in pairwise(tables):
        refers = SQL("alter table {} add constraint {} foreign key (next) references {}")
        connection.execute(refers.format(*map(Identifier, (table, f"{table}_next", other))))
