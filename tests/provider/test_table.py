"""Tables: columns there and back again, privileges, row security, drift."""

from __future__ import annotations

import re

import psycopg
import pytest
from changes import POSTS, ROWS, Change, but, each, fill, posts, prove, with_rows
from fix_provider import Deploy, Inputs, Refused, col, urn_of, wired

from gatepost.errors import HazardNotApproved, InvalidDeclaration, ObjectExists, StatementFailed
from gatepost.provider.values import UNKNOWN


def columns(*after: Inputs, before: list[Inputs] = POSTS, without: tuple[str, ...] = ()) -> Change:
    return Change({"columns": before}, {"columns": but(*after, without=without)})


def table(**after: object) -> Change:
    return Change({"columns": POSTS}, {"columns": POSTS, **after})


DOUBLED = col("doubled", "integer", generated="views * 2")
CHANGES = {
    "column added": columns(col("note")),
    "column added not null with a default": columns(col("note", nullable=False, default="'x'")),
    "column added with a volatile default": columns(
        col("uid", "uuid", nullable=False, default="gen_random_uuid()")
    ),
    "column added with identity": columns(col("seq", "bigint", nullable=False, identity="always")),
    "column added, generated from another that is added": columns(
        col("base", "integer"), col("derived", "integer", generated="base + 1")
    ),
    "column dropped": columns(without=("score",)),
    "columns swapped": columns(col("note", comment="new"), without=("score", "author")),
    "default added": columns(col("title", default="'untitled'")),
    "default changed": columns(col("status", nullable=False, default="'ready'")),
    "default with words of its own": columns(
        col("made_at", "timestamptz", nullable=False, default="now() at time zone 'utc'"),
        col("fresh", "boolean", default="1 in (1, 2) and not false"),
    ),
    "default dropped": columns(col("status", nullable=False)),
    "not null": columns(col("title", nullable=False)),
    "nullable": columns(col("status", default="'draft'")),
    "type widened": columns(col("score", "numeric(14,2)")),
    "type bigint": columns(col("views", "bigint", nullable=False, default="0")),
    "type and default": columns(col("views", "text", nullable=False, default="'0'")),
    "type varchar": columns(col("status", "varchar(20)", nullable=False, default="'draft'")),
    "type array": columns(
        col("tags", "text[]"),
        before=but(col("tags", "integer[]")),
    ),
    "collation": columns(col("title", collation='"C"')),
    "comment": columns(col("title", comment="It's \"quoted\"; -- 'really'")),
    "comment changed": columns(col("title", comment="new"), before=but(col("title", comment="old"))),
    "identity added": columns(col("id", "integer", nullable=False, identity="by default")),
    "identity changed": columns(
        col("seq", "integer", nullable=False, identity="always"),
        before=but(col("seq", "integer", nullable=False, identity="by default")),
    ),
    "identity instead of a default": columns(col("views", "integer", nullable=False, identity="by default")),
    "generated changed": columns(col("doubled", "integer", generated="views * 3"), before=but(DOUBLED)),
    "generated changed and retyped": columns(
        col("doubled", "bigint", generated="views * 3"), before=but(DOUBLED)
    ),
    "generated no more": columns(col("doubled", "integer"), before=but(DOUBLED)),
    "generated with another source": columns(
        col("doubled", "integer", generated="author * 2"), before=but(DOUBLED), without=()
    ),
    "name that needs quoting": columns(col('Odd "Name" %s', comment="odd")),
    "all at once": columns(
        col("title", nullable=False, default="'t'", comment="c"),
        col("views", "bigint", default="1"),
        col("extra", "jsonb", nullable=False, default="'{}'"),
        without=("score",),
    ),
    "table comment": table(comment="All 'posts'"),
    "storage": table(storage={"fillfactor": 70, "autovacuum_enabled": False}),
    "storage of other parameters": Change(
        {"columns": POSTS, "storage": {"fillfactor": "70", "toast.autovacuum_enabled": "false"}},
        {"columns": POSTS, "storage": {"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.05"}},
    ),
    "row security enabled": table(row_security="enabled"),
    "row security forced": table(row_security="forced"),
    "privileges": table(privileges={"gp_reader": ["select", "update (title, status)"], "public": ["select"]}),
    "unlogged": table(unlogged=True),
    "privileges to be passed on": Change(
        {"columns": POSTS, "privileges": {"gp_reader": ["select with grant option", "insert"]}},
        {
            "columns": POSTS,
            "privileges": {
                "gp_reader": ["select", "insert with grant option", "update (title) with grant option"]
            },
        },
    ),
    "privileges of a role that needs quoting": table(privileges={"GP Odd, role": ["select", "insert"]}),
    "privileges on all columns to one": Change(
        {"columns": POSTS, "privileges": {"gp_reader": ["update", "update (title)", "select"]}},
        {"columns": POSTS, "privileges": {"gp_reader": ["update (title)"], "gp_other": ["select"]}},
    ),
    "privileges on overlapping columns": Change(
        {"columns": POSTS, "privileges": {"gp_reader": ["select (id, title)", "insert (id)"]}},
        {"columns": POSTS, "privileges": {"gp_reader": ["select (title, status)", "insert (id)"]}},
    ),
    "privilege on a column that goes": Change(
        {"columns": POSTS, "privileges": {"gp_reader": ["update (score, title)"]}},
        {"columns": but(without=("score",)), "privileges": {"gp_reader": ["update (title)"]}},
    ),
    "privilege on a column made again": Change(
        {"columns": but(DOUBLED), "privileges": {"gp_reader": ["select (doubled)"]}},
        {
            "columns": but(col("doubled", "integer", generated="views * 3")),
            "privileges": {"gp_reader": ["select (doubled)"]},
        },
    ),
}


