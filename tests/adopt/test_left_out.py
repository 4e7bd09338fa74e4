"""What an adoption cannot declare is listed, property by property; what it declares is not."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from fix_workspace import Workspace
from psycopg.sql import SQL, Identifier
from servers import Database, Server

PARTITIONS = """
create table part (id int, at date, note text) partition by range (at);
create table part_1 (note text default 'own', at date, id int);
alter table part attach partition part_1 for values from ('2025-01-01') to ('2026-01-01');
create table part_2 partition of part for values from ('2026-01-01') to ('2027-01-01');
comment on column part_2.note is 'Its own';
create index part_at on part (at);
comment on index part_2_at_idx is 'Its own';
alter table part enable row level security;
alter table part_2 enable row level security;
create policy own on part using (id > 0);
create policy own on part_2 using (id > 0);
"""
AROUND = """
create table kept (id int primary key, note text unique);
comment on index kept_pkey is 'The key''s index';
comment on constraint kept_pkey on kept is 'The key';
comment on extension plpgsql is 'Ours';
create foreign data wrapper adopt_off;
create server adopt_away foreign data wrapper adopt_off;
create foreign table away (id int, constraint positive check (id > 0)) server adopt_away;
grant select (id), update on kept to {giver} with grant option;
set role {giver};
grant select (id), update on kept to pg_monitor;
reset role;
"""
CIRCLES = """
create view v1 as select 1 as a;
create view v2 as select a from v1;
create or replace view v1 as select a from v2;
create view on_v1 as select * from v1;
create table t (a int, b int);
create function f() returns int language sql begin atomic select count(*)::int from t; end;
alter table t alter b set default f();
create domain d as int;
create function g(d) returns boolean language sql as 'select true';
alter domain d add constraint odd check (g(value));
create table with_d (x d);
create view itself as select a from t;
create or replace view itself as select a from itself;
"""
BY_THEMSELVES = """
create table numbered (id int generated always as identity (sequence name counted));
comment on sequence counted is 'Counts';
create table parted (id int, at int) partition by range (at);
create table parted_1 (id int, at int);
create index other_name on parted_1 (id);
alter table parted attach partition parted_1 for values from (1) to (2);
create index parted_id on parted (id);
create index not_all on only parted (at);
create function touch() returns trigger language plpgsql as 'begin return new; end';
create trigger touched after insert on parted for each row execute function touch();
alter table parted_1 disable trigger touched;
create table off (id int primary key, n int unique deferrable, of int references off);
alter table off disable trigger all;
create domain word as text;
alter domain word add constraint short check (length(value) < 9) not valid;
create foreign data wrapper adopt_off;
create server adopt_away foreign data wrapper adopt_off;
create foreign table parted_2 partition of parted for values from (2) to (3) server adopt_away;
"""
NOT_NULL = """
create table above (a int not null, b int, c int);
create table below () inherits (above);
alter table below alter a set not null, add constraint sure not null b, alter c set not null;
create table parted (id int not null, at int) partition by range (id);
create table parted_1 partition of parted for values from (1) to (2);
alter table parted_1 alter id set not null, add constraint dated not null at;
"""
ROLE = "adopt_giver"


def test_what_a_partition_has_of_its_own_is_listed(tmp_path: Path, database: Database) -> None:
    assert left_out(tmp_path, database, PARTITIONS) == {
        "table public.part_1",
        "comment on index public.part_2_at_idx",
    }


def test_what_needs_itself_is_listed(tmp_path: Path, database: Database) -> None:
    assert left_out(tmp_path, database, CIRCLES) == {
        "constraint odd on domain public.d",
        "default of column public.t.b",
        "view public.itself",
        "view public.on_v1",
        "view public.v1",
        "view public.v2",
    }


def test_what_has_its_name_or_state_by_itself_is_listed(tmp_path: Path, database: Database) -> None:
    assert left_out(tmp_path, database, BY_THEMSELVES) == {
        "constraint off_n_key on public.off",
        "constraint off_of_fkey on public.off",
        "constraint short on domain public.word",
        "foreign table public.parted_2",
        "index public.not_all",
        "names of indexes of table public.parted",
        "sequence public.counted",
        "trigger touched on public.parted_1",
    }


def test_not_null_that_is_inherited_too_is_listed(tmp_path: Path, server: Server, database: Database) -> None:
    if server.version < 180000:
        pytest.skip("before PostgreSQL 18 nothing says whose a NOT NULL is")
    assert left_out(tmp_path, database, NOT_NULL) == {
        "names in table public.below",
        "names in table public.parted_1",
        "not null of column public.below.a",
        "not null of column public.parted_1.id",
    }


def test_what_belongs_to_others_is_listed(tmp_path: Path, database: Database) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        name = connection.info.dbname
        if connection.execute("select to_regrole(%s)", [ROLE]).fetchone() == (None,):
            connection.execute(SQL("create role {}").format(Identifier(ROLE)))
        connection.execute(SQL("alter database {} set search_path = kept").format(Identifier(name)))
        connection.execute(SQL("comment on database {} is 'Ours'").format(Identifier(name)))
    assert left_out(tmp_path, database, "set search_path = public;" + AROUND.format(giver=ROLE)) == {
        f"comment on database {name}",
        f"settings of database {name}",
        "privileges on public.kept",
        "privileges on public.kept.id",
    }


def left_out(folder: Path, database: Database, statements: str) -> set[str]:
    """Adopt what the statements make, and return what is listed beside the program."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(statements.encode())
    adopted = Workspace(folder, database, {"GATEPOST_DATABASE_URL": database.superuser_url})
    told = adopted.json("adopt", database.superuser_url)
    assert all(one["reason"] for one in told["leftOut"])
    adopted.run("drift")
    return {one["what"] for one in told["leftOut"]}
