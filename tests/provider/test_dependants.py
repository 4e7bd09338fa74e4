"""What hangs on an object is dropped and made again, and the database's dump does not differ."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from fix_provider import Deploy

from gatepost.errors import PermissionMissing, StillUsed
from gatepost.postgres.binaries import find_binaries
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Plan
from gatepost.provider.dependants import Root, rebuilding

SCHEMA = """
create schema app;
grant all on schema app to gp_owner;
alter default privileges grant select on tables to gp_other;
alter default privileges in schema app grant execute on functions to gp_other;
create function app.level(a int) returns int immutable language sql as $$ select a $$;
create function app.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create domain app.positive as int default app.level(1) constraint more check (app.level(value) > 0);
create table app.posts (
    id int primary key,
    title text constraint titled check (title <> ''),
    status text default 'draft',
    views int default app.level(3),
    slug text collate "C" generated always as (lower(title)) stored,
    made_at timestamptz default now() constraint late check (made_at > '2000-01-01'),
    constraint made unique (made_at)
);
alter table app.posts add constraint known check (app.level(views) > 0) not valid;
comment on column app.posts.slug is 'it''s';
comment on constraint known on app.posts is 'known';
comment on constraint more on domain app.positive is 'more';
create index posts_level on app.posts (app.level(views)) where title <> '';
comment on index app.posts_level is 'levels';
create unique index posts_title on app.posts (title);
create statistics app.posts_both on app.level(id), status from app.posts;
create statistics app.posts_two (ndistinct) on id, title from app.posts;
comment on statistics app.posts_both is 'both';
alter statistics app.posts_both set statistics 50;
grant select (slug), update (slug) on app.posts to gp_reader with grant option;
create index posts_slug on app.posts (slug);
alter table app.posts enable row level security;
create policy own on app.posts as restrictive for update to gp_reader, "GP Odd, role"
    using (title = current_user) with check (app.level(views) > 1);
comment on policy own on app.posts is 'own';
create policy every on app.posts using (slug <> '');
create trigger titles after update of title on app.posts for each row execute function app.touch();
create trigger levels before insert on app.posts for each row when (app.level(new.id) > 0)
    execute function app.touch();
alter table app.posts disable trigger titles;
alter table app.posts enable always trigger levels;
comment on trigger titles on app.posts is 'titles';
create view app."All Posts" with (security_invoker = true, security_barrier) as
    select p.id, p.title as "The Title", app.level(p.views) as level from app.posts as p where p.title <> '';
comment on view app."All Posts" is 'all';
comment on column app."All Posts"."The Title" is 'the title';
alter view app."All Posts" alter column level set default app.level(9);
revoke all on app."All Posts" from gp_other;
revoke insert, truncate on app."All Posts" from deployer;
grant select on app."All Posts" to public;
grant insert ("The Title", id) on app."All Posts" to gp_reader;
create trigger instead instead of insert on app."All Posts" for each row execute function app.touch();
create rule quiet as on delete to app."All Posts" do instead nothing;
comment on rule quiet on app."All Posts" is 'quiet';
create view app.titles as select "The Title" as title, level from app."All Posts" with local check option;
alter view app.titles owner to gp_owner;
create materialized view app.counted with (fillfactor = 50) as
    select title, count(*) as n from app.titles group by title with no data;
grant select on app.counted to gp_reader;
create unique index counted_title on app.counted (title);
create function app.first(app.titles) returns text language sql begin atomic select ($1).title; end;
alter function app.first(app.titles) owner to gp_owner;
grant execute on function app.first(app.titles) to gp_reader;
comment on function app.first(app.titles) is 'first';
create procedure app.forget() language sql begin atomic delete from app.posts where title = ''; end;
create view app.firsts as select app.first(t) as first from app.titles as t;
create function app.by_level(n int default app.level(2)) returns setof app."All Posts" language sql as
    $$ select * from app."All Posts" where level = n $$;
