"""Which queries a change concerns, on two databases that differ by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from fix_provider import target_of
from psycopg.sql import SQL, Identifier
from servers import Database, Server

from gatepost.gates.benchmark.concerned import concerned
from gatepost.gates.benchmark.sampling import Asked, QueryBenchmark
from gatepost.queries import Query

BASE: LiteralString = """
create table users (id int primary key);
create table notes (id int primary key, owner int references users (id), body text);
create table tags (tag text, "Odd name" text);
create table logs (at int) partition by range (at);
create table logs_first partition of logs for values from (0) to (10);
create table shapes (area int);
create table circles (radius int) inherits (shapes);
create function me() returns int language sql stable as 'select 1';
create function stamp() returns trigger language plpgsql as 'begin return new; end';
create function anything() returns int language plpgsql as 'begin execute ''select''; return 1; end';
alter table notes enable row level security;
create policy mine on notes using (owner = me());
create trigger stamped before insert on notes for each row execute function stamp();
create view titles as select body from notes;
insert into tags values ('one');
insert into logs values (1);
"""
QUERIES = {
    "notes": "select * from notes",
    "titles": "select * from titles",
    "new note": "insert into notes values (1, 1)",
    "gone user": "delete from users",
    "tags": "select * from tags",
    "logs": "select * from logs",
    "shapes": "select * from shapes",
    "anything": "select anything()",
}
OF_NOTES = {"notes", "titles", "new note", "gone user", "anything"}
CHANGES: dict[LiteralString, set[str]] = {
    "select": set(),
    "comment on table tags is 'notes'": set(),
    "grant select on tags to public": set(),
    "alter policy mine on notes using (owner = me() and body <> '')": OF_NOTES,
    "create or replace function me() returns int language sql stable as 'select 2'": OF_NOTES,
    "create index on notes (body)": OF_NOTES,
    "create or replace view titles as select body from notes where id > 0": {"titles", "anything"},
    "alter function stamp() stable": {"new note", "gone user", "anything"},
    "alter table users add name text": {"new note", "gone user", "anything"},
    'create index on tags ("Odd name")': {"tags", "anything"},
    "insert into tags values ('two')": {"tags", "anything"},
    "update tags set tag = 'two'": {"tags", "anything"},
    "update logs set at = 2": {"logs", "anything"},
    "alter table tags alter tag set statistics 500": set(QUERIES),
    "create operator @@@ (leftarg = int, rightarg = int, function = int4pl)": set(QUERIES),
    "comment on schema public is 'notes'": set(),
    "create index on circles (radius)": {"shapes", "anything"},
}


@pytest.fixture
def both(server: Server) -> Iterator[tuple[Database, Database]]:
    with ExitStack() as stack:
        made = stack.enter_context(server.database()), stack.enter_context(server.database())
        for one in made:
            with psycopg.connect(one.superuser_url, autocommit=True) as connection:
                connection.execute(BASE)
                connection.execute("vacuum (freeze, analyze)")
        yield made


def benchmarks(base: dict[str, str], head: dict[str, str]) -> list[QueryBenchmark]:
    return [QueryBenchmark(name, ("", ""), (asked(base[name]), asked(head[name]))) for name in base]


def asked(sql: str, role: str = "postgres") -> Asked:
    return Asked(Query("one", "One", sql, role, index=None, parameters=(), path=Path("one.sql")))


def names(both: tuple[Database, Database], head: dict[str, str] = QUERIES) -> set[str]:
    targets = target_of(both[0].superuser_url), target_of(both[1].superuser_url)
    return {one.name for one in concerned(benchmarks(QUERIES, head), targets)}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_concerns_what_uses_it(both: tuple[Database, Database], change: LiteralString) -> None:
    with psycopg.connect(both[1].superuser_url, autocommit=True) as connection:
        connection.execute(change)
        connection.execute("vacuum (freeze, analyze)")
    assert names(both) == CHANGES[change]


def test_a_setting_concerns_all(both: tuple[Database, Database]) -> None:
    with psycopg.connect(both[1].superuser_url, autocommit=True) as connection:
        connection.execute(SQL("alter database {} set work_mem = '1MB'").format(Identifier(both[1].name)))
    assert names(both) == set(QUERIES)


def test_another_statement_concerns_itself(both: tuple[Database, Database]) -> None:
    assert names(both, {**QUERIES, "tags": "select tag from tags"}) == {"tags"}
