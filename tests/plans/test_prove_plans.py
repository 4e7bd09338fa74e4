"""`gatepost prove plans`: what it prints, and what is left of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from fix_workspace import Workspace, clean_environment

PROGRAM = """
with Feature("posts", provider=target):
    posts = Table("posts", columns=[Column("id", "uuid"), Column("title", "text")])
    PrimaryKey("posts_pkey", posts, ["id"])
    Index("idx_posts_title", posts, ["title"], serves="queries/posts_by_title.sql")
"""
QUERY = """-- Posts by title
-- as: postgres
-- index: idx_posts_title
-- parameter: title text = x ~ public.posts.title
select p.id from public.posts as p where p.title = %(title)s limit 10;
"""


@pytest.fixture
def deployed(workspace: Workspace) -> Workspace:
    workspace.write(PROGRAM)
    queries = workspace.root / "schema" / "posts" / "queries"
    queries.mkdir(parents=True)
    (queries / "posts_by_title.sql").write_text(QUERY)
    workspace.run("up", "--yes")
    return workspace


def left_behind() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("gatepost-throwaway-*")}


def test_proof_and_its_failure(deployed: Workspace) -> None:
    page = deployed.root / "plans.html"
    document = deployed.json("prove", "plans", "--rows", "10000", "--html", str(page))
    assert document["ok"]
    assert [size["rows"] for size in document["queries"][0]["sizes"]] == [100, 1_000, 10_000]
    assert "idx_posts_title" in page.read_text()
    deployed.sql("drop index idx_posts_title")
    said = deployed.run("prove", "plans", "--rows", "10000", code=1).stdout
    assert "✗ posts.posts_by_title" in said
    assert "does not use idx_posts_title: it uses all of posts" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows", "10"], "--rows 10: give 10,000 or more"),
        (["--feature", "pots"], "--feature pots: choose one of posts"),
        (["--html", "nowhere/plans.html"], "nowhere is no folder"),
    ],
)
def test_bad_options(deployed: Workspace, options: list[str], message: str) -> None:
    assert message in deployed.run("prove", "plans", *options, code=2).stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_nothing_is_left_behind(deployed: Workspace, how: signal.Signals) -> None:
    before = left_behind()
    command = [sys.executable, "-m", "gatepost", "prove", "plans", "--rows", "3000000"]
    environment = {**clean_environment(), **deployed.environment}
    with subprocess.Popen(command, cwd=deployed.root, env=environment, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 60
        while not (left_behind() - before) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left_behind() - before
        time.sleep(3)
        running.send_signal(how)
        running.wait(30)
    while left_behind() - before and time.monotonic() < deadline + 30:
        time.sleep(0.1)
    assert not left_behind() - before


def test_json_is_one_document(deployed: Workspace) -> None:
    said = deployed.run("prove", "plans", "--rows", "10000", "--json").stdout
    assert json.loads(said)["indexes"] == {"counted": 2, "findings": []}
