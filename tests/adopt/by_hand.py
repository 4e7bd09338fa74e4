"""A program with an object of every kind, each property of which `by_hand.sql` changes."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pulumi
import pulumi_postgresql as postgresql

from gatepost.resources import (
    Attribute,
    Check,
    Column,
    Composite,
    Domain,
    Enum,
    Exclusion,
    Feature,
    ForeignKey,
    Function,
    Index,
    List,
    MaterializedView,
    Partition,
    Policy,
    PrimaryKey,
    Procedure,
    Provider,
    Publication,
    Published,
    Range,
    Sequence,
    Table,
    Trigger,
    Unique,
    Verbatim,
    View,
)

SQL = Path("schema")
url = urlsplit(os.environ["GATEPOST_DATABASE_URL"])
database, password = url.path[1:], unquote(url.password or "")
server = postgresql.Provider(
    "server",
    host=url.hostname,
    port=url.port,
    username=url.username,
    password=password,
    database=database,
    sslmode="disable",
    superuser=False,
)
on = pulumi.ResourceOptions(provider=server)
public = {"database": database, "owner": "deployer", "role": "by_hand_reader"}

reader = postgresql.Role("by_hand_reader", name="by_hand_reader", opts=on)
after = pulumi.ResourceOptions(provider=server, depends_on=[reader])
writer = postgresql.Role("by_hand_writer", name="by_hand_writer", opts=after)
acting = pulumi.ResourceOptions(provider=server, depends_on=[writer], ignore_changes=["withAdminOption"])
postgresql.GrantRole("acts", role="deployer", grant_role="by_hand_writer", opts=acting)
login = postgresql.Role(
    "by_hand_login", name="by_hand_login", login=True, connection_limit=5, statement_timeout=9000, opts=after
)
postgresql.GrantRole("membership", role="by_hand_writer", grant_role="by_hand_reader", opts=after)
app = postgresql.Schema("app", name="app", database=database, owner="deployer", opts=on)
postgresql.Schema("aside", name="aside", database=database, owner="deployer", opts=on)
in_app = pulumi.ResourceOptions(provider=server, depends_on=[app, writer, login])
entry = postgresql.Grant(
    "entry",
    database=database,
    object_type="schema",
    schema="app",
    role="by_hand_reader",
    privileges=["USAGE"],
    opts=in_app,
)
readable = postgresql.DefaultPrivileges(
    "readable",
    database=database,
    owner="deployer",
    role="by_hand_reader",
    schema="app",
    object_type="table",
    privileges=["SELECT"],
    opts=in_app,
)
last = pulumi.ResourceOptions(provider=server, depends_on=[entry, readable])
target = Provider(
    "target",
    host=url.hostname,
    port=str(url.port),
    username=url.username,
    password=password,
    database=database,
    opts=pulumi.ResourceOptions(depends_on=[entry, readable]),
)

with Feature("columns", provider=target):
    wide = Table(
        "wide",
        columns=[
            Column("id", "int"),
            Column("defaulted", "text", default="'x'"),
            Column("undefaulted", "text", default="'x'"),
            Column("bare", "text"),
            Column("optional", "int", nullable=True),
            Column("required", "int"),
            Column("typed", "varchar(10)"),
            Column("moment", "timestamptz"),
            Column("sorted", "text", collation='"C"'),
            Column("plain", "text"),
            Column("counted", "int", identity="always"),
            Column("said", "text", comment="Kept"),
            Column("unsaid", "text"),
            Column("lost", "int", nullable=True),
            Column("named", "int", nullable=True),
            Column("watched", "int"),
            Column("stored", "text"),
            Column("packed", "text"),
            Column("set", "int"),
        ],
    )
    Table("numbered", columns=[Column("n", "bigint", identity="by default", identity_options={"start": 5})])
    Table("uncounted", columns=[Column("n", "int", identity="always")])
    Table("countless", columns=[Column("n", "int")])
    Table("doubled", columns=[Column("n", "int"), Column("twice", "int", generated="n * 2")])
    Table("halved", columns=[Column("n", "int"), Column("half", "int", generated="n / 2")])
    Verbatim(
        "sampled",
        creates="statistics of column public.wide.id",
        sql="alter table only public.wide alter column id set statistics 500",
    )
    Verbatim(
        "external",
        creates="storage of column public.wide.bare",
        sql="alter table only public.wide alter column bare set storage external",
    )

with Feature("tables", provider=target):
    notes = Table(
        "notes",
        columns=[Column("id", "int"), Column("body", "text"), Column("at", "date")],
        comment="Kept",
        row_security="forced",
        privileges={"by_hand_reader": ["select"], "by_hand_writer": ["insert", "update (body)"]},
        storage={"fillfactor": 80, "toast.autovacuum_enabled": False},
    )
    PrimaryKey("notes_pkey", notes, ["id"])
    plain = Table("plain", columns=[Column("id", "int")])
    PrimaryKey("plain_pkey", plain, ["id"])
    logged = Table("logged", columns=[Column("id", "int")])
    parent = Table("parent", columns=[Column("id", "int")])
    Table("child", columns=[Column("own", "int")], inherits=[parent])
    Table("doomed", columns=[Column("id", "int")])
    Table("called", columns=[Column("id", "int")])
    Table("moved", columns=[Column("id", "int")])
    ruled = Table("ruled", columns=[Column("id", "int")])
    rule = "create rule {0} as on delete to public.ruled where old.id = 0 do instead nothing"
    for name in ("kept", "silent"):
        Verbatim(name, creates=f"rule {name} on public.ruled", sql=rule.format(name))

OPTIONAL = Column("note", "text", nullable=True)

with Feature("partitions", provider=target):
    parts = Table(
        "parts",
        columns=[
            Column("id", "int"),
            Column("at", "int"),
            Column("kind", "text"),
            Column("note", "text", nullable=True),
        ],
        row_security="enabled",
        partition_by=Range(
            "at",
            [
                Partition("parts_1", "from (1) to (2)"),
                Partition("parts_2", "from (2) to (3)", comment="Kept"),
                Partition("parts_3", "from (3) to (4)"),
                Partition("parts_4", "from (4) to (5)", storage={"fillfactor": 70}),
                Partition("parts_5", "from (5) to (6)"),
                Partition("parts_6", "from (6) to (7)"),
            ],
        ),
    )
    Policy("parted", parts, command="select", roles=["public"], using="id > 0")
    lists = Table(
        "lists",
        columns=[Column("id", "int"), Column("kind", "text")],
        partition_by=List("kind", [Partition("lists_a", "in ('a')"), Partition("lists_b", "in ('b')")]),
    )

with Feature("on tables", provider=target):
    held = Table("held", columns=[Column(one, "int") for one in "abcdefghij"])
    held_key = PrimaryKey("held_pkey", held, ["a"])
    bound = Table("bound", columns=[Column("a", "int")])
    ForeignKey("bound_a", bound, ["a"], references=held, columns_of=["a"])
    Unique("held_once", held, ["b"])
    Unique("held_twice", held, ["c"], comment="Kept")
    Unique("held_lax", held, ["h"])
    Check("held_short", held, "d < 99")
    Check("held_long", held, "d > -99")
    Check("held_gone", held, "e > 0")
    Check("held_proved", held, "f > 0")
    Check("held_said", held, "f > -1", comment="Kept")
    refers = Table("refers", columns=[Column(one, "int") for one in "abcdefg"])
    for one in "cd":
        ForeignKey(f"refers_{one}", refers, [one], references=held, columns_of=["a"])
    ForeignKey("refers_a", refers, ["a"], references=held, columns_of=["a"], on_delete="cascade")
    ForeignKey("refers_b", refers, ["b"], references=held, columns_of=["a"])
    ForeignKey("refers_e", refers, ["e"], references=held, columns_of=["a"])
    Exclusion("refers_apart", refers, {"g": "="}, method="btree")
    Verbatim(
        "key_said",
        creates="comment on index public.held_pkey",
        sql="comment on index public.held_pkey is 'Kept'",
        opts=pulumi.ResourceOptions(depends_on=[held_key]),
    )
    found = Table("found", columns=[Column(one, "text") for one in "abcdefghij"])
    for one in "abcdefgh":
        Index(f"found_{one}", found, [one])
    Index("found_expression", found, ["lower(a)"])
    Index("found_i", found, ["i"], where="i <> ''", storage={"fillfactor": 70}, comment="Kept")
    Index("found_j", found, ["j"], unique=True, include=["a"])
    ruled_by = Table("ruled_by", columns=[Column("id", "int")], row_security="enabled")
    for one in ("used", "roled", "cut", "sealed", "named_policy"):
        Policy(one, ruled_by, command="select", roles=["by_hand_reader"], using="id > 0")
    Policy("checked", ruled_by, command="update", roles=["public"], using="id > 0", check="id > 1")
    Policy("policy_said", ruled_by, command="delete", roles=["public"], using="id > 0", comment="Kept")

TOUCH = """create function public.{0}() returns trigger language plpgsql
as $$ begin return new; end $$"""
ONE = "create function public.{0}(a int default 1) returns int language sql as 'select 1'"

with Feature("code", provider=target):
    touch = Function("touch", sql=TOUCH.format("touch"))
    other = Function("other", sql=TOUCH.format("other"))
    fired = Table("fired", columns=[Column("id", "int"), Column("a", "int")])
    for one in ("off", "replica", "always", "again", "fewer", "dropped", "other_function"):
        Trigger(one, fired, function=touch, events=["insert", "update of a"])
    Trigger("enabled", fired, function=touch, events=["insert"], fires="never")
    Trigger("trigger_said", fired, function=touch, events=["insert"], comment="Kept", when="new.a > 0")
    Trigger("late", fired, function=touch, events=["insert"], timing="after", constraint="initially deferred")
    for one in (
        "body",
        "volatile",
        "strict",
        "definer",
        "leakproof",
        "cost",
        "parallel",
        "configured",
        "default_of",
        "lost_function",
        "renamed_function",
        "results",
        "owned_function",
    ):
        Function(one, sql=ONE.format(one))
    Function("granted", sql=ONE.format("granted"), privileges={"by_hand_reader": ["execute"]})
    Function("called_by", sql=ONE.format("called_by"), privileges={"by_hand_reader": ["execute"]})
    Function("function_said", sql=ONE.format("function_said"), comment="Kept")
    Function("from_file", sql=SQL / "from_file.sql")
    Function(
        "watch", sql="create function public.watch() returns event_trigger language plpgsql as 'begin end'"
    )
    Procedure("done", sql="create procedure public.done() language sql as 'select 1'")
    Verbatim(
        "total",
        creates="aggregate public.total(integer)",
        sql="create aggregate public.total(integer) (sfunc = int4pl, stype = integer, initcond = '0')",
    )

SEEN = "create view public.{0} as select id, body from public.notes"
SUM = "create materialized view public.{0} as select id, body from public.notes"

with Feature("views", provider=target):
    for one in ("queried", "barrier", "lost_view", "longer", "owned_view", "renamed_view", "preset"):
        View(one, sql=SEEN.format(one))
    View("invoker", sql="create view public.invoker with (security_invoker = true) as select 1 as a")
    View("read_by", sql=SEEN.format("read_by"), privileges={"by_hand_reader": ["select", "update (body)"]})
    View("view_said", sql=SEEN.format("view_said"), comment="Kept", column_comments={"id": "Kept"})
    for one in ("summed", "lost_sum", "emptied", "stored_sum"):
        MaterializedView(one, sql=SUM.format(one))
    MaterializedView("sum_said", sql=SUM.format("sum_said"), privileges={"by_hand_reader": ["select"]})

with Feature("others", provider=target):
    for one in ("mood", "weather", "lost_type", "owned_type"):
        Enum(one, ["good", "bad"])
    Enum("usable", ["good"], privileges={"by_hand_reader": ["usage"]}, comment="Kept")
    Domain("short", "text", default="'x'", checks={"short": "length(value) < 9", "filled": "value <> ''"})
    Domain("year", "int", nullable=False)
    Domain("month", "int", checks={"known": "value < 13"})
    Composite("address", [Attribute("street", "text", comment="Kept"), Attribute("number", "int")])
    Composite("spot", [Attribute("x", "int")])
    Composite("place", [Attribute("x", "int"), Attribute("y", "int")])
    for one in ("quick", "limited", "looped", "lost_sequence", "owned_sequence", "small", "unlogged_one"):
        Sequence(one)
    Sequence("started", start=100, increment=5, privileges={"by_hand_reader": ["usage"]}, comment="Kept")
    Publication("by_hand_news", [notes])
    Publication("by_hand_some", [Published(notes, columns=["id"], where="id > 0")], publish=["insert"])
    Publication("by_hand_root", [plain], comment="Kept")
    Publication("by_hand_lost", [plain])
    for one in ("correlated", "counted_less"):
        Verbatim(
            one,
            creates=f"statistics public.{one}",
            sql=f"create statistics public.{one} (dependencies) on a, b from public.found",
        )
    Verbatim("app_said", creates="comment on schema app", sql="comment on schema app is 'Kept'")
