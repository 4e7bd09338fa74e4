"""Columns: what uses them when they change, the two releases of a drop, names, NOT NULL beside clients."""

from __future__ import annotations

from itertools import count

import psycopg
import pytest
from changes import POSTS, ROWS, but, fill
from fix_provider import Deploy, Refused, col
from killing import Killed, killed_before

from gatepost.errors import HazardNotApproved, StillUsed
from gatepost.postgres.catalog import Facts, Size, query
from gatepost.provider.column import ColumnInputs
from gatepost.provider.columns import changes
from gatepost.provider.site import Site


@pytest.fixture
def posts(deploy: Deploy) -> Deploy:
    """The table with its key and rows."""
    deploy.table(columns=POSTS)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    fill(deploy)
    deploy.sql("analyze posts")
    return deploy


DEPENDANTS = """
    create view short as select id, views from posts where views > 0;
    create view shorter with (security_invoker) as select views from short;
    comment on view shorter is 'the shorter one';
    grant select on shorter to gp_reader;
    alter view shorter owner to deployer;
    alter view short owner to deployer;
    create policy popular on posts to gp_reader using (views > 10);
    create function touch() returns trigger language plpgsql as 'begin return new; end';
    create trigger on_views before update of views on posts for each row execute function touch();
    create function total() returns bigint begin atomic select sum(views) from posts; end;
    alter function touch() owner to deployer;
    alter function total() owner to deployer;
    alter table posts add column doubled integer generated always as (views * 2) stored;
    alter table posts add constraint few check (views < 1000);
    create index posts_views on posts (views) where views > 1;
    create statistics both_of_them on views, author from posts;
    alter statistics both_of_them owner to deployer;
"""


def test_type_changes_under_whatever_uses_the_column(posts: Deploy) -> None:
    """Views of views, policies, triggers, functions, generated columns stay, with privileges and comments."""
    posts.sql(DEPENDANTS)
    before = posts.snapshot()
    assert posts.table(columns=but(col("views", "bigint", nullable=False, default="0"))) == "update"
    assert posts.table(columns=POSTS) == "update"
    assert posts.snapshot() == before
    assert posts.sql("select count(*), sum(doubled) from posts") == [(ROWS, 0)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("varchar(10)", "varchar(20)"),
        ("varchar(10)", "text"),
        ("numeric(8,2)", "numeric(12,2)"),
        ("cidr", "inet"),
        ("varbit(4)", "varbit(8)"),
        ("timestamp(3)", "timestamp(6)"),
        ("timestamptz(0)", "timestamptz"),
        ("time(1)", "time(3)"),
    ],
)
def test_a_wider_type_rewrites_nothing_and_is_no_hazard(posts: Deploy, before: str, after: str) -> None:
    posts.table(columns=but(col("x", before)))
    file = posts.sql("select pg_relation_filenode('posts')")
    with posts.next_deployment(approve=""):
        posts.table(columns=but(col("x", after)))
    assert posts.sql("select pg_relation_filenode('posts')") == file


def test_not_null_is_proved_while_clients_write(posts: Deploy) -> None:
    posts.table(columns=but(col("title", nullable=False)))
    native = posts.superuser.info.server_version >= 180000
    assert [mode for mode, _ in posts.plans[-1][2].batches()] == ["together", "separate"] + ["together"] * (
        not native
    )
    assert any("posts_title_not_null" in text for text in posts.statements()) == native
    rest = posts.sql("select conname from pg_constraint where conrelid = 'posts'::regclass and contype = 'c'")
    assert rest == []


class TestDrop:
    """A column goes in two releases."""

    def test_retired_then_removed(self, posts: Deploy) -> None:
        with posts.next_deployment(approve="DELETES_DATA"):
            posts.table(columns=but(col("status", nullable=False, default="'draft'", retired=True)))
            posts.sql("insert into posts (id, status) values (99, null)")
            posts.table(columns=but(without=("status",)))

    def test_at_once_it_breaks_clients(self, posts: Deploy) -> None:
        with (
            posts.next_deployment(approve=""),
            pytest.raises(HazardNotApproved, match=r"BREAKS_CLIENTS on public.posts.status.* retired"),
        ):
            posts.table(columns=but(without=("status",)))

    def test_nothing_declared_may_use_a_retired_one(self, posts: Deploy) -> None:
        posts.table(columns=but(col("author", "integer", retired=True)))
        with pytest.raises(Refused, match="has no column author"):
            posts.index("by_author", columns=["author"])
        with pytest.raises(Refused, match="unknown column author"):
            posts.policy("own", command="select", using="author = 1", roles=["gp_reader"])

    def test_whoever_uses_it_is_named_before_anything_happens(self, posts: Deploy) -> None:
        posts.sql(DEPENDANTS)
        before = posts.snapshot()
        with pytest.raises(StillUsed) as refused:
            posts.table(columns=but(without=("views",)))
        for user in ("view public.short", "policy popular on public.posts", "trigger on_views", "total()"):
            assert user in str(refused.value)
        assert "retired" in str(refused.value)
        assert posts.snapshot() == before

    def test_its_indexes_and_constraints_go_along(self, posts: Deploy) -> None:
        posts.sql("create index on posts (score, author); alter table posts add check (score > 0)")
        assert posts.table(columns=but(without=("score",))) == "update"


