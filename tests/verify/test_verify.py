# ruff: noqa: E501 (each row of the table is one broken property)
"""Each checked property is broken by hand, and exactly that line fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fix_workspace import Workspace, make_workspace
from servers import Database, Server, at

PROGRAM = """
ready = \"\"\"create function public.is_ready(post uuid, minimum numeric(4, 2) = 1) returns boolean
language plpgsql stable security definer set search_path = '' as $$ begin return true; end $$\"\"\"
touch = \"create function public.touch() returns trigger language plpgsql as $$ begin return new; end $$\"
listing = \"create view public.listing with (security_invoker = true) as select id, title from public.posts\"

with Feature("posts", provider=target):
    authors = Table("authors", columns=[
        Column("id", "bigint", identity="always", identity_options={"increment": 5}),
        Column("name", "varchar(40)"),
    ])
    PrimaryKey("authors_pkey", authors, ["id"])
    posts = Table("posts", comment="What authors write", row_security="forced",
        columns=[
            Column("id", "uuid", default="gen_random_uuid()"),
            Column("title", "text", comment="What readers see"),
            Column("price", "numeric(8, 2)", nullable=True),
            Column("author_id", "bigint"),
            Column("size", "integer", nullable=True, generated="length(title)"),
        ],
        privileges={"verify_reader": ["select", "update (title, price)"]})
    PrimaryKey("posts_pkey", posts, ["id"])
    Unique("posts_title_key", posts, ["title", "author_id"])
    Check("posts_price_check", posts, "price > 0")
    ForeignKey("posts_author_fkey", posts, ["author_id"], references=authors, on_delete="cascade")
    Index("idx_posts_recent", posts, ["author_id", "title desc"], where="price is null", include=["id"])
    Index("idx_posts_lower", posts, ["(lower(title))"], unique=True)
    Policy("posts_read", posts, command="select", roles=["verify_reader"], using="true", comment="All of it")
    Function("is_ready", sql=ready, privileges={"verify_reader": ["execute"]})
    touched = Function("touch", sql=touch)
    Trigger("posts_touch", posts, function=touched, events=["insert", "update of title"])
    View("listing", sql=listing, privileges={"verify_reader": ["select"]})
    Enum("mood", ["calm", "angry"], privileges={"verify_reader": "usage"})
    Domain("cents", "integer", nullable=False, checks={"positive": "value >= 0"})
    Composite("span", [Attribute("low", "integer"), Attribute("high", "integer")], comment="From and to")
    Sequence("tickets", increment=10, privileges={"verify_reader": "usage"})
    MaterializedView("counted", sql="create materialized view public.counted as select count(*) from public.posts")
    Publication("papers", [Published(posts, columns=["id", "title"]), authors], publish=["insert"])