@with_rows
@each(CHANGES)
def test_change(deploy: Deploy, change: Change, rows: bool) -> None:
    def table(**inputs: object) -> str:
        return deploy.table("posts", **inputs)

    prove(deploy, table, change, lambda: deploy.delete("Table", "posts"), rows)


VIRTUAL = col("doubled", "integer", generated="views * 2", virtual=True)
VIRTUAL_CHANGES = {
    "added": columns(VIRTUAL),
    "changed": columns({**VIRTUAL, "generated": "views * 3"}, before=but(VIRTUAL)),
    "stored instead": columns(DOUBLED, before=but(VIRTUAL)),
    "a value instead": columns(col("doubled", "integer"), before=but(VIRTUAL)),
}


@each(VIRTUAL_CHANGES)
def test_virtual_column(deploy: Deploy, change: Change) -> None:
    if deploy.superuser.info.server_version < 180000:
        with pytest.raises(InvalidDeclaration, match=r"is virtual, which PostgreSQL 1. does not know"):
            deploy.table(columns=but(VIRTUAL))
        return
    prove(deploy, deploy.table, change, lambda: deploy.delete("Table", "posts"), rows=True)


def test_forced_row_security_hides_no_row_from_an_identity(deploy: Deploy) -> None:
    deploy.table(columns=POSTS, row_security="forced")
    fill(deploy)
    identified = but(col("id", "integer", nullable=False, identity="by default"))
    deploy.table(columns=identified, row_security="forced")
    deploy.sql("insert into posts (title) values ('next')")
    assert deploy.sql("select max(id) from posts") == [(ROWS + 1,)]
    assert deploy.must_have("tables", "posts")["rowSecurity"] == "forced"


def test_generated_column_keeps_its_indexes_and_constraints(deploy: Deploy) -> None:
    deploy.table(columns=but(DOUBLED))
    deploy.index("doubled_idx", columns=["doubled", "id"], comment="it's kept")
    deploy.constraint("doubled_check", kind="check", expression="doubled >= 0", comment="kept")
    before = deploy.snapshot()
    deploy.table(columns=but(col("doubled", "integer", generated="views * 3")))
    after = deploy.snapshot()
    changed = [key for key in before if before[key] != after.get(key)]
    assert [key.kind for key in changed] == ["tables"]


def test_rename_moves_the_table_with_its_rows(deploy: Deploy) -> None:
    deploy.sql("create schema blog; grant all on schema blog to deployer")
    posts(deploy)
    fill(deploy)
    deploy.index("posts_author", columns=["author"])
    deploy.constraint("posts_check", kind="check", expression="views >= 0")
    deploy.policy("posts_all", command="all", roles=["public"], using="true")
    assert (
        deploy.deploy("Table", "posts", {"schema": "blog", "name": "articles", "columns": POSTS}) == "update"
    )
    assert deploy.sql("select count(*) from blog.articles") == [(ROWS,)]
    moved = {"schema": "blog", "table": "articles"}
    assert deploy.index("posts_author", columns=["author"], **moved) == "update"
    assert deploy.plans[-1][2].statements == ()
    deploy.constraint("posts_check", kind="check", expression="views >= 0", **moved)
    deploy.policy("posts_all", command="all", roles=["public"], using="id > 0", **moved)
    assert deploy.must_have("policies", "posts_all", on="articles", schema="blog")["using"] == "(id > 0)"
    assert len(deploy.snapshot()) == 4


