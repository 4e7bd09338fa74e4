"""What an adoption cannot declare is listed, property by property; what it declares is not."""

from __future__ import annotations

from pathlib import Path

import psycopg
from fix_workspace import Workspace
from psycopg.sql import SQL, Identifier
from servers import Database

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
ROLE = "adopt_giver"


def test_what_a_partition_has_of_its_own_is_listed(tmp_path: Path, database: Database) -> None:
    assert left_out(tmp_path, database, PARTITIONS) == {
        "table public.part_1",
        "comment on index public.part_2_at_idx",
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
    return {one["what"] for one in told["leftOut"]}
