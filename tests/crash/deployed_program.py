"""A program of every kind of object, in two versions: `first` on an empty server, `second` on rows."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pulumi_postgresql as postgresql
from pulumi.runtime import register_stack_transformation

from gatepost.resources import (
    Backfill,
    Check,
    Column,
    ColumnChange,
    Domain,
    Enum,
    Feature,
    ForeignKey,
    Function,
    Index,
    MaterializedView,
    Partition,
    Policy,
    PrimaryKey,
    Procedure,
    Provider,
    Publication,
    Range,
    ReferenceData,
    Seed,
    Sequence,
    Table,
    Trigger,
    Unique,
    Verbatim,
    View,
)

MANY = 11
"""So few that what is on them is quickly enumerated, so many that they are made in a group."""
DATABASE, OWNER, READER = "crash", "crash_owner", "crash_reader"
ROWS = """
    insert into app.authors (id, name) select g, 'author ' || g from generate_series(1, 20) as g
    on conflict do nothing;
    insert into app.posts (id, author_id, title, views)
    select g, 1 + g % 20, 'title ' || g, g from generate_series(1, 100) as g on conflict do nothing;
    insert into app.events values (1, '2026-05-05');
"""
"""What clients have written before the second version is deployed."""

TOUCH = """
create function app.touch() returns trigger language plpgsql as $$
begin
    new.touched_at := {when};
    return new;
