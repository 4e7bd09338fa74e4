"""Drift: what differs, what mends it, and what accepts it."""

from __future__ import annotations

from textwrap import dedent
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
        """columns=[Column("body", "varchar(9)", default="'y'::character varying")])""",
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
        "CREATE FUNCTION public.one()\\n RETURNS integer\\n LANGUAGE sql\\nAS $function$select 2$function$;",
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
        assert accepts.replace("\\n", "\n") in flat(told[kind]["accept"]), kind
    shown = workspace.run("drift", code=15).stdout
    assert "to mend it, the next `gatepost up` runs:" in shown
    assert "to accept it, declare:" in shown


def drifted(workspace: Workspace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workspace.json("drift", code=15)["drift"]
    return found


def flat(source: str) -> str:
    """Source on one line, where it is Python's."""
    if source.startswith("CREATE"):
        return source
    lines = " ".join(line.strip() for line in source.splitlines())
    return lines.replace("( ", "(").replace(", )", ")").replace("[ ", "[").replace(", ]", "]")