create rule audit as on update to app.posts where new.title is null do also select 1;
create publication papers for table app.posts (id, title) where (title <> '');
create table app.other (
    title text references app.posts (title),
    level int generated always as (app.level(1)) stored,
    posted timestamptz references app.posts (made_at)
);
"""
VIEW = """create view app."All Posts" with (security_invoker = true, security_barrier) as
    select p.id, p.title as "The Title", app.level(p.views) as level
    from app.posts as p where p.title <> ''"""
AGAIN = {
    "view": (
        Root("app", "All Posts"),
        'drop view app."All Posts"',
        VIEW,
        """comment on view app."All Posts" is 'all'""",
        'comment on column app."All Posts"."The Title" is \'the title\'',
        'revoke all on app."All Posts" from gp_other',
        'revoke insert, truncate on app."All Posts" from deployer',
        'grant select on app."All Posts" to public',
        'grant insert ("The Title", id) on app."All Posts" to gp_reader',
    ),
    "function": (
        Root("app", "level", signature="int4"),
        "drop function app.level(int)",
        "create function app.level(a int) returns int immutable language sql as $$ select a $$",
    ),
    "column": (
        Root("app", "posts", column="title"),
        "alter table app.posts alter column title type varchar(200)",
        "alter table app.posts alter column title type text",
    ),
    "column dropped": (
        Root("app", "posts", column="made_at", dropped=True),
        "alter table app.posts drop column made_at",
        "alter table app.posts add column made_at timestamptz default now()",
    ),
    "nothing": (Root("app", "posts", column="status"), "select 1"),
    "no such thing": (Root("app", "nothing"), "select 1"),
}
NOISE = re.compile(r"^\\(un)?restrict .*$|^.* SET \(pg_attver=\d+\);$", re.MULTILINE)
"""What differs from dump to dump: pg_dump's own key, and a stamp that some servers put on columns."""


def dump(deploy: Deploy) -> list[str]:
    """The lines of the schema as pg_dump writes it, in whatever order its columns are."""
    program = find_binaries("18").program("pg_dump")
    command = [program, "--schema-only", "--dbname", deploy.database.superuser_url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sorted(line.rstrip(",") for line in NOISE.sub("", text).splitlines())


@pytest.fixture
def app(deploy: Deploy) -> Iterator[psycopg.Connection]:
    with psycopg.connect(deploy.database.deployer_url, autocommit=True) as deployer:
        deployer.execute(SCHEMA.encode())
        yield deployer


def facts(connection: psycopg.Connection) -> Facts:
    return Facts(connection, connection.info.server_version)


def run(connection: psycopg.Connection, *plans: Plan | str) -> None:
    with connection.transaction():
        for plan in plans:
            for text in [plan] if isinstance(plan, str) else [one.sql for one in plan.statements]:
                connection.execute(text.encode())


@pytest.mark.parametrize("again", AGAIN.values(), ids=list(AGAIN))
def test_made_again_it_is_what_it_was(deploy: Deploy, app: psycopg.Connection, again: tuple) -> None:
    before = dump(deploy)
    root, *statements = again
    found = rebuilding(facts(app), root)
    run(app, found.before, *statements, found.after)
    assert dump(deploy) == before


def test_what_uses_a_column_is_told(app: psycopg.Connection) -> None:
    found = rebuilding(facts(app), Root("app", "posts", column="title"), Root("app", "posts", column="views"))
    assert found.using("views")[:1] == ('view app."All Posts"',)
    assert "policy own on app.posts" in found.using("views")
    assert "trigger titles on app.posts" in set(found.using("title")) - set(found.using("views"))
    assert not found.using("status")


STUCK = {
    "column of the row type": ('create table app.kept (one app."All Posts")', "table column app.kept.one"),
    "aggregate": (
        "create aggregate app.highest(int) (sfunc = app.step, stype = int)",
        "aggregate app.highest",
    ),
}
STEP = "create function app.step(int, int) returns int language sql as 'select 1'"


@pytest.mark.parametrize(("made", "name"), STUCK.values(), ids=list(STUCK))
def test_what_cannot_be_made_again_is_refused(app: psycopg.Connection, made: str, name: str) -> None:
    run(app, STEP, made)
    with pytest.raises(StillUsed, match=f"is used by {name}"):
        rebuilding(facts(app), Root("app", "All Posts"), Root("app", "step", signature="int4,int4"))


def test_what_uses_itself_is_refused(app: psycopg.Connection) -> None:
    run(
        app,
        "create view app.round as select title from app.posts",
        "create function app.turn(app.round) returns text language sql as 'select 1::text'",
        "create or replace view app.round as select title, app.turn(null) as turn from app.posts",
    )
    with pytest.raises(StillUsed, match=r"is used by view app\.round, which uses itself"):
        rebuilding(facts(app), Root("app", "posts", column="title"))


def test_what_the_deployer_does_not_own_is_refused(deploy: Deploy, app: psycopg.Connection) -> None:
    deploy.sql("create view foreigners as select * from app.posts")
    with pytest.raises(PermissionMissing, match=r"app.posts.title is used by view public.foreigners"):
        rebuilding(facts(app), Root("app", "posts", column="title"))


def test_rebuilding_over_rows_is_told(deploy: Deploy, app: psycopg.Connection) -> None:
    assert not rebuilding(facts(app), Root("app", "level", signature="int4")).after.risks
    deploy.sql("insert into app.posts (id, title) values (1, 'x')")
    told = rebuilding(facts(app), Root("app", "level", signature="int4")).after.risks
    assert {(str(risk.hazard), risk.on) for risk in told} == {
        ("BLOCKS_READS", "app.posts"),
        ("HIDES_ROWS", "app.counted"),
    }