end
$$
"""
VIEW = "create view app.titles with (security_invoker = true) as select {columns} from app.posts"


def declare(version: str, port: int, extension: str, *, ordered: bool) -> None:
    """Declare everything.

    :param port: where the server is reached.
    :param extension: one that the server has.
    :param ordered: each resource waits for the one before, so that two runs do the same in the same order.
    """
    if ordered:
        register_stack_transformation(_in_a_row())
    second = version == "second"
    target = _surroundings(port, second, extension)
    with Feature("crash", provider=target):
        if version == "together":
            _many()
        else:
            _everything(second)


def _everything(second: bool) -> None:
    """Declare every kind of object."""
    authors = Table(
        "authors",
        schema="app",
        columns=[Column("id", "bigint"), Column("name", "text", comment="As it is printed")],
        comment="Who writes",
        privileges={READER: ["select"]},
    )
    PrimaryKey("authors_pkey", authors, ["id"])
    posts = _posts(second)
    PrimaryKey("posts_pkey", posts, ["id"])
    ForeignKey("posts_author", posts, ["author_id"], references=authors, on_delete=_either(second))
    _rules(posts, second)
    _code(posts, second)
    _more(posts, second)
    rows = "(1, 'draft'), (2, 'live')" if second else "(1, 'draft')"
    states = Table("states", schema="app", columns=[Column("id", "int"), Column("name", "text")])
    PrimaryKey("states_pkey", states, ["id"])
    given = f"insert into app.states values {rows} on conflict do nothing"
    after = pulumi.ResourceOptions(depends_on=states.keys)
    ReferenceData("known_states", sql=given, opts=after)
    Seed(
        "some_author",
        sql="insert into app.authors values (0, 'nobody') on conflict do nothing",
        opts=after,
    )


def _in_a_row() -> Callable[[pulumi.ResourceTransformationArgs], pulumi.ResourceTransformationResult]:
    made: list[pulumi.Resource] = []

    def wait(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        after = pulumi.ResourceOptions(depends_on=made[-1:])
        if isinstance(args.resource, pulumi.CustomResource):
            made.append(args.resource)
        opts = pulumi.ResourceOptions.merge(args.opts, after)
        return pulumi.ResourceTransformationResult(args.props, opts)

    return wait


def _either(second: bool) -> str:
    return "cascade" if second else "no action"


def _surroundings(port: int, second: bool, extension: str) -> Provider:
    """Declare every pulumi-postgresql kind, one after the other."""
    server = postgresql.Provider(
        "server",
        host="127.0.0.1",
        port=port,
        username="deployer",
        database="postgres",
        sslmode="disable",
        superuser=False,
    )
    made: list[pulumi.Resource] = []

    def after(**more: object) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(provider=server, depends_on=made[-1:], **more)  # type: ignore[arg-type]

    made.append(postgresql.Role(OWNER, name=OWNER, opts=after()))
    timeout = 30_000 if second else 20_000
    password = pulumi.Output.secret("secret" if second else "hidden")
    made.append(
        postgresql.Role(
            READER, name=READER, login=True, password=password, statement_timeout=timeout, opts=after()
        )
    )
    joined = after(ignore_changes=["withAdminOption"])
    made.append(postgresql.GrantRole("deployer_in_owner", role="deployer", grant_role=OWNER, opts=joined))
    limit = 50 if second else -1
    made.append(
        postgresql.Database(DATABASE, name=DATABASE, owner=OWNER, connection_limit=limit, opts=after())
    )
    database = {"database": made[-1].name}
    made.append(postgresql.Schema("app", name="app", owner=OWNER, **database, opts=after()))
    everywhere = extension == "plpgsql"
    kept = after(retain_on_delete=everywhere)
    place = {} if everywhere else {"schema": "app"}
    made.append(postgresql.Extension(extension, name=extension, **place, **database, opts=kept))
    enter = ["CREATE", "USAGE"] if second else ["USAGE"]
    made.append(
        postgresql.Grant(
            "enter",
            role=READER,
            object_type="schema",
            schema="app",
            privileges=enter,
            **database,
            opts=after(),
        )
    )
    closed = {"owner": OWNER, "role": "public", "object_type": "function", "privileges": []}
    made.append(postgresql.DefaultPrivileges("closed", **database, **closed, opts=after()))
    return Provider(
        "target",
        host="127.0.0.1",
        port=str(port),
        username="deployer",
        database=database["database"],
        sslmode="disable",
        role=OWNER,
        approve=[
            *("REWRITES_TABLE", "BLOCKS_WRITES", "BREAKS_WRITES", "BREAKS_CLIENTS"),
            *("CHANGES_ACCESS", "WIDENS_ACCESS", "HIDES_ROWS"),
        ],
        opts=pulumi.ResourceOptions(depends_on=made),
    )


def _posts(second: bool) -> Table:
    more = [Column("slug", "text", nullable=True), Column("state", "text", default="'draft'")]
    return Table(
        "posts",
        schema="app",
        columns=[
            Column("id", "bigint"),
            Column("author_id", "bigint"),
            Column("title", "text", nullable=not second, comment="What is seen" if second else None),
            Column("views", "bigint", default="0", change=ColumnChange())
            if second
            else Column("views", "integer", default="0"),
            Column("touched_at", "timestamptz", nullable=True),
            *(more if second else []),
        ],
        row_security="forced" if second else "enabled",
        privileges={READER: ["select", "update"] if second else ["select"]},
    )


def _rules(posts: Table, second: bool) -> None:
    Check("posts_views", posts, "views >= 0" if second else "views > -1", comment="Counted")
    Unique("posts_title", posts, ["title", "author_id"] if second else ["title", "id"])
    order = "touched_at desc" if second else "touched_at"
    Index("posts_by_author", posts, ["author_id", order], comment="Lists")
    if second:
        Index("posts_by_slug", posts, ["slug"], where="slug is not null")
        Check("posts_state", posts, "state <> ''")
    else:
        Index("posts_by_views", posts, ["views"])
    using = "author_id > 0" if second else "true"
    Policy("posts_read", posts, command="select", roles=[READER], using=using, comment="All may")


def _code(posts: Table, second: bool) -> None:
    when = "clock_timestamp()" if second else "now()"
    touch = Function("touch", sql=TOUCH.format(when=when), comment="Stamps")
    events = ["insert", "update"] if second else ["update"]
    Trigger("posts_touch", posts, function=touch, events=events, comment="Always")
    columns = "id, title, views" if second else "id, title"
    View("titles", sql=VIEW.format(columns=columns), privileges={READER: ["select"]}, comment="Names")


def _many() -> None:
    """Declare so many tables that they are made in groups: tables, what is on each, what is between them."""
    columns = [Column("id", "bigint"), Column("before_id", "bigint", nullable=True)]
    names = [f"t{number:02}" for number in range(MANY)]
    tables = [Table(name, schema="app", columns=columns, row_security="enabled") for name in names]
    on_each: list[pulumi.Resource] = []
    for name, table in zip(names, tables, strict=True):
        on_each += [
            PrimaryKey(f"{name}_pkey", table, ["id"]),
            Index(f"{name}_before", table, ["before_id"]),
            Policy(f"{name}_read", table, command="select", roles=[READER], using="id > 0"),
        ]
    after = pulumi.ResourceOptions(depends_on=on_each)
    for place, name in enumerate(names):
        before = tables[place - 1]
        ForeignKey(f"{name}_fkey", tables[place], ["before_id"], references=before, opts=after)


def _more(posts: Table, second: bool) -> None:
    """Declare the kinds that stand beside tables."""
    Enum("mood", ["good", "fine", "bad"] if second else ["good", "bad"], schema="app", comment="Of a post")
    Domain("slug", "text", checks={"lower": "value = lower(value)"}, schema="app")
    Sequence("numbers", schema="app", increment=5 if second else 1, comment="Counts")
    most = ", max(views) as most" if second else ""
    text = f"""
        create materialized view app.counted as
        select author_id, count(*) as posts{most} from app.posts group by author_id
    """
    counted = MaterializedView("counted", sql=text, refresh_on="2" if second else "1", comment="Now and then")
    Index("counted_author", counted, ["author_id"], unique=True)
    Publication("changes", [posts], publish=["insert", "update"] if second else ["insert"], comment="Fed")
    state = "0" if second else "1"
    total = f"create aggregate app.total(bigint) (sfunc = int8pl, stype = bigint, initcond = '{state}')"
    Verbatim("total", creates="aggregate app.total(bigint)", sql=total)
    body = "delete from app.posts where views < 0;" if second else "null;"
    Procedure(
        "tidy",
        sql=f"create procedure app.tidy() language plpgsql as $$ begin {body} end $$",
        comment="Tidies",
    )
    years = ["2026", "2027"] if second else ["2026"]
    parts = [Partition(f"events_{year}", f"from ('{year}-01-01') to ('{year}-12-31')") for year in years]
    events = Table(
        "events",
        schema="app",
        columns=[Column("id", "bigint"), Column("at", "date")],
        partition_by=Range("at", parts),
        comment="By years",
    )
    Index("events_at", events, ["at desc"] if second else ["at"])
    if second:
        Backfill("slugs", posts, sets={"slug": "lower(title)"}, where="slug is null", batch=40, pause=0.0)
