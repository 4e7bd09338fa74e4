"""A column of another type: what PostgreSQL ties to the former one comes along, or stops the preview."""

from __future__ import annotations

import pytest
from changes import POSTS, ROWS, but, fill
from fix_provider import Deploy, Inputs, col

from gatepost.errors import InvalidDeclaration, StillUsed
from gatepost.resources import ColumnChange

SORTED = but(col("title", collation='"C"'))
WIDER = but(col("views", "bigint", nullable=False, default="0"))
GENERATED = [*POSTS, col("g", "integer", generated="views * 2")]
OTHERWISE = [*POSTS, col("g", "integer", generated="views * 3")]
BOTH = [*WIDER, GENERATED[-1]]
HALVES = [{"name": "low", "bounds": "from (0) to (15)"}, {"name": "high", "bounds": "from (15) to (1000)"}]
PARTED: Inputs = {"partition_by": "range (id)", "partitions": HALVES}
TOUCH = "create function touch() returns trigger language plpgsql as 'begin return new; end';"
USERS = f"""
    {TOUCH}
    alter function touch() owner to deployer;
    create trigger busy before update on posts for each row when (new.views > 4) execute function touch();
    create rule often as on update to posts where new.views > 5 do also select 1;
    create materialized view kept as select views from posts;
    alter materialized view kept owner to deployer;
    create index next on posts ((views + 1));
    create index few on posts (author) where views > 1;
    create index along on posts (id) include (views);
    create unique index told on posts (views, id);
    alter table posts replica identity using index told, cluster on next;
    create statistics mixed on (views + 1), author from posts;
    alter statistics mixed owner to deployer;
    create publication part for table posts (id, views) where (views > 3);
    alter publication part owner to deployer;
    alter table posts add exclude (views with =, id with =) where (id < 0);
    alter table posts alter views set statistics 500;
    create table other (a integer, b integer, foreign key (a, b) references posts (views, id));
    alter table other owner to deployer;
    create policy known on other using (exists (select from posts where views > 1));
    create rule counted as on insert to other do also update posts set views = views + 1;
    create view whole as select p from posts as p;
    create function of_row(posts) returns int language sql as 'select 1';
"""
CHILD = "create table child (extra int) inherits (posts); alter table child owner to deployer;"
OF_CHILD = f"""
    {CHILD}
    {TOUCH}
    create trigger busy before update on child for each row when (new.views > 4) execute function touch();
    create view of_child as select views from child;
    alter view of_child owner to deployer;
    create policy popular on child using (views > 10);
    alter table child add column twice integer generated always as (views * 2) stored;
"""
OF_PART = f"""
    {TOUCH}
    create trigger busy before update on low for each row when (new.views > 4) execute function touch();
    create view of_part as select views, g from low;
    alter view of_part owner to deployer;
    create policy popular on low using (views > 10);
    create statistics mixed on views, author from low;
    alter statistics mixed owner to deployer;
    create index by_g on low (g);
"""


def there_and_back(
    deploy: Deploy, used: str, before: list[Inputs], after: list[Inputs], **given: object
) -> None:
    deploy.table(columns=before, **given)
    fill(deploy)
    deploy.sql(used.encode())  # type: ignore[arg-type]
    started = deploy.snapshot()
    assert deploy.table(columns=after, **given) == "update"
    assert deploy.table(columns=after, **given) == "same"
    assert deploy.table(columns=before, **given) == "update"
    assert deploy.snapshot() == started
    assert deploy.sql("select count(*), sum(views) from posts") == [(ROWS, 0)]


def test_whatever_uses_the_column_comes_along(deploy: Deploy) -> None:
    there_and_back(deploy, USERS, POSTS, WIDER)


def test_so_does_what_uses_a_column_that_inherits_it(deploy: Deploy) -> None:
    there_and_back(deploy, OF_CHILD, POSTS, WIDER)


@pytest.mark.parametrize("after", [BOTH, OTHERWISE], ids=["type", "expression"])
def test_and_what_uses_that_of_a_partition(deploy: Deploy, after: list[Inputs]) -> None:
    there_and_back(deploy, OF_PART, GENERATED, after, **PARTED)


ROWS_IN = {
    "column": "create table log (was posts)",
    "array": "create table log (was posts[])",
    "domain": "create domain post as posts; create table log (was post)",
    "composite": "create type pair as (a posts, b posts); create table log (was pair[])",
    "range": "create type span as range (subtype = posts); create table log (was span)",
    "row of a view": "create view v as select p from posts as p; create table log (was v)",
    "row of what inherits": CHILD + "create table log (was child)",
    "materialized view": "create materialized view log as select p as was from posts as p",
}


