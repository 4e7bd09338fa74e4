"""Rows of Gatepost's own ledger that somebody deleted: the next deployments go by the catalog."""

from __future__ import annotations

from fix_workspace import Workspace

NOTES = """
    with Feature("notes", provider=target):
        notes = Table("notes", comment="Notes", columns=[Column("id", "bigint"), Column("words", "text"){0}])
        PrimaryKey("notes_pkey", notes, ["id"])
"""
NOTHING = "nothing to do"


def test_deployments_go_on_without_the_ledgers_rows(workspace: Workspace) -> None:
    workspace.write(NOTES.format(""))
    workspace.run("up", "--yes")
    workspace.sql("delete from gatepost.ledger")
    assert NOTHING in workspace.run("up", "--yes").stdout
    workspace.run("drift")
    workspace.write(NOTES.format(', Column("mood", "text", nullable=True)'))
    workspace.run("up", "--yes")
    assert NOTHING in workspace.run("up", "--yes").stdout
    operations = workspace.sql("select operation, outcome from gatepost.ledger")
    assert operations == [("update", "done")]
