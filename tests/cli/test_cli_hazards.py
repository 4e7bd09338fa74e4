"""What the command says of hazards: all of them before anything runs, and what accepts them."""

from __future__ import annotations

import pytest
from fix_workspace import Workspace
from programs import POSTS

RULES = """
    Policy("mine", posts, command="select", roles=["public"], using="author_id is not null")
    Policy("limit", posts, command="select", roles=["public"], using="title <> ''", permissive=False)
"""
GUARDED = POSTS.replace('pulumi.export("table"', RULES.strip("\n") + '\npulumi.export("table"')
"""The table has two policies."""
OPENED = GUARDED.replace("author_id is not null", "true").replace(
    'Index("idx_posts_author", posts, ["author_id", "title desc"])', ""
)
"""One policy is wider, and the index is gone."""
ROW = "insert into posts (title, author_id) values ('a', gen_random_uuid())"


@pytest.fixture
def guarded(workspace: Workspace) -> Workspace:
    """A deployed table with a row, which took no approval."""
    workspace.write(GUARDED)
    workspace.run("up", "--yes")
    workspace.sql(ROW)
    return workspace


def test_all_hazards_are_told_at_once_and_the_plan_is_shown(guarded: Workspace) -> None:
    guarded.write(OPENED)
    before = guarded.inventory()
    done = guarded.run("preview", "--sql", code=11)
    assert "alter policy" in done.stdout
    assert "drop index concurrently" in done.stdout
    assert "! WIDENS_ACCESS on public.posts.mine" in done.stdout
    assert "2 hazards that nobody approved" in done.stderr
    assert "policy mine: WIDENS_ACCESS on public.posts.mine" in done.stderr
    assert "index idx_posts_author: INDEX_DROPPED on public.posts.idx_posts_author" in done.stderr
    found = guarded.json("up", "--yes", "--approve", "INDEX_DROPPED", code=11)
    assert [(one["approve"], one["approval"], one["operation"]) for one in found["hazards"]] == [
        ("WIDENS_ACCESS:public.posts.mine", None, "update"),
        ("INDEX_DROPPED:public.posts.idx_posts_author", "INDEX_DROPPED", "delete"),
    ]
    assert found["hazards"][0]["lock"] == "ACCESS EXCLUSIVE"
    assert found["hazards"][0]["bytes"] > 0
    assert found["error"]["exit_code"] == 11
    assert guarded.inventory() == before
    guarded.run("up", "--yes", "--approve", done.stderr.rpartition("--approve ")[2].strip())


def test_what_goes_with_its_table_is_approved_with_it(guarded: Workspace) -> None:
    guarded.write(POSTS)
    done = guarded.run("preview", "--approve", "DELETES_DATA:public.posts", code=11)
    assert "WIDENS_ACCESS on public.posts.limit" in done.stderr
    guarded.write("")
    refused = guarded.run("up", "--yes", "--force", code=11).stderr
    assert "1 hazard that nobody approved" in refused
    assert refused.strip().endswith("--approve DELETES_DATA:public.posts")
    guarded.run("up", "--yes", "--approve", "DELETES_DATA:public.posts")
    assert guarded.sql("select to_regclass('posts')") == [(None,)]


def test_destroy_needs_only_the_loss_of_data(guarded: Workspace) -> None:
    refused = guarded.run("destroy", "--yes", code=11).stderr
    assert refused.strip().endswith("--approve DELETES_DATA:public.posts")
    guarded.run("destroy", "--yes", "--approve", "DELETES_DATA")


def test_approval_that_nothing_needs_is_told(guarded: Workspace) -> None:
    accepted = 'approve=["WIDENS_ACCESS:public.posts", "INDEX_DROPPED:public.posts"]'
    guarded.write(OPENED)
    file = guarded.root / "__main__.py"
    file.write_text(file.read_text().replace("database=url.path[1:],", f"database=url.path[1:], {accepted},"))
    guarded.run("up", "--yes")
    done = guarded.run("preview", "--approve", "DELETES_DATA:public.postz")
    for name in ("WIDENS_ACCESS:public.posts", "INDEX_DROPPED:public.posts", "DELETES_DATA:public.postz"):
        assert f"warning: nothing needed the approval {name}:" in done.stdout


def test_what_is_no_hazard_is_refused(workspace: Workspace) -> None:
    done = workspace.run("up", "--yes", "--approve", "DELETE_DATA:public.posts", code=2)
    assert 'error: "DELETE_DATA" is no hazard: did you mean DELETES_DATA?' in done.stderr