@pytest.mark.parametrize("held", ROWS_IN.values(), ids=list(ROWS_IN))
def test_rows_as_values_of_a_column_stop_the_preview(deploy: Deploy, held: str) -> None:
    deploy.table(columns=POSTS)
    deploy.sql(held.encode())  # type: ignore[arg-type]
    told = len(deploy.plans)
    with pytest.raises(StillUsed, match=r"rewritten \(views\) while public.log.was has such rows"):
        deploy.table(columns=WIDER)
    assert len(deploy.plans) == told


REWRITING: dict[str, Inputs] = {
    "type": {"columns": BOTH},
    "expression": {"columns": OTHERWISE},
    "default": {"columns": [*GENERATED, col("n", "integer", default="1")]},
    "identity": {"columns": [*GENERATED, col("n", "integer", identity="always", nullable=False)]},
    "change": {
        "columns": [
            *but(col("views", "bigint", nullable=False, default="0", change=ColumnChange())),
            GENERATED[-1],
        ]
    },
    "unlogged": {"columns": GENERATED, "unlogged": True},
}


@pytest.mark.parametrize("after", REWRITING.values(), ids=list(REWRITING))
def test_so_does_whatever_would_rewrite_them(deploy: Deploy, after: Inputs) -> None:
    deploy.table(columns=GENERATED)
    deploy.sql("create table log (was posts)")
    if "change" in str(after):
        deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
        fill(deploy)
    with pytest.raises(StillUsed, match=r"while public\.log\.was has such rows as values"):
        deploy.table(**after)


def test_and_another_type_of_a_column_whose_table_has_them(deploy: Deploy) -> None:
    mood = {"schema": "public", "name": "mood", "kind": "enum"}
    deploy.type("mood", **mood, values=["sad", "glad"])
    deploy.table(columns=[*POSTS, col("mood", "public.mood")])
    deploy.sql("create table log (was posts)")
    with pytest.raises(StillUsed, match=r"\(public\.posts\.mood\) while public\.log\.was"):
        deploy.type("mood", **mood, values=["glad"])


def test_what_writes_no_row_is_done(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    fill(deploy)
    deploy.sql("create table log (was posts); insert into log select p from posts as p")
    renamed = but(col("seen", "bigint", renamed_from="views"), without=("views",))
    deploy.table(columns=[*but(without=("score",)), col("body")])
    with pytest.raises(StillUsed):
        deploy.table(columns=renamed)
    deploy.table(columns=but(col("seen", "integer", renamed_from="views"), without=("views", "score")))
    assert deploy.sql("select count((was).seen) from log") == [(ROWS,)]


@pytest.mark.parametrize(
    "after", [WIDER, but(col("seen", "integer", renamed_from="views"), without=("views",))]
)
def test_what_is_inherited_from_another_too_stops_the_preview(deploy: Deploy, after: list[Inputs]) -> None:
    deploy.table(columns=POSTS)
    deploy.sql("create table other (views integer not null default 0)")
    deploy.sql("create table child () inherits (posts, other)")
    with pytest.raises(StillUsed, match=r"public\.child\.views is inherited from another table too"):
        deploy.table(columns=after)


def test_so_does_a_column_that_a_declared_table_inherits(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    heir: Inputs = {"inherits": [{"schema": "public", "table": "posts"}]}
    deploy.table("heirs", columns=[col("views", "integer", nullable=False, default="0")], **heir)
    with pytest.raises(StillUsed, match=r"public\.heirs\.views is inherited"):
        deploy.table("heirs", columns=[col("views", "bigint", nullable=False, default="0")], **heir)


def test_so_does_the_key_of_partitions(deploy: Deploy) -> None:
    deploy.table(columns=POSTS, **PARTED)
    with pytest.raises(InvalidDeclaration, match='rows are divided by column "id"'):
        deploy.table(columns=but(col("id", "bigint", nullable=False)), **PARTED)


def test_another_collation_is_told_as_that_and_writes_no_row_again(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    deploy.index("i", columns=["title"])
    fill(deploy)
    [[before]] = deploy.sql("select pg_relation_filenode('posts')")
    deploy.table(columns=SORTED)
    assert deploy.risks() == ["BLOCKS_READS:public.posts.title"]
    told = 'text collate "default" becomes text collate "C", and its indexes are built again'
    assert told in deploy.plans[-1][2].risks[0].detail
    assert deploy.sql("select pg_relation_filenode('posts')") == [(before,)]
    deploy.table(columns=but(col("title", "varchar(9)")))
    told = 'text collate "C" becomes varchar(9) collate "default": with a ColumnChange'
    assert any(told in one.detail for one in deploy.plans[-1][2].risks if one.hazard == "REWRITES_TABLE")
