"""Samples of tables: not only the oldest rows, and none without what it refers to."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from servers import Server

from gatepost.gates.rehearsal.sampling import copy

STRUCTURE = """
    create table countries (code text primary key, continent text);
    create table people (
        id bigint generated always as identity primary key,
        country text references countries, born int, unique (id, born),
        boss bigint references people
    );
    create table letters (
        id bigint generated always as identity primary key, sender bigint, born int, body text default 'x',
        length int generated always as (length(body)) stored,
        foreign key (sender, born) references people (id, born)
    );
"""
ROWS = """
    insert into countries select 'c' || n, 'europe' from generate_series(1, 300) as n;
    insert into people (country, born, boss)
        select 'c' || (1 + n % 300), 1900 + n % 100, nullif(n, 1) - 1 from generate_series(1, 3000) as n;
    insert into letters (sender, born)
        select p.id, p.born from generate_series(1, 20000) as n join people as p on p.id = 1 + (n * 7) % 3000;
    insert into letters (sender) values (null);
    analyze;
"""


Connection = psycopg.Connection[Any]


@pytest.fixture
def pair(server: Server) -> Iterator[tuple[Connection, Connection]]:
    """A filled database and one with the same structure."""
    with ExitStack() as stack:
        made = [stack.enter_context(server.database()) for _ in range(2)]
        source, clone = (
            stack.enter_context(psycopg.connect(one.superuser_url, autocommit=True)) for one in made
        )
        source.execute(STRUCTURE.encode())
        source.execute(ROWS.encode())
        clone.execute(STRUCTURE.encode())
        yield source, clone


def count(connection: Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_a_sample_keeps_what_its_rows_refer_to(
    pair: tuple[Connection, Connection],
) -> None:
    source, clone = pair
    assert copy(source, clone, ("postgres", "postgres"), 20) == []
    assert count(clone, "select count(*) from letters") == 20
    without = "select count(*) from letters as l left join people as p on p.id = l.sender"
    assert count(clone, f"{without} where l.sender is not null and p.id is null") == 0
    assert count(clone, "select count(*) from people") > 20, "the chain of everybody's bosses is there"
    clone.execute("insert into letters (sender, born) select id, born from people limit 1")


def test_of_a_large_table_not_only_the_oldest_rows_are_taken(
    pair: tuple[Connection, Connection],
) -> None:
    source, clone = pair
    copy(source, clone, ("postgres", "postgres"), 100)
    assert count(clone, "select max(id) from letters") > 5000


def test_rows_whose_parents_may_not_be_seen_go_again(
    pair: tuple[Connection, Connection],
) -> None:
    source, clone = pair
    source.execute("grant select on letters, countries to deployer")
    assert copy(source, clone, ("deployer", "deployer"), 50) == ["public.people"]
    assert count(clone, "select count(*) from letters where sender is not null") == 0


ROLES = ("reader", "owner", "monitor")
GUARDED = """
    create table readings (value int);
    insert into readings select generate_series(1, 9);
    alter table readings owner to {owner};
    grant select on readings to {monitor};
    alter table readings enable row level security;
    create policy seen on readings to {monitor} using (true);
"""


@pytest.fixture
def roles(server: Server, pair: tuple[Connection, Connection]) -> Iterator[dict[str, Identifier]]:
    """A reader without a right, an owner and somebody who sees every row, of a table on both databases."""
    ending = secrets.token_hex(4)
    made = {name: Identifier(f"{name}_{ending}") for name in ROLES}
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        for role in made.values():
            connection.execute(SQL("create role {}").format(role))
        for database in pair:
            database.execute(SQL(GUARDED).format(**made))
        pair[1].execute("truncate readings")
        yield made
        for database in pair:
            database.execute("drop table readings")
        for role in made.values():
            connection.execute(SQL("drop role {}").format(role))


@pytest.mark.parametrize(
    ("change", "copied"),
    [
        ("grant select on readings to {reader}; drop policy seen on readings", 0),
        ("alter table readings disable row level security", 9),
        ("revoke select on readings from {monitor}", 9),
        ("alter table readings force row level security", 9),
        ("alter table readings force row level security; revoke select on readings from {monitor}", None),
        (
            "alter table readings force row level security; alter policy seen on readings using (value < 5)",
            None,
        ),
        (
            "alter table readings force row level security;"
            " create policy less on readings as restrictive to {monitor} using (value < 5)",
            None,
        ),
    ],
    ids=[
        "the reader's view is everything, by its own word",
        "the owner may",
        "the owner passes row security",
        "a policy lets somebody else see every row",
        "who sees every row may not read",
        "a policy hides rows",
        "a restrictive policy takes rows away",
    ],
)
def test_a_table_that_the_reader_may_not_see_is_read_by_who_sees_all_of_it(
    pair: tuple[Connection, Connection], roles: dict[str, Identifier], change: str, copied: int | None
) -> None:
    source, clone = pair
    source.execute(SQL(change).format(**roles))  # type: ignore[arg-type]
    names = {name: role.as_string().strip('"') for name, role in roles.items()}
    skipped = copy(source, clone, (names["reader"], names["owner"]), 100)
    assert ("public.readings" in skipped) == (copied is None)
    assert count(clone, "select count(*) from readings") == (copied or 0)