class TestRename:
    """A column is renamed, with what it holds and all that uses it."""

    RENAMED = but(col("headline", renamed_from="title"), without=("title",))

    def test_keeps_rows_and_dependants(self, posts: Deploy) -> None:
        posts.sql("create index by_title on posts (title); create view titles as select title from posts")
        rights = {"gp_reader": ["select", "update (title)"]}
        posts.table(columns=POSTS, privileges=rights)
        started = posts.snapshot()
        posts.table(columns=self.RENAMED, privileges={"gp_reader": ["select", "update (headline)"]})
        assert posts.sql("select count(headline) from posts") == [(ROWS,)]
        assert not any("grant" in text or "revoke" in text for text in posts.statements())
        assert posts.table(columns=[*self.RENAMED], privileges={"gp_reader": ["select", "update (headline)"]})
        back = but(col("title", renamed_from="headline"))
        posts.table(columns=back, privileges=rights)
        assert posts.snapshot() == started
        assert posts.table(columns=POSTS, privileges=rights) == "same"

    def test_with_other_changes_at_once(self, posts: Deploy) -> None:
        posts.sql("update posts set title = 'x' where title is null")
        posts.table(
            columns=but(
                col("headline", "varchar(90)", nullable=False, renamed_from="title", comment="c"),
                col("title", "integer", renamed_from="author"),
                without=("author",),
            )
        )
        assert posts.sql("select count(headline), sum(title) from posts") == [(ROWS, 465)]

    def test_breaks_clients(self, posts: Deploy) -> None:
        with (
            posts.next_deployment(approve=""),
            pytest.raises(HazardNotApproved, match=r"BREAKS_CLIENTS on public.posts.title"),
        ):
            posts.table(columns=self.RENAMED)


def test_a_default_that_differs_by_row_is_filled_in_beside_clients(posts: Deploy) -> None:
    """No row is rewritten under a lock, and no other trigger has a say."""
    posts.sql(
        "create function touch() returns trigger language plpgsql as"
        " $$begin new.status := 'touched'; return new; end$$;"
        "create trigger touch before update on posts for each row execute function touch()"
    )
    unique = but(col("uid", "uuid", nullable=False, default="gen_random_uuid()"))
    with posts.next_deployment(approve=""):
        posts.table(columns=unique)
    assert posts.sql("select count(distinct uid), count(*) filter (where status = 'touched') from posts") == [
        (ROWS, 0)
    ]
    assert posts.sql("select count(*) from pg_trigger where not tgisinternal") == [(1,)]
    assert posts.table(columns=unique) == "same"


def test_whenever_the_deployer_is_killed_the_next_deployment_goes_on(posts: Deploy) -> None:
    """What is proved and filled beside clients stands in several transactions."""
    started = posts.snapshot()
    strict = but(
        col("uid", "uuid", nullable=False, default="gen_random_uuid()"), col("title", nullable=False)
    )
    wanted, points = None, 0
    for batch in count():
        with posts.next_deployment(), killed_before(batch):
            try:
                posts.table(columns=strict)
            except Killed:
                points += 1
            else:
                break
        with posts.next_deployment():
            posts.table(columns=strict)
        wanted = wanted or posts.snapshot()
        assert posts.snapshot() == wanted
        with posts.next_deployment():
            posts.table(columns=POSTS)
        assert posts.snapshot() == started
    assert points >= 6


@pytest.mark.parametrize("first", ["not null", "volatile default"])
def test_on_a_partitioned_table(deploy: Deploy, first: str) -> None:
    deploy.sql(
        "create table posts (id integer not null, title text, primary key (id)) partition by range (id);"
        "create table low partition of posts for values from (0) to (500);"
        "create table high partition of posts for values from (500) to (1000);"
        "insert into posts select g, 'title ' || g from generate_series(1, 900) as g"
    )
    deploy.sql(query("ledger"))
    columns = [col("id", "integer", nullable=False), col("title")]
    changed = {
        "not null": [columns[0], col("title", nullable=False)],
        "volatile default": [*columns, col("uid", "uuid", nullable=False, default="gen_random_uuid()")],
    }
    site = Site(
        "public",
        "posts",
        ("public", "posts"),
        False,
        Facts(deploy.superuser, deploy.superuser.info.server_version),
        Size(900, 1, False, True),
    )
    made = changes(site, *([ColumnInputs(**one) for one in listed] for listed in (columns, changed[first])))
    for statement in (made.prepare() + made.apply()).statements:
        deploy.sql(statement.sql.encode())  # type: ignore[arg-type]
    if first == "not null":
        with pytest.raises(psycopg.errors.NotNullViolation):
            deploy.sql("insert into high (id) values (999)")
    else:
        assert deploy.sql("select count(distinct uid) from posts") == [(900,)]


def test_without_a_key_it_rewrites(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    fill(deploy)
    with deploy.next_deployment(approve=""), pytest.raises(HazardNotApproved, match="REWRITES_TABLE"):
        deploy.table(columns=but(col("uid", "uuid", default="gen_random_uuid()")))


def test_identity_options_there_and_back(posts: Deploy) -> None:
    started = posts.snapshot()
    for options in ({"start": 5, "increment": 10, "maxvalue": 9000, "cycle": True}, {"cache": 3}, None):
        counted = col("id", "integer", nullable=False, identity="always", identity_options=options)
        posts.table(columns=but({k: v for k, v in counted.items() if v is not None}))
        (found,) = [one for one in posts.must_have("tables", "posts")["columns"] if one["name"] == "id"]
        assert found.get("identityOptions") == options
    posts.table(columns=POSTS)
    assert posts.snapshot() == started
