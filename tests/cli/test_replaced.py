"""What takes another's place: after a failure it goes back and forth; what cannot be is refused at once."""

from __future__ import annotations

import pytest
from fix_workspace import Workspace

BEFORE = """
with Feature("f", provider=target):
    a = Table("a", columns=[Column("id", "bigint")])
    Function("g", sql="create function g(a int) returns int language sql immutable return a")
    Index("i", a, ["g(id::int)"])
"""
AFTER = """
with Feature("f", provider=target):
    a = Table("a", columns=[Column("id", "bigint")])
    Function("g", sql="create function g(a bigint) returns bigint language sql immutable return a")
    Index("i", a, ["g(id)"])
"""
FUNCTIONS = "select oid::regprocedure::text from pg_proc where proname = 'g' order by 1"


@pytest.fixture
def half_replaced(workspace: Workspace) -> Workspace:
    """A deployment replaced a function and failed elsewhere: the former one is still to be deleted."""
    workspace.write(BEFORE)
    workspace.run("up", "--yes")
    workspace.sql("insert into a values (1), (1)", superuser=False)
    workspace.write(f'{AFTER}    Unique("u", a, ["id"])\n')
    assert "23505" in workspace.run("up", "--yes", "--force", code=None).stderr
    assert workspace.sql(FUNCTIONS) == [("g(bigint)",), ("g(integer)",)]
    return workspace


def test_what_was_replaced_is_removed_by_the_next_deployment(half_replaced: Workspace) -> None:
    half_replaced.write(AFTER)
    assert "- function g: the one that was replaced" in half_replaced.run("preview").stdout
    assert "1 replaced deleted, 4 unchanged" in half_replaced.run("up", "--yes", "--force").stdout
    assert half_replaced.sql(FUNCTIONS) == [("g(bigint)",)]
    assert "nothing to do, 4 unchanged" in half_replaced.run("up", "--yes").stdout


@pytest.mark.parametrize("body", ["a", "a + 0"], ids=["same", "changed"])
def test_going_back_takes_up_what_was_replaced(half_replaced: Workspace, body: str) -> None:
    assert half_replaced.json("drift")["drift"] == []  # both are the stack's own
    half_replaced.write(BEFORE.replace("return a", f"return {body}"))
    half_replaced.run("up", "--yes", "--force")
    assert half_replaced.sql(FUNCTIONS) == [("g(integer)",)]
    assert "nothing to do, 4 unchanged" in half_replaced.run("up", "--yes").stdout
    assert half_replaced.json("drift")["drift"] == []


def test_what_is_retained_is_kept_and_not_deleted(workspace: Workspace) -> None:
    kept = """
    with Feature("f", provider=target):
        Table("c", columns=[Column("id", "int")], opts=pulumi.ResourceOptions(retain_on_delete=True))
    """
    workspace.write(kept)
    workspace.run("up", "--yes")
    workspace.write("")
    shown = workspace.run("preview").stdout
    assert "= table c: kept, and no longer this stack's" in shown
    assert "1 to keep" in shown
    assert "delete" not in shown
    done = workspace.run("up", "--yes").stdout
    assert "= kept table c" in done
    assert "delete" not in done
    assert workspace.sql("select to_regclass('c')::text") == [("c",)]