"""
QUERY = """-- The posts of an author
-- as: verify_reader
-- index: idx_posts_recent
-- parameter: author int = 1
select p.title from public.posts as p where p.author_id = %(author)s and p.price is null
"""


@pytest.fixture(scope="module")
def roles(server: Server) -> Iterator[None]:
    run(server.superuser_url, "drop role if exists verify_reader", "create role verify_reader")
    run(server.superuser_url, "grant verify_reader to deployer")
    yield
    run(server.superuser_url, "drop role verify_reader")


@pytest.fixture(scope="module")
def template(server: Server, tmp_path_factory: pytest.TempPathFactory, roles: None) -> Iterator[Workspace]:
    """The program, deployed once; each test breaks a copy of its database."""
    with server.database() as database:
        made = make_workspace(tmp_path_factory.mktemp("template"), database)
        made.write(PROGRAM)
        queries = made.root / "schema" / "posts" / "queries"
        queries.mkdir(parents=True)
        (queries / "posts_of_author.sql").write_text(QUERY)
        made.run("up", "--yes")
        yield made


@pytest.fixture
def deployed(server: Server, template: Workspace) -> Iterator[Workspace]:
    name = f"{template.database.name}_copy"
    run(server.superuser_url, f"create database {name} template {template.database.name} owner deployer")
    copy = Database(name, at(server.deployer_url, name), at(server.superuser_url, name))
    environment = {**template.environment, "GATEPOST_DATABASE_URL": copy.deployer_url}
    yield Workspace(template.root, copy, environment)
    run(server.superuser_url, f"drop database {name} with (force)")


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def failures(workspace: Workspace, code: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workspace.json("verify", "--only", "failed", code=code)["checks"]
    return found


def test_deployed_program_is_proven(deployed: Workspace) -> None:
    document = deployed.json("verify")
    assert document["ok"]
    kinds = {check["kind"] for check in document["checks"]}
    assert kinds == {
        "table", "column", "constraint", "index", "policy", "function", "trigger", "view", "privileges", "query", "definition",
        "type", "sequence", "materialized view", "publication",
    }  # fmt: skip
    assert {check["feature"] for check in document["checks"]} == {"posts"}


def test_every_line_says_what_was_expected_and_found(deployed: Workspace) -> None:
    lines = [line for line in deployed.run("verify").stdout.splitlines() if line.startswith("  ✓")]
    assert len(lines) == deployed.json("verify")["passed"]
    assert all("expected " in line and "; found " in line for line in lines)


# fmt: off
BREAKS = [
    ("alter table posts disable row level security", ("table", "row_security")),
    ("alter table posts no force row level security", ("table", "row_security")),
    ("alter table posts owner to postgres", ("table", "owner")),
    ("comment on table posts is 'Something else'", ("table", "comment")),
    ("alter table posts alter column price type numeric(9, 2)", ("column", "type")),
    ("alter table authors alter column name type varchar(41)", ("column", "type")),
    ("alter table posts alter column title drop not null", ("column", "null")),
    ("alter table posts alter column id drop default", ("column", "default")),
    ("alter table posts alter column size drop expression", ("column", "generated")),
    ("alter table authors alter column id set generated by default", ("column", "identity")),
    ("alter table authors alter column id set increment 2", ("column", "increment")),
    ("alter sequence authors_id_seq cycle", ("column", "cycle")),
    ("comment on column posts.title is null", ("column", "comment")),
    ("alter table posts drop constraint posts_price_check", ("constraint", None)),
    ("alter table posts drop constraint posts_price_check, add constraint posts_price_check check (price > 0) not valid",
        ("constraint", "validated")),
    ("alter table posts drop constraint posts_author_fkey, add constraint posts_author_fkey"
        " foreign key (author_id) references authors on delete restrict", ("constraint", "on_delete")),
    ("alter table posts drop constraint posts_title_key, add constraint posts_title_key unique (title, author_id, price)",
        ("constraint", "columns")),
    ("update pg_index set indisvalid = false where indexrelid = 'idx_posts_recent'::regclass", ("index", "valid")),
    ("drop index idx_posts_recent; create index idx_posts_recent on posts (author_id, title) include (id)"
        " where price is null", ("index", "columns")),
    ("drop index idx_posts_recent; create index idx_posts_recent on posts (author_id, title desc) include (id)",
        ("index", "partial")),
    ("drop index idx_posts_recent; create index idx_posts_recent on posts (author_id, title desc) where price is null",
        ("index", "include")),
    ("drop index idx_posts_lower; create index idx_posts_lower on posts (lower(title))", ("index", "unique")),
    ("drop index idx_posts_lower", ("index", None)),
    ("alter policy posts_read on posts to public", ("policy", "roles")),
    ("drop policy posts_read on posts; create policy posts_read on posts for update to verify_reader using (true);"
        " comment on policy posts_read on posts is 'All of it'", ("policy", "command")),
    ("drop policy posts_read on posts; create policy posts_read on posts as restrictive for select to verify_reader"
        " using (true); comment on policy posts_read on posts is 'All of it'", ("policy", "permissive")),
    ("alter function is_ready security invoker", ("function", "security")),
    ("alter function is_ready reset search_path", ("function", "settings")),
    ("alter function is_ready owner to postgres", ("function", "owner")),
    ("alter function is_ready volatile", ("function", "volatility")),
    ("alter table posts disable trigger posts_touch", ("trigger", "enabled")),
    ("drop trigger posts_touch on posts; create trigger posts_touch after insert or update of title on posts"
        " for each row execute function touch()", ("trigger", "timing")),
    ("drop trigger posts_touch on posts; create trigger posts_touch before insert on posts"
        " for each row execute function touch()", ("trigger", "events")),
    ("alter view listing set (security_invoker = false)", ("view", "rights")),
    ("alter type mood add value 'glad'", ("type", "values")),
    ("alter domain cents drop constraint positive", ("type", "checks")),
    ("alter type span drop attribute high", ("type", "attributes")),
    ("alter sequence tickets cycle", ("sequence", "cycle")),
    ("refresh materialized view counted with no data", ("materialized view", "filled")),
    ("alter publication papers set (publish = 'insert, delete')", ("publication", "publish")),
    ("grant usage on type mood to public", ("privileges", "may")),
    ("grant select on sequence tickets to verify_reader", ("privileges", "may")),
    ("grant delete on posts to verify_reader", ("privileges", "may")),
    ("revoke update (price) on posts from verify_reader", ("privileges", "may")),
    ("grant select on posts to public", ("privileges", "may")),
    ("grant execute on function touch() to public", ("privileges", "may")),
    ("grant select on listing to verify_reader with grant option", ("privileges", "may")),
    ("alter table posts add column surprise text", ("column", "")),
]
# fmt: on


@pytest.mark.parametrize(("statement", "expected"), BREAKS, ids=[one[0][:70] for one in BREAKS])
def test_broken_property_fails_its_line(
    deployed: Workspace, statement: str, expected: tuple[str, str]
) -> None:
    deployed.sql(statement)
    broken = [check for check in failures(deployed) if check["kind"] not in ("query", "definition")]
    kind, difference = expected
    assert [check["kind"] for check in broken] == [kind]
    if difference is None:
        assert broken[0]["found"] is None
    else:
        assert broken[0]["differences"] == [difference]


def test_query_without_its_index_fails(deployed: Workspace) -> None:
    deployed.sql("drop index idx_posts_recent")
    [query] = [check for check in failures(deployed) if check["kind"] == "query"]
    assert query["expected"]["index"] == "idx_posts_recent"
    assert query["found"]["index"] != "idx_posts_recent"


def test_small_table_is_said(deployed: Workspace) -> None:
    deployed.sql("insert into authors (name) values ('Ada'); analyze posts")
    deployed.sql(
        "insert into posts (title, author_id) select n::text, 1 from generate_series(1, 3) as n; analyze posts"
    )
    said = deployed.run("verify").stdout
    assert "(small table: sequential scans off)" in said or "(table too small to tell" in said


REWORDED = {
    "policy posts_read": "alter policy posts_read on posts using (id is not null)",
    "constraint posts_price_check": "alter table posts drop constraint posts_price_check,"
    " add constraint posts_price_check check (true)",
    "function touch": "create or replace function touch() returns trigger language plpgsql as"
    " $$ begin return null; end $$",
    "table posts": "alter table posts alter column id set default '00000000-0000-0000-0000-000000000000'",
    "view listing": "create or replace view listing with (security_invoker = true) as"
    " select id, 'x'::text as title from posts",
}


@pytest.mark.parametrize(("name", "statement"), REWORDED.items(), ids=REWORDED)
def test_what_is_worded_otherwise_fails(deployed: Workspace, name: str, statement: str) -> None:
    deployed.sql(statement)
    [broken] = failures(deployed)
    assert (broken["kind"], broken["name"]) == ("definition", f"of {name}")


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("policy", "create policy open_all on posts to public using (true)"),
        ("trigger", "create trigger spy after insert on posts for each row execute function touch()"),
    ],
)
def test_what_nobody_declared_on_a_table_fails(deployed: Workspace, kind: str, statement: str) -> None:
    deployed.sql(statement)
    [broken] = failures(deployed)
    assert (broken["kind"], broken["found"]) == (kind, {"": "there"})


def test_other_index_on_a_small_table_says_nothing(deployed: Workspace) -> None:
    deployed.sql("create index also on posts (author_id) include (title, id) where price is null")
    deployed.sql(
        "insert into authors (name) values ('Ada'); insert into posts (title, author_id) values ('a', 1)"
    )
    deployed.run("verify")


def test_large_table_gets_no_help(deployed: Workspace) -> None:
    deployed.sql("insert into authors (name) values ('Ada')")
    deployed.sql(
        "insert into posts (title, author_id) select repeat('x', 400) || n, 1 from generate_series(1, 4000) as n"
    )
    deployed.sql("analyze posts")
    [query] = failures(deployed)
    assert query["found"]["index"] != "idx_posts_recent"


def test_role_that_the_deployer_may_not_become(deployed: Workspace) -> None:
    deployed.sql("revoke verify_reader from deployer")
    try:
        [query] = [check for check in failures(deployed) if check["kind"] == "query"]
    finally:
        deployed.sql("grant verify_reader to deployer")
    assert 'may not become "verify_reader"' in query["found"]["error"]


def test_nothing_deployed_fails_every_line(workspace: Workspace, roles: None) -> None:
    workspace.write(PROGRAM)
    assert all(check["found"] is None for check in failures(workspace) if check["kind"] != "privileges")


def test_proof_reads_neither_state_nor_provider(template: Workspace, deployed: Workspace) -> None:
    state = template.root / ".gatepost" / "state"
    state.rename(template.root / "away")
    deployed.run("verify")
    (template.root / "away").rename(state)
    sources = Path(__file__).parents[2] / "src" / "gatepost" / "verify"
    assert not [file for file in sources.glob("*.py") if "postgres.catalog" in file.read_text()]
