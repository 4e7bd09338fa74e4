"""Drift: what differs, what mends it, and what accepts it."""

from __future__ import annotations

import re
from textwrap import dedent, indent
from typing import Any

from fix_workspace import Workspace

PROGRAM = """
with Feature("notes", provider=target):
    columns = [Column("id", "int"), Column("body", "text", default="'x'")]
    notes = Table("notes", columns=columns, comment="Kept")
    PrimaryKey("notes_pkey", notes, ["id"])
    Check("short", notes, "length(body) < 99")
    Index("notes_body", notes, ["body"])
    Policy("own", notes, command="select", roles=["public"], using="id > 0")
    Function("one", sql="create function public.one() returns int language sql as 'select 1'")
    View("bodies", sql="create view public.bodies as select id from public.notes")
"""
CHANGES = {
    "alter table notes alter body type varchar(9), alter body set default 'y'": (
        "Table",
        ["alter column", "type text"],
        """columns=[Column("id", "int"), Column("body", "varchar(9)", default="'y'::character varying")], """,
    ),
    "alter policy own on notes to public using (id > 5)": (
        "Policy",
        ["alter policy", "id > 0"],
        """Policy("own", notes, command="select", roles=["public"], using="id > 5")""",
    ),
    "alter table notes drop constraint short; alter table notes add constraint short check (id > 7)": (
        "Constraint",
        ["add constraint", "length(body) < 99"],
        """Check("short", notes, "id > 7")""",
    ),
    "drop index notes_body; create unique index notes_body on notes ((id + 1)) where id > 1": (
        "Index",
        ["create index", "(body)"],
        """Index("notes_body", notes, ["((id + 1))"], unique=True, where="id > 1")""",
    ),
    "create or replace function one() returns int language sql as 'select 2'": (
        "Function",
        ["create or replace function", "select 1"],
        "CREATE FUNCTION public.one() RETURNS integer LANGUAGE sql AS $function$select 2$function$",
    ),
    "drop view bodies": ("View", ["create view", "select id"], "# nothing: take its declaration out"),
}


def test_every_change_is_told_with_both_ways_out(workspace: Workspace) -> None:
    workspace.write(dedent(PROGRAM))
    workspace.run("up", "--yes")
    for statement in CHANGES:
        workspace.sql(statement)
    told = {one["urn"].split("::")[2].rpartition(":")[2]: one for one in drifted(workspace)}
    for kind, mends, accepts in CHANGES.values():
        assert all(word in " ".join(told[kind]["mend"]) for word in mends), kind
        assert accepts in flat(told[kind]["accept"]), kind
    shown = workspace.run("drift", code=15).stdout
    assert "to mend it, `gatepost refresh`, and the next `gatepost up` runs:" in shown
    assert "to accept it, `gatepost refresh`, and declare:" in shown


