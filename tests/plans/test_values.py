"""Rows made from the catalog fulfil whatever the catalog says of them."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.rows import dict_row
from servers import Database

from gatepost.errors import GatepostError
from gatepost.plans.patterns import matching
from gatepost.plans.shape import read_shape
from gatepost.plans.volume import fill, in_order, size_of

TABLES = """
create type mood as enum ('calm', 'angry');
create domain address as text check (value ~ '^[^@]+@[^@]+$');
create table owners (id bigint generated always as identity primary key, email address not null unique);
create table pets (
    owner_id bigint not null references owners,
    id integer not null,
    name varchar(12) not null check (length(name) > 1),
    mood mood not null,
    code text not null check (code ~ '^[A-Z]{2}-[0-9]{4,}$'),
    hash text not null check (length(hash) = 64),
    weight numeric(6, 2) not null check (weight between 1 and 90),
    config jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
    born date not null,
    died date check (died >= born),
    every interval not null check (every >= interval '1 minute'),
    primary key (owner_id, id)
);
create table visits (
    owner_id bigint not null,
    pet_id integer,
    friend_id integer,
    kind text not null check (kind in ('open', 'done')),
    done_at timestamptz,
    check ((kind = 'done') = (done_at is not null)),
    foreign key (owner_id, pet_id) references pets,
    foreign key (owner_id, friend_id) references pets,
    foreign key (owner_id) references owners
);
create table shares (
    owner_id bigint not null references owners,
    pet integer not null,
    guest_id bigint not null references owners,
    foreign key (owner_id, pet) references pets,
    primary key (owner_id, pet, guest_id)
);
create table logs (owner_id bigint not null, at timestamptz not null) partition by range (at);
create table logs_now partition of logs for values from ('2020-01-01') to ('2100-01-01');
"""


@pytest.fixture
def connection(database: Database) -> psycopg.Connection[dict[str, object]]:
    return psycopg.connect(database.superuser_url, autocommit=True, row_factory=dict_row)


def filled(connection: psycopg.Connection[dict[str, object]], tables: str, scale: int) -> dict[str, int]:
    """Fill the tables as the proof does, with every constraint in force, and count the rows."""
    with connection:
        connection.execute(tables.encode())
        shape = read_shape(connection)
        fill(connection, shape, [], scale, lambda _: None)
        counts = {}
        for table in shape.values():
            row = connection.execute(f"select count(*) as number from {table.label}".encode()).fetchone()
            counts[table.name] = row["number"] if row else 0
        return counts  # type: ignore[return-value]


def test_every_constraint_is_fulfilled(connection: psycopg.Connection[dict[str, object]]) -> None:
    counts = filled(connection, TABLES, 2_000)
    assert counts["logs"] == 2_000
    assert counts["visits"] == pytest.approx(2_000, rel=0.15)
    assert counts["pets"] == pytest.approx(200, rel=0.3)
    assert counts["owners"] == 20
    assert 500 < counts["shares"] <= 2_000


def test_foreign_keys_hold(database: Database, connection: psycopg.Connection[dict[str, object]]) -> None:
    # Rows are made without triggers, so foreign keys are not looked at before they are made again.
    filled(connection, TABLES, 500)
    with psycopg.connect(database.superuser_url) as again:
        for name, table in again.execute(
            "select conname, conrelid::regclass::text from pg_constraint where contype = 'f'"
        ).fetchall():
            definition = again.execute(
                "select pg_get_constraintdef(oid) from pg_constraint where conname = %s", [name]
            ).fetchone()
            assert definition is not None
            again.execute(f"alter table {table} drop constraint {name}, add {definition[0]}".encode())


def test_tenants_are_of_different_size(connection: psycopg.Connection[dict[str, object]]) -> None:
    with connection:
        connection.execute(TABLES.encode())
        fill(connection, read_shape(connection), [], 5_000, lambda _: None)
        sizes = [
            row["number"]
            for row in connection.execute(
                "select count(*) as number from logs group by owner_id order by 1 desc"
            ).fetchall()
        ]
    assert sizes[0] > 4 * sizes[len(sizes) // 2]  # type: ignore[operator]


def test_what_cannot_be_made_is_said(connection: psycopg.Connection[dict[str, object]]) -> None:
    odd = "create table odd (x integer not null check (x * x = 144 and x < 0));"
    with pytest.raises(GatepostError, match=r"no value for public\.odd\.x .* write schema/<feature>/volume"):
        filled(connection, odd, 100)


def test_parents_come_first(connection: psycopg.Connection[dict[str, object]]) -> None:
    with connection:
        connection.execute(TABLES.encode())
        shape = read_shape(connection)
    names = [table.name for table in in_order(shape)]
    assert names.index("owners") < names.index("pets") < names.index("visits")
    sizes = {table.name: size_of(table, shape, 10_000, reference=False) for table in shape.values()}
    assert (sizes["visits"], sizes["pets"], sizes["owners"]) == (10_000, 1_000, 100)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z][a-z0-9_]{0,62}$",
        "^(app|monitoring)[.][a-z_]+$",
        "^[a-z][a-z0-9+.-]*://[^[:space:]]+$",
        r"^\+[1-9]\d{6,14}$",
        "^[A-Z]{2}-[0-9]{4,}$",
        "^(0|[1-9][0-9]*)(,x)?$",
    ],
)
def test_pattern_is_matched(database: Database, pattern: str) -> None:
    made = matching(pattern)
    assert made is not None
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute(
            b"select " + made.as_bytes(None) + b" from generate_series(1, 200) as n"
        ).fetchall()
    posix = pattern.replace("[:space:]", r"\s")
    assert all(re.search(posix, row[0]) for row in rows)


def test_pattern_that_is_not_understood() -> None:
    assert matching("(?<!a)b(") is None
