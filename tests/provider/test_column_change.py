"""A column becomes another while clients go on: every step, back again, and what hangs on it comes along."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from changes import POSTS, ROWS, but, fill
from fix_provider import Deploy, Inputs, Refused, col
from killing import Killed, killed_before

from gatepost.errors import HazardNotApproved, InvalidDeclaration, StatementFailed


def views(type_: str = "bigint", **change: Any) -> list[Inputs]:
    """The columns with `views` on its way to another type."""
    return but({**col("views", type_, nullable=False, default="0"), "change": change})


NARROW = POSTS
WIDE = but(col("views", "bigint", nullable=False, default="0"))
HANGING = """
    create index posts_views on posts (views desc nulls last, lower(title)) include (score) where views >= 0;
    comment on index posts_views is 'popular first';
    alter table posts add constraint once unique nulls not distinct (author, views)
        deferrable initially deferred;
    create unique index once_more on posts (author, views) nulls not distinct where views > -1;
    alter table posts add constraint few check (views < 100000 and (author > 0 or views is not null));
    comment on constraint few on posts is 'not too many';
    alter table posts add constraint next foreign key (views) references numbers (n) on delete cascade;
    create view popular with (security_barrier) as select id, views from posts where views > 10;
    grant select on popular to gp_reader;
    create view most as select max(views) as views from popular;
    alter view popular owner to deployer;
    alter view most owner to deployer;
    create policy seen on posts for select to gp_reader using (views > 0);
    create policy kept on posts as restrictive for delete to gp_reader using (views = 0);
    create function touch() returns trigger language plpgsql
        as 'begin new.status := ''touched''; return new; end';
    alter function touch() owner to deployer;
    create trigger on_views before update of views on posts for each row execute function touch();
    create trigger on_all before update on posts for each row execute function touch();
