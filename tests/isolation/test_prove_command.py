"""`gatepost prove isolation`, as somebody types it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from fix_workspace import Workspace, clean_environment

NOTES = """
from gatepost.intent import Intent, everybody

notes = Table(
    "notes", columns=[Column("id", "bigint", identity="always"), Column("body", "text")],
    intent=Intent(**{unquote(url.username): everybody()}), opts=pulumi.ResourceOptions(provider=target),
)
PrimaryKey("notes_pkey", notes, ["id"], opts=pulumi.ResourceOptions(provider=target))
"""
CLONES = "select datname from pg_database where datname like 'gatepost_isolation%'"


@pytest.fixture
def notes(workspace: Workspace) -> Workspace:
    workspace.write(NOTES)
    workspace.run("up", "--yes")
    return workspace


def test_a_table_without_row_security_is_not_proved(notes: Workspace) -> None:
    document = notes.json("prove", "isolation", "--cases", "50", "--seed", "7", code=1)
    assert document["seed"] == 7
    assert any("notes" in one["subject"] for one in document["findings"])


@pytest.mark.parametrize(
    "wrong", [["--tables", "nothing"], ["--cases", "-1"], ["--html", "no/such/page.html"]]
)
def test_bad_input_is_refused_before_anything_is_cloned(notes: Workspace, wrong: list[str]) -> None:
    done = notes.run("prove", "isolation", *wrong, code=None)
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("error: ")


def test_interrupted_it_says_so_and_leaves_no_clone(notes: Workspace) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gatepost", "prove", "isolation", "--cases", "10000000", "--json"],
        cwd=notes.root,
        env={**clean_environment(), **notes.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    before = {name for (name,) in notes.sql(CLONES)}
    until = time.monotonic() + 60
    while not (made := {name for (name,) in notes.sql(CLONES)} - before):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["error"]["message"] == "interrupted: the database was only read"
    assert err == "interrupted: the database was only read\n"
    assert not made & {name for (name,) in notes.sql(CLONES)}
