"""The catalog's words: canonical, complete, the same however they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from servers import Database

from gatepost.postgres import catalog
from gatepost.postgres.catalog import Facts, Key, Size

Connection = psycopg.Connection[Any]
SCHEMA = """
create schema "Odd Schema";
create table "Odd Schema"."Odd Table" (
    "Id" int generated always as identity primary key,
    a text collate "C" default 'x' check (a <> ''),
    b int generated always as ("Id" * 2) stored
);
comment on column "Odd Schema"."Odd Table".a is 'it''s';
create table public.t (id int unique, at timestamptz default now());
alter table public.t enable row level security, force row level security;
create index i on public.t (at desc) where id > 0;
create policy p on public.t for select to public using (id > 0);
create function public.f(int[], text default 'x') returns int language sql as 'select 1';
create procedure public.pr() language sql as 'select 1';
create function public.touch() returns trigger language plpgsql as 'begin return new; end';
create trigger tr before insert on public.t for each row execute function public.touch();
create view public.v with (security_invoker = true) as select id from public.t;
"""


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with psycopg.connect(database.superuser_url, autocommit=True) as made:
        made.execute(SCHEMA.encode())
        yield made


def test_everything_is_found(connection: Connection) -> None:
    found = {(key.kind, key.name, key.object) for key in catalog.read_all(connection)}
    assert found == {
        ("tables", "Odd Table", ""),
        ("tables", "t", ""),
        ("constraints", "Odd Table", "Odd Table_pkey"),
        ("constraints", "Odd Table", "Odd Table_a_check"),
        ("constraints", "t", "t_id_key"),
        ("indexes", "t", "i"),
        ("policies", "t", "p"),
        ("functions", "f", "_int4,text"),
        ("functions", "pr", ""),
        ("functions", "touch", ""),
        ("triggers", "t", "tr"),
        ("views", "v", ""),
    }


def test_one_read_says_what_reading_all_says(connection: Connection) -> None:
    for key, definition in catalog.read_all(connection).items():
        assert catalog.read(connection, key) == definition
        assert catalog.read(connection, Key(key.kind, "elsewhere", key.name, key.object)) is None


def test_words_do_not_depend_on_the_search_path(connection: Connection) -> None:
    expected = catalog.read_all(connection)
    connection.execute('set search_path = "Odd Schema", public')
    assert catalog.read_all(connection) == expected


def test_table_in_full(connection: Connection) -> None:
    found = catalog.read(connection, Key("tables", "Odd Schema", "Odd Table"))
    assert found is not None
    assert found["columns"] == [
        {"name": "Id", "type": "integer", "nullable": False, "identity": "always"},
        {
            "name": "a",
            "type": "text",
            "nullable": True,
            "default": "'x'::text",
            "collation": '"C"',
            "comment": "it's",
        },
        {"name": "b", "type": "integer", "nullable": True, "generated": '("Id" * 2)'},
    ]
    assert {name: found[name] for name in found if name != "columns"} == {
        "comment": None,
        "rowSecurity": "off",
        "privileges": {},
        "owner": "postgres",
    }


def test_size(connection: Connection) -> None:
    facts = Facts(connection, connection.info.server_version)
    assert facts.size("public", "t").empty
    assert facts.size("public", "nowhere") == Size()
    connection.execute("insert into t (id) select generate_series(1, 500)")
    assert str(facts.size("public", "t")).startswith("rows that were not counted yet, ")
    connection.execute("analyze t")
    assert str(facts.size("public", "t")).startswith("about 500 rows, ")


def test_without_a_database_there_is_nothing() -> None:
    facts = Facts()
    assert facts.read(Key("tables", "public", "t")) is None
    assert facts.size("public", "t").empty
    assert facts.default_grantees("public", "r") == []
    assert facts.result_of("select 1") is None


def test_default_grantees(connection: Connection) -> None:
    connection.execute(
        "create role gp_default; alter default privileges grant select on tables to public;"
        ' alter default privileges in schema "Odd Schema" grant all on tables to gp_default'
    )
    facts = Facts(connection)
    assert facts.default_grantees("public", "r") == ["public"]
    assert facts.default_grantees("Odd Schema", "r") == ["gp_default", "public"]
    assert facts.default_grantees("public", "f") == []
    connection.execute("drop owned by gp_default; drop role gp_default")


def test_result_of_a_query(connection: Connection) -> None:
    facts = Facts(connection)
    result = facts.result_of("select id, at::text as x, 'a'::varchar(3) as y from public.t")
    assert result == [(b"id", 23, -1), (b"x", 25, -1), (b"y", 1043, 7)]
    assert facts.result_of("select nothing from nowhere") is None
    assert connection.execute("select 1").fetchone() == (1,)


def test_reading_goes_on_while_others_drop(database: Database, connection: Connection) -> None:
    """A name that is gone between the scan and its look-up is no error."""
    with psycopg.connect(database.superuser_url, autocommit=True) as other:
        for number in range(30):
            other.execute(f"create table x{number} (id int check (id > 0)); create index on x{number} (id)")  # type: ignore[call-overload]
        from threading import Thread

        def drop() -> None:
            for number in range(30):
                other.execute(f"drop table x{number}")  # type: ignore[call-overload]

        thread = Thread(target=drop)
        thread.start()
        while thread.is_alive():
            catalog.read_all(connection)
        thread.join()
    assert not [key for key in catalog.read_all(connection) if key.name.startswith("x")]


def test_what_others_lock_is_not_waited_for_without_end(
    database: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_PATIENCE", "100ms")
    connection.execute("create view public.locked as select 1 as one")
    with psycopg.connect(database.superuser_url) as other:
        other.execute("lock table public.locked in access exclusive mode")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            catalog.read_all(connection)
    assert Key("views", "public", "locked") in catalog.read_all(connection)


def test_a_reading_leaves_no_setting_in_its_transaction(connection: Connection) -> None:
    names = "select current_setting('search_path'), current_setting('lock_timeout')"
    with connection.transaction():
        before = connection.execute(names).fetchone()
        catalog.read_all(connection)
        assert connection.execute(names).fetchone() == before