"""


@pytest.fixture
def posts(deploy: Deploy) -> Deploy:
    """A secured table with rows and everything that can hang on the column `views`."""
    deploy.superuser.prepare_threshold = None  # a prepared statement does not survive another type
    deploy.sql(
        "create table numbers (n integer primary key); insert into numbers select generate_series(0, 100);"
        "alter table numbers owner to deployer"
    )
    deploy.table(columns=NARROW, **SECURED)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    fill(deploy)
    deploy.sql("update posts set views = id % 20")
    deploy.sql(HANGING)
    deploy.sql("analyze posts")
    return deploy


SECURED = {"row_security": "forced", "privileges": {"gp_reader": ["select (id, views)", "update (views)"]}}


def state(deploy: Deploy) -> dict[Any, Any]:
    """The catalog but for what `views` is, as far as it is the same before and afterwards."""
    found = deploy.snapshot()
    for key, definition in found.items():
        if key.name == "posts" and "columns" in definition:
            for column in definition["columns"]:
                column.pop("type") if column["name"] == "views" else None
    return {key: one for key, one in found.items() if key.name != "numbers"}


def rows(deploy: Deploy) -> Any:
    return deploy.sql("select count(*), sum(views), count(*) filter (where status = 'touched') from posts")[0]


def columns_of(deploy: Deploy) -> dict[str, str]:
    found = deploy.must_have("tables", "posts")["columns"]
    return {one["name"]: one["type"] for one in found if one["name"].startswith("views")}


def change(deploy: Deploy, columns: list[Inputs]) -> str:
    return deploy.table(columns=columns, **SECURED)


def test_release_by_release_everything_comes_along(posts: Deploy) -> None:
    before, held = state(posts), rows(posts)
    with posts.next_deployment(approve=""):
        assert change(posts, views()) == "update"
    assert columns_of(posts) == {"views": "bigint", "views__old": "integer"}
    assert rows(posts) == held
    assert change(posts, views()) == "same"
    with posts.next_deployment(approve="DELETES_DATA"):
        assert change(posts, WIDE) == "update"
    assert columns_of(posts) == {"views": "bigint"}
    assert state(posts) == before
    assert posts.sql("select count(*) from pg_proc where pronamespace = 'gatepost'::regnamespace") == [(0,)]


def test_step_by_step_and_back_again(posts: Deploy) -> None:
    before, held = posts.snapshot(), rows(posts)
    change(posts, views(phase="expand"))
    assert columns_of(posts) == {"views": "integer", "views__new": "bigint"}
    change(posts, views(phase="swap"))
    assert not any("do $backfill$" in text and "add column" in text for text in posts.statements())
    assert columns_of(posts) == {"views": "bigint", "views__old": "integer"}
    change(posts, views(phase="expand"))
    assert columns_of(posts) == {"views": "integer", "views__new": "bigint"}
    change(posts, NARROW)
    assert posts.snapshot() == before
    assert rows(posts) == held


def test_the_former_program_takes_it_back_in_a_moment(posts: Deploy) -> None:
    before = posts.snapshot()
    change(posts, views())
    posts.sql("alter table posts disable trigger on_all; alter table posts drop constraint next")
    posts.sql("insert into posts (id, views, author) values (100, 77, 5)")
    change(posts, NARROW)
    assert not any("$backfill$" in text for text in posts.statements())
    assert posts.sql("select views from posts where id = 100") == [(77,)]
    posts.sql("delete from posts where id = 100")
    posts.sql(
        "alter table posts enable trigger on_all,"
        " add constraint next foreign key (views) references numbers on delete cascade"
    )
    assert posts.snapshot() == before


def test_whenever_the_deployer_is_killed_the_next_deployment_goes_on(
    posts: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, held, ways = posts.snapshot(), rows(posts), (views(), NARROW)
    monkeypatch.setattr(posts, "_after_its_preview", lambda run: run(False))
    points = 0
    for way, there in zip(ways, (NARROW, views()), strict=True):
        for batch in count():
            with posts.next_deployment(), killed_before(batch):
                try:
                    change(posts, way)
                except Killed:
                    points += 1
                else:
                    break
            with posts.next_deployment():
                change(posts, way)
            assert rows(posts) == held
            with posts.next_deployment():
                change(posts, there)
        if way is NARROW:
            assert posts.snapshot() == started
    assert points == 20


def test_columns_are_in_step_both_ways(posts: Deploy) -> None:
    change(posts, views(phase="expand"))
    posts.sql("update posts set views = 50 where id = 1; insert into posts (id, views) values (101, 51)")
    assert posts.sql("select views__new from posts where id in (1, 101) order by id") == [(50,), (51,)]
    change(posts, views())
    posts.sql("update posts set views = 60 where id = 1; insert into posts (id, views) values (102, 61)")
    assert posts.sql("select views__old from posts where id in (1, 102) order by id") == [(60,), (61,)]
    posts.sql("alter table posts drop constraint next, drop constraint few")
    posts.sql("update posts set views = 9000000000 where id = 1")
    assert posts.sql("select views, views__old from posts where id = 1") == [(9000000000, None)]


def test_values_are_converted_as_declared(deploy: Deploy) -> None:
    texts = but(col("title", nullable=False))
    deploy.table(columns=texts)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    fill(deploy)
    conversion = {"using": "regexp_replace(title, '\\D', '', 'g')::integer", "back": "'title ' || title"}
    deploy.table(columns=but({**col("title", "integer", nullable=False), "change": conversion}))
    assert deploy.sql("select sum(title), count(distinct title__old) from posts") == [(465, ROWS)]
    deploy.sql("insert into posts (id, title) values (50, 7)")
    assert deploy.sql("select title__old from posts where id = 50") == [("title 7",)]


def test_a_value_that_cannot_be_converted_stops_before_the_swap(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    fill(deploy)
    deploy.sql("update posts set title = id")
    asked = but({**col("title", "integer"), "change": {"pause": 0}})
    deploy.sql("update posts set title = 'seven' where id = 7")
    with pytest.raises(StatementFailed, match=r"invalid input syntax for type integer: .a value."):
        deploy.table(columns=asked)
    deploy.sql("update posts set title = '7' where id = 7; insert into posts (id, title) values (31, '31')")
    deploy.table(columns=asked)
    assert deploy.sql("select sum(title) from posts") == [(496,)]


KEYED = [col("id", "integer", nullable=False, identity="by default"), *POSTS[1:]]
KEYED_WIDE = [{**col("id", "bigint", nullable=False, identity="by default"), "change": {}}, *POSTS[1:]]


def test_a_primary_key_with_its_identity_and_those_who_refer_to_it(deploy: Deploy) -> None:
    deploy.table(columns=KEYED)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    deploy.sql("insert into posts (title) select 'x' from generate_series(1, 40)")
    deploy.sql(
        "create table replies (id integer primary key, post integer references posts on delete cascade);"
        "insert into replies select g, g from generate_series(1, 40) as g;"
        "alter table replies owner to deployer;"
        "alter table posts add column parent integer constraint posts_parent references posts (id)"
    )
    before = state(deploy)
    deploy.table(columns=KEYED_WIDE)
    deploy.sql("insert into posts (title) values ('next')")
    assert deploy.sql("select max(id), pg_get_serial_sequence('posts', 'id') from posts") == [
        (41, "public.posts_id_seq")
    ]
    assert deploy.sql("select bool_and(convalidated) from pg_constraint where contype = 'f'") == [(True,)]
    deploy.sql("delete from posts where id = 1")
    assert deploy.sql("select count(*) from replies") == [(39,)]
    deploy.table(columns=[col("id", "bigint", nullable=False, identity="by default"), *POSTS[1:]])
    (ids,) = [one for one in deploy.must_have("tables", "posts")["columns"] if one["name"] == "id"]
    assert ids["type"] == "bigint"
    after = state(deploy)
    for definition in (before, after):
        for one in definition.values():
            one["columns"] = [c for c in one.get("columns", ()) if c["name"] != "id"]
    assert after == before


def test_a_serial_column_keeps_its_sequence(deploy: Deploy) -> None:
    deploy.sql("create sequence numbered as integer; alter sequence numbered owner to deployer")
    counted = {"nullable": False, "default": "nextval('numbered')"}
    deploy.table(columns=but(col("id", "integer", **counted)))
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    deploy.sql("alter sequence numbered owned by posts.id; insert into posts (title) values ('a'), ('b')")
    deploy.table(columns=but({**col("id", "bigint", **counted), "change": {}}))
    deploy.table(columns=but(col("id", "bigint", **counted)))
    deploy.sql("insert into posts (title) values ('c')")
    assert deploy.sql("select max(id) from posts") == [(3,)]
    (kind,) = deploy.sql("select data_type::text from pg_sequences where sequencename = 'numbered'")
    assert kind == ("bigint",)


def test_without_rows_it_is_an_ordinary_change(deploy: Deploy) -> None:
    deploy.table(columns=NARROW)
    change_ = but({**col("views", "bigint", nullable=False, default="0"), "change": {}})
    deploy.table(columns=change_)
    assert columns_of(deploy) == {"views": "bigint"}
    assert deploy.table(columns=WIDE) == "update"
    assert deploy.statements() == []


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (views("integer", using="viws"), Refused, "unknown column viws"),
        (views(phase="contract"), Refused, "'expand' or 'swap'"),
        (but({**col("views", "bigint", retired=True), "change": {}}), Refused, "exclude each other"),
        (
            but({**col("views", "bigint"), "change": {}}, {**col("author", "bigint"), "change": {}}),
            InvalidDeclaration,
            "views and author become others at once",
        ),
    ],
)
def test_refusals(posts: Deploy, columns: list[Inputs], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        change(posts, columns)


def test_a_second_change_waits_for_the_first(posts: Deploy) -> None:
    change(posts, views())
    with pytest.raises(InvalidDeclaration, match="still keeps what an earlier change left"):
        change(posts, views("numeric"))


def test_a_narrower_type_breaks_clients(posts: Deploy) -> None:
    with (
        posts.next_deployment(approve=""),
        pytest.raises(HazardNotApproved, match=r"BREAKS_CLIENTS on public.posts.views.*instead of integer"),
    ):
        change(posts, views("smallint"))


def test_it_is_no_drift(posts: Deploy) -> None:
    change(posts, views())
    assert posts.refresh("Table", "posts") == "same"
    posts.sql("comment on column posts.title is 'drifted'")
    assert posts.refresh("Table", "posts") == "drift"
    assert "views__old" not in {one["name"] for one in posts.outputs("Table", "posts")["columns"]}
    change(posts, views())
    assert columns_of(posts) == {"views": "bigint", "views__old": "integer"}


@pytest.mark.parametrize("phase", ["expand", "swap"])
def test_the_column_may_go_in_the_middle_of_it(deploy: Deploy, phase: str) -> None:
    """Whatever is left of it would fail every write of a client."""
    deploy.table(columns=NARROW)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    fill(deploy)
    deploy.table(columns=views(phase=phase))
    with pytest.raises(InvalidDeclaration, match="views is under change"):
        deploy.table(columns=but(col("seen", "bigint", renamed_from="views"), without=("views",)))
    deploy.table(columns=but(without=("views",)))
    assert columns_of(deploy) == {}
    deploy.sql("insert into posts (id) values (77)")
    deploy.delete("Table", "posts")
    assert deploy.sql("select count(*) from pg_proc where pronamespace = 'gatepost'::regnamespace") == [(0,)]


def test_a_stand_in_that_a_killed_deployment_left_is_drift_that_goes(posts: Deploy) -> None:
    started = posts.snapshot()
    with posts.next_deployment(), killed_before(1), pytest.raises(Killed):
        change(posts, views())
    assert posts.refresh("Table", "posts") == "drift"
    with posts.next_deployment():
        change(posts, NARROW)
    posts.sql("insert into posts (id) values (77)")
    posts.sql("delete from posts where id = 77")
    assert posts.snapshot() == started


@pytest.mark.parametrize("identity", [None, "always"])
def test_names_of_postgresqls_own_are_those_of_a_table_built_directly(
    deploy: Deploy, identity: str | None
) -> None:
    """Constraints of not null, which have names from 18 on, and sequences."""

    def deployed(name: str, type_: str, **change: Any) -> tuple[list[str], list[str]]:
        columns = [{**col("id", type_, nullable=False, identity=identity), **change}]
        deploy.deploy("Table", "t", {"schema": "public", "name": name, "columns": columns})
        deploy.sql("drop schema if exists direct cascade; create schema direct")
        generated = f"generated {identity} as identity" if identity else ""
        deploy.superuser.execute(f'create table direct."{name}" (id {type_} not null {generated})'.encode())
        return named(deploy, f'public."{name}"'), named(deploy, f'direct."{name}"')

    found, wanted = deployed("t", "int")
    assert found == wanted
    deploy.constraint("t_pkey", table="t", kind="primary_key", columns=["id"])
    deploy.sql("insert into t (id) overriding system value values (1), (2)")
    for name, change in (("t", {"change": {}}), ("t", {}), ("it's " + "x" * 58, {})):
        found, wanted = deployed(name, "bigint", **change)
        assert found == wanted


def named(deploy: Deploy, table: str) -> list[str]:
    found = deploy.sql(
        "select conname::text from pg_constraint where contype = 'n' and conrelid = to_regclass(%s)"
        " union all select relname::text from pg_class where oid = pg_get_serial_sequence(%s, 'id')::regclass"
        " order by 1",
        table,
        table,
    )
    return [name for (name,) in found]