def test_same_type_spelled_otherwise_is_the_same(deploy: Deploy) -> None:
    deploy.table(
        columns=[col("id", "int"), col("at", "timestamptz"), col("ok", "bool"), col("n", "decimal(4)")]
    )
    assert deploy.refresh("Table", "posts") == "same"
    respelled = [
        col("id", "integer"),
        col("at", "timestamp with time zone"),
        col("ok", "boolean"),
        col("n", "numeric(4)"),
    ]
    assert deploy.table(columns=respelled) == "same"


def test_intent_is_remembered_and_changes_nothing(deploy: Deploy) -> None:
    one, other = ({"roles": {"gp_reader": {"select": {"own": name}}}} for name in ("author", "id"))
    deploy.table(columns=POSTS, intent=one)
    before = deploy.snapshot()
    assert deploy.table(columns=POSTS, intent=one) == "same"
    assert deploy.table(columns=POSTS, intent=other) == "update"
    assert not deploy.statements()
    assert deploy.outputs("Table", "posts")["intent"] == other
    assert deploy.snapshot() == before
    assert deploy.refresh("Table", "posts") == "same"


def test_order_of_columns_is_no_difference(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    assert deploy.table(columns=POSTS[::-1]) == "same"


def test_gone_on_delete_is_done(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("drop table posts")
    deploy.delete("Table", "posts")
    assert deploy.statements() == []


def test_gone_on_update_is_made_anew(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("drop table posts")
    assert deploy.table(columns=but(col("note"))) == "update"
    assert "note" in str(deploy.must_have("tables", "posts"))


def test_gone_on_refresh_is_gone(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("drop table posts")
    assert deploy.refresh("Table", "posts") == "gone"
    assert deploy.table(columns=POSTS) == "create"


def test_what_somebody_else_made_in_its_place_is_not_taken_over(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("drop table posts")
    assert deploy.refresh("Table", "posts") == "gone"
    deploy.sql("create table posts (evil text)")
    with pytest.raises(ObjectExists, match=r"public.posts exists already"):
        deploy.table(columns=POSTS)


DRIFTS = {
    "default": "alter table posts alter column status set default 'odd'",
    "type": "alter table posts alter column views type bigint",
    "not null": "alter table posts alter column title set not null",
    "column added": "alter table posts add column stray text default 'x'",
    "column dropped": "alter table posts drop column score",
    "comment": "comment on table posts is 'drifted'",
    "column comment": "comment on column posts.title is null",
    "row security": "alter table posts no force row level security",
    "row security off": "alter table posts disable row level security",
    "granted": "grant select, delete on posts to public",
    "granted on a column": "grant update (status) on posts to gp_other",
    "granted onward": "grant select on posts to gp_reader with grant option",
    "revoked": "revoke all on posts from gp_reader",
    "storage": "alter table posts set (fillfactor = 50, parallel_workers = 2)",
    "storage reset": "alter table posts reset (fillfactor)",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    declared = {
        "columns": but(col("title", comment="the title")),
        "row_security": "forced",
        "privileges": {"gp_reader": ["select", "update (title)"]},
        "storage": {"fillfactor": 70},
    }
    deploy.table(**declared)
    fill(deploy)
    deployed = deploy.snapshot()
    assert deploy.refresh("Table", "posts") == "same"
    for _ in range(2):  # mended again, it is not taken for work done
        deploy.sql(drift)  # type: ignore[arg-type]
        assert deploy.refresh("Table", "posts") == "drift"
        assert deploy.table(**declared) == "update"
        assert deploy.snapshot() == deployed
    assert deploy.refresh("Table", "posts") == "same"


def test_default_privileges_are_revoked(deploy: Deploy) -> None:
    with psycopg.connect(deploy.database.deployer_url, autocommit=True) as deployer:
        deployer.execute('alter default privileges grant select, delete on tables to public, "GP Odd, role"')
        deployer.execute("alter default privileges in schema public grant all on tables to gp_other")
    deploy.table(columns=POSTS, privileges={"gp_reader": ["select"], "gp_other": ["insert"]})
    assert deploy.must_have("tables", "posts")["privileges"] == {
        "gp_reader": ["select"],
        "gp_other": ["insert"],
    }


def test_owner_is_the_role_that_the_session_takes_on(deploy: Deploy) -> None:
    deploy.sql(f"grant create on database {deploy.database.name} to gp_owner")  # type: ignore[arg-type]
    with deploy.next_deployment(role="gp_owner"):
        deploy.table(columns=POSTS, row_security="forced", privileges={"gp_reader": ["select"]})
        deploy.index("posts_author", columns=["author"])
        deploy.table(columns=but(col("note")), row_security="forced")
    assert deploy.must_have("tables", "posts")["owner"] == "gp_owner"


@pytest.mark.parametrize(
    ("change", "hazard"),
    [
        (columns(without=("score",)), "DELETES_DATA on public.posts.score"),
        (
            columns(col("views", "bigint", nullable=False, default="0")),
            "REWRITES_TABLE on public.posts.views",
        ),
        (columns(col("uid", "uuid", default="gen_random_uuid()")), "REWRITES_TABLE on public.posts.uid"),
        (columns(col("title", generated="status || 'x'")), "DELETES_DATA on public.posts.title"),
    ],
    ids=["drop", "type", "volatile default", "generated instead of data"],
)
def test_hazard_needs_its_approval(deploy: Deploy, change: Change, hazard: str) -> None:
    deploy.table(**change.before)
    fill(deploy)
    deploy.sql("analyze posts")
    before = deploy.snapshot()
    with (
        deploy.next_deployment(approve=""),
        pytest.raises(HazardNotApproved, match=rf'Table "posts": {hazard}: .*\(about \d+ rows') as refused,
    ):
        deploy.table(**change.after)
    assert deploy.snapshot() == before
    words = re.findall(r"--approve (\S+)", str(refused.value))
    with deploy.next_deployment(approve=words[-1]):
        assert deploy.table(**change.after) == "update"


def test_delete_of_rows_needs_approval(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    with deploy.next_deployment(approve=""):
        for preview in (True, False):
            with pytest.raises(HazardNotApproved, match=r"rows that were not counted yet, 16384 bytes"):
                deploy.delete("Table", "posts", preview=preview)
    with deploy.next_deployment(approve="DELETES_DATA:public.posts"):
        deploy.delete("Table", "posts", preview=True)
        deploy.must_have("tables", "posts")
        deploy.delete("Table", "posts")
    assert deploy.snapshot() == {}


def test_column_without_a_value_for_rows_is_refused(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    with pytest.raises(InvalidDeclaration, match=r'column "note" is not null without a default'):
        deploy.table(columns=but(col("note", nullable=False)))


def test_not_null_with_nulls_leaves_nothing_behind(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    deploy.sql("update posts set title = null where id = 7")
    before = deploy.snapshot()
    violated = r'Table "posts": .*(is violated by some row|contains null values)'
    with pytest.raises(StatementFailed, match=violated):
        deploy.table(columns=but(col("title", nullable=False), col("note")))
    assert deploy.snapshot() == before


def test_foreign_table_is_left_alone(deploy: Deploy) -> None:
    deploy.sql("create table posts (id int); grant select on posts to public")
    before = deploy.snapshot()
    with pytest.raises(ObjectExists, match=r"public.posts exists already, and this resource did not make it"):
        posts(deploy)
    deploy.table("news", columns=POSTS)
    before = deploy.snapshot()
    with deploy.next_deployment(), pytest.raises(ObjectExists, match=r"public.posts exists already"):
        deploy.deploy("Table", "news", {"schema": "public", "name": "posts", "columns": POSTS})
    assert deploy.snapshot() == before


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"columns": [col("a"), col("a")]}, "column a is declared twice"),
        ({"columns": [col("a", "text text")]}, 'table "public.posts": column "a".*syntax error'),
        ({"columns": [col("a", default="1 +")]}, 'column "a".*syntax error'),
        ({"columns": [col("a", collation="C")]}, """reads C as c: write '"C"', quotes too"""),
        ({"columns": [col("a", collation="pg_catalog.POSIX")]}, "write 'pg_catalog.\"POSIX\"'"),
        ({"columns": [col("a", collation="\"C\" || ''")]}, 'column "a": collation: expected the name'),
        ({"columns": [col("a", default="1", generated="2")]}, "default and generated exclude each other"),
        ({"columns": [col("a", generated="b + 1")]}, 'column "a": generated: unknown column b'),
        ({"columns": [col("a", "int", identity="always")]}, "an identity column is never null"),
        ({"columns": [col("a")], "privileges": {"x": ["read"]}}, '"x": "read" is none of delete, insert'),
        ({"columns": [col("a")], "privileges": {"x": ["delete (a)"]}}, "delete cannot be given on columns"),
        ({"columns": [col("a")], "privileges": {"x": ["update (b)"]}}, '"x": there is no column b'),
        (
            {"columns": [col("a")], "colour": "red"},
            'unknown property "colour": it is one of columns, comment',
        ),
        (
            {"columns": [{**col("a"), "kind": "x"}]},
            'columns.0.kind: unknown property "kind": it is one of change, coll',
        ),
        ({"columns": [{"name": "a"}]}, 'columns.0.type: "type" is required'),
        ({}, 'columns: "columns" is required'),
        (
            {"columns": [col("a")], "row_security": "on"},
            "\"rowSecurity\" is one of 'off', 'enabled' or 'forced', got 'on'",
        ),
        (
            {"columns": [col("a")], "intent": {"roles": {"x": {"select": {"own": "b"}}}}},
            'intent: table "public.posts" has no column b: it has a',
        ),
        (
            {"columns": [col("a")], "intent": {"roles": {"x": {"select": {"mine": "a"}}}}},
            "expected one of everybody",
        ),
        ({"columns": [col("a" * 64)]}, "a name has 1 to 63 bytes, this one 64"),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.table(**inputs)


def test_unknown_values_wait(deploy: Deploy) -> None:
    posts(deploy)
    inputs = {"schema": "public", "name": "posts", "columns": UNKNOWN, "privileges": {"gp_reader": UNKNOWN}}
    deploy.check("Table", "posts", inputs)
    assert deploy.diff("Table", "posts", inputs).diffs == ["columns", "privileges"]
    deploy.check("Table", "posts", {**inputs, "columns": [{"name": "a", "type": UNKNOWN}, UNKNOWN]})
    with pytest.raises(Refused, match=r'"name" is required'):
        deploy.check("Table", "posts", {"columns": UNKNOWN})


def test_preview_of_unknown_values_plans_nothing(deploy: Deploy) -> None:
    import asyncio

    from pulumi.provider.experimental.provider import CreateRequest

    inputs = {"schema": "public", "name": "posts", "columns": POSTS, "comment": UNKNOWN}
    request = CreateRequest(urn_of("Table", "posts"), wired(inputs), 0, True)
    response = asyncio.run(deploy.provider.create(request))
    assert response.properties["definition"].value == UNKNOWN
    assert deploy.snapshot() == {}


def test_a_table_inherits(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    deploy.constraint("positive", kind="check", expression="views >= 0")
    above = {"inherits": [{"schema": "public", "table": "posts"}]}
    own = [col("extra", "integer"), col("title", nullable=False, default="'own'")]
    deploy.table("drafts", columns=own, **above)
    before = deploy.snapshot()
    deploy.index("drafts_idx", table="drafts", columns=["views", "extra"])
    deploy.constraint("positive", table="drafts", kind="check", expression="views >= 0")
    deploy.sql("insert into drafts (id, extra) values (1, 2)")
    assert deploy.sql("select title, views from posts") == [("own", 0)]
    assert deploy.table("drafts", columns=own, **above) == "same"
    assert deploy.refresh("Table", "drafts") == "same"
    deploy.table("drafts", columns=[*own, col("more")], comment="c", **above)
    deploy.table(columns=[*POSTS, col("note", comment="of both")])
    assert deploy.sql("select note, more from drafts") == [(None, None)]
    with pytest.raises(InvalidDeclaration, match="inherits from cannot change in place"):
        deploy.table("drafts", columns=own)
    with pytest.raises(Refused, match="no column wrong: it has"):
        deploy.index("x", table="drafts", columns=["title", "wrong"])
    deploy.table(columns=POSTS)
    deploy.delete("Index", "drafts_idx")
    deploy.table("drafts", columns=own, **above)
    found = {key: one for key, one in deploy.snapshot().items() if key.object != "positive"}
    assert found == {key: one for key, one in before.items() if key.object != "positive"}