def drifted(workspace: Workspace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workspace.json("drift", code=15)["drift"]
    return found


def flat(source: str) -> str:
    """Source on one line."""
    lines = " ".join(line.strip() for line in source.splitlines())
    return lines.replace("( ", "(").replace(", )", ")").replace("[ ", "[").replace(", ]", "]")


ADDED = {
    "create policy extra on notes for delete to public using (id = 7)": (
        'policy "extra" on public.notes',
        "drop policy",
        'Policy("extra", notes, command="delete", roles=["public"], using="id = 7", '
        'opts=pulumi.ResourceOptions(import_="public.notes.extra"))',
    ),
    "create trigger often before insert on notes for each row execute function stamp()": (
        'trigger "often" on public.notes',
        "drop trigger",
        'Trigger("often", notes, function=stamp, ',
    ),
    "create index by_hand on notes (id, body)": (
        'index "by_hand" on public.notes',
        "drop index",
        'Index("by_hand", notes, ["id", "body"], ',
    ),
    "alter table notes add constraint odd check (id <> 4)": (
        'constraint "odd" on public.notes',
        "drop constraint",
        'Check("odd", notes, "id <> 4", ',
    ),
    "create function two(int) returns int language sql as 'select 2'": (
        "function public.two(int4)",
        "drop function",
        'Function("two", sql=SQL / "two.sql", ',
    ),
    "create table spare (id int primary key, parent int)": (
        "table public.spare",
        "drop table",
        'Table("spare", columns=[Column("id", "integer"), Column("parent", "integer", nullable=True)], ',
    ),
    "create view many as select 1 as a": ("view public.many", "drop view", 'View("many", '),
    "create type mood as enum ('a')": ("type public.mood", "drop type", 'Enum("mood", ["a"], '),
    "create sequence counter": ("sequence public.counter", "drop sequence", 'Sequence("counter", '),
    "create rule never as on delete to notes do instead nothing": (
        "rule never on public.notes",
        "drop rule never on public.notes",
        'Verbatim("rule_never_on_public.notes", ',
    ),
    "create publication feed for table notes": (
        "publication feed",
        "drop publication",
        'Publication("feed", [notes], ',
    ),
}
WITH_TRIGGER = """
    stamp = Function("stamp", sql="create function public.stamp() returns trigger language plpgsql "
        "as $$ begin return new; end $$")
    Trigger("stamped", notes, function=stamp, events=["insert"])
    Table("counted", columns=[Column("id", "serial")])
"""


def test_what_was_added_is_told_and_taken_away(workspace: Workspace) -> None:
    workspace.write(dedent(PROGRAM) + WITH_TRIGGER)
    workspace.run("up", "--yes")
    workspace.sql("create schema elsewhere; create table elsewhere.theirs (id int)")
    workspace.run("drift")
    before = workspace.inventory()[0]
    for statement in ADDED:
        workspace.sql(statement)
    shown = workspace.run("drift", code=15).stdout
    assert "to mend it, run:" in shown
    found = drifted(workspace)
    assert [one["old"] for one in found] == [None] * len(ADDED)
    for what, mends, accepts in ADDED.values():
        assert f"+ {what} was added by hand" in shown
        (told,) = [one for one in found if flat(one["accept"]).startswith(accepts)]
        assert mends in told["mend"][-1], what
        for statement in told["mend"]:
            workspace.sql(statement)
    workspace.run("drift")
    assert workspace.inventory()[0] == before


def test_what_another_stack_deployed_was_not_added_by_hand(workspace: Workspace) -> None:
    workspace.write(PROGRAM)
    workspace.run("up", "--yes")
    (workspace.root / "Pulumi.dev.yaml").write_text("config:\n  small:environment: dev\n")
    workspace.write(
        """
        with Feature("others", provider=target):
            others = Table("others", columns=[Column("id", "serial"), Column("a", "int")])
            Index("others_a", others, ["a"])
        """
    )
    workspace.run("up", "--yes", "--stack", "dev", "--engine", "embedded", PULUMI_CONFIG_PASSPHRASE="x")
    workspace.run("drift")
    workspace.sql("create table by_hand (id int)")
    assert [one["new"] is not None for one in drifted(workspace)] == [True]
    workspace.write("")
    down = ("destroy", "--yes", "--approve", "DELETES_DATA", "--stack", "dev", "--engine", "embedded")
    workspace.run(*down, PULUMI_CONFIG_PASSPHRASE="x")
    workspace.sql("drop table by_hand; create table others (id int)")
    assert len(drifted(workspace)) == 1


def test_what_was_added_is_accepted_as_it_is_told(workspace: Workspace) -> None:
    workspace.write(dedent(PROGRAM) + WITH_TRIGGER)
    workspace.run("up", "--yes")
    taken = [one for one in ADDED if "table spare" not in one]
    for statement in taken:
        workspace.sql(statement)
    accepted = "\n".join(indent(as_program(one["accept"]), "    ") for one in drifted(workspace))
    workspace.write(dedent(PROGRAM) + WITH_TRIGGER + accepted)
    told = workspace.json("up", "--yes")
    assert told["changes"]["import"] == len(taken)
    workspace.run("drift")


def as_program(source: str) -> str:
    """Put the text of a file where its name stands."""
    call = re.split(r"(?=\ncreate )", source, maxsplit=1, flags=re.IGNORECASE)[0]
    statement = source[len(call) :].strip()
    return re.sub(r'SQL / "[^"]*"', lambda _: repr(statement), call)


def test_what_no_declaration_says_is_told_so(workspace: Workspace) -> None:
    workspace.write(dedent(PROGRAM) + WITH_TRIGGER)
    workspace.run("up", "--yes")
    workspace.sql("alter table notes owner to postgres; alter table notes disable trigger stamped")
    told = {one["urn"].rpartition("::")[2]: one for one in drifted(workspace)}
    assert "ALTER" not in told["notes"]["accept"]
    assert told["notes"]["accept"].startswith("# nothing: no declaration says that (owner)")
    assert told["notes"]["mend"] == ['alter table "public"."notes" owner to "deployer"']
    assert told["stamped"]["mend"] == ['alter table "public"."notes" enable trigger "stamped"']
    assert 'fires="never"' in told["stamped"]["accept"]


AROUND = {
    "privileges of public on schema public": (
        "grant create on schema public to public",
        ['revoke all on schema "public" from public', 'grant usage on schema "public" to public'],
        'postgresql.Grant("public_in_public", ',
    ),
    "default privileges of deployer on function for public": (
        "alter default privileges for role deployer revoke execute on functions from public",
        ['alter default privileges for role "deployer" grant EXECUTE on functions to public'],
        'postgresql.DefaultPrivileges("public_gets_function_of_deployer", ',
    ),
    "app.key of database {database}": (
        "alter database {database} set app.key = 'hush'",
        ['alter database "{database}" reset "app"."key"'],
        "# nothing: no declaration says that; name it in the provider's existing",
    ),
    "work_mem of role deployer in database {database}": (
        "alter role deployer in database {database} set work_mem = '5MB'",
        ['alter role "deployer" in database "{database}" reset "work_mem"'],
        "# nothing: no declaration says that; name it in the provider's existing",
    ),
}


def test_what_surrounds_a_program_is_told(workspace: Workspace) -> None:
    workspace.write(dedent(PROGRAM))
    workspace.run("up", "--yes")
    workspace.run("drift")
    given = {"database": workspace.database.name}
    for statement, *_ in AROUND.values():
        workspace.sql(statement.format(**given))
    told = {one["what"]: one for one in drifted(workspace)}
    assert told.keys() == {what.format(**given) for what in AROUND}
    assert "hush" not in str(told)
    for what, (_, mends, accepts) in AROUND.items():
        one = told[what.format(**given)]
        assert [each for each in one["mend"] if each not in ("begin", "commit")] == [
            each.format(**given) for each in mends
        ]
        assert accepts in flat(one["accept"])
    workspace.run("drift", GATEPOST_EXISTING=",".join(told))
    for one in told.values():
        for statement in one["mend"]:
            workspace.sql(statement)
    workspace.run("drift")


DIVIDED = """
from gatepost.resources import Partition, Range

with Feature("parts", provider=target):
    divided = Range(["id"], [Partition("parts_1", "from (1) to (2)")])
    Table("parts", columns=[Column("id", "int")], partition_by=divided)
"""
ROWS = """
insert into notes values (1);
alter table notes add more int;
create table spare (id int);
insert into spare values (1);
create table bare (id int);
insert into parts values (1);
alter table parts detach partition parts_1;
"""


def test_what_mends_by_deleting_data_says_so(workspace: Workspace) -> None:
    workspace.write(dedent(PROGRAM) + DIVIDED)
    workspace.run("up", "--yes")
    workspace.sql(ROWS)
    told = {one["what"]: one["mend"] for one in drifted(workspace)}
    assert told["table notes"][0].startswith("-- DELETES_DATA on public.notes.more: ")
    assert told["table public.spare"][0].startswith("-- DELETES_DATA on public.spare: ")
    assert told["table public.bare"] == ['drop table "public"."bare"']
    attached = ['alter table "public"."parts" attach partition "public"."parts_1" for values from (1) to (2)']
    assert told["table public.parts_1"] == attached
    assert not [one for one in told["table parts"] if not one.startswith("-- ")]
    workspace.run("refresh", "--yes")
    assert {one["what"]: one["mend"] for one in drifted(workspace)}["table public.parts_1"] == attached


SECRETS = """
with Feature("notes", provider=target):
    notes = Table("notes", columns=[Column("id", "int")], comment=pulumi.Output.secret("hush"))
    Check("few", notes, pulumi.Output.concat("id > ", pulumi.Output.secret("98765")))
"""


def test_no_secret_is_told(workspace: Workspace) -> None:
    workspace.write(dedent(SECRETS))
    workspace.run("up", "--yes")
    workspace.sql("comment on table notes is 'loud'; alter table notes drop constraint few")
    told = {one["urn"].split("::")[2].rpartition(":")[2]: one for one in drifted(workspace)}
    assert set(told) == {"Table", "Constraint"}
    assert told["Table"]["new"]["name"] == "notes"
    said = [workspace.run("drift", *how, code=15) for how in ((), ("--json",))]
    assert "what differs is a secret" in said[0].stdout
    for one in said:
        assert not [word for word in ("hush", "98765", "loud") if word in one.stdout + one.stderr]
