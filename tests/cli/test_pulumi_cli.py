"""The same verbs with the real Pulumi CLI as engine."""

from __future__ import annotations

import subprocess

import pytest
from cli.programs import POSTS, POSTS_WITH_BODY
from fix_workspace import Workspace, clean_environment, share

pytestmark = pytest.mark.pulumi_cli


READ_BY_OTHERS = """
with Feature("others", provider=target):
    View("titles", sql="create view public.titles as select title from public.posts")
    Function("none", sql="create procedure public.none() language plpgsql as $$ begin end $$")
"""


@pytest.fixture
def shared(workspace: Workspace) -> Workspace:
    """A project with the shared stack `staging` in a file backend."""
    share(workspace)
    workspace.write(POSTS)
    return workspace


def test_shared_stack_lives_under_the_pulumi_cli(shared: Workspace) -> None:
    preview = shared.json("preview", "--sql")
    assert preview["engine"] == "cli"
    [plan] = next(step for step in preview["steps"] if step["name"] == "posts")["plans"]
    assert plan["statements"][0]["lock"] == "ACCESS EXCLUSIVE"
    assert "4 created" in shared.run("up", "--yes").stdout
    assert "nothing to do" in shared.run("up", "--yes").stdout
    assert shared.json("outputs") == {"table": "posts", "token": "[secret]"}
    assert shared.json("verify")["ok"]


def test_embedded_engine_goes_on_from_the_clis_state_and_back(shared: Workspace) -> None:
    shared.run("up", "--yes")
    assert "nothing to do" in shared.run("up", "--yes", "--engine", "embedded").stdout
    shared.write(POSTS_WITH_BODY)
    assert "1 updated" in shared.run("up", "--yes", "--engine", "embedded").stdout
    assert "nothing to do" in shared.run("up", "--yes").stdout


def test_drift_and_destroy(shared: Workspace) -> None:
    shared.run("up", "--yes")
    shared.sql("drop index idx_posts_author")
    assert "idx_posts_author is gone" in shared.run("drift", code=15).stdout
    shared.run("refresh", "--yes")
    assert "1 created" in shared.run("up", "--yes").stdout
    shared.run("destroy", "--yes")
    assert shared.sql("select to_regclass('posts')") == [(None,)]


@pytest.mark.parametrize("verb", ["preview", "up", "destroy"])
def test_unapproved_delete_is_refused_before_anything_is_deleted(shared: Workspace, verb: str) -> None:
    shared.run("up", "--yes")
    shared.sql("insert into posts (author_id, title) values (gen_random_uuid(), 'kept')")
    shared.write("pulumi.export('nothing', 'left')")
    before = shared.inventory()[0]
    done = shared.run(verb, *(() if verb == "preview" else ("--yes",)), code=11)
    assert "DELETES_DATA on public.posts" in done.stderr
    assert shared.inventory()[0] == before
    shared.run("destroy", "--yes", "--approve", "DELETES_DATA:public.posts")
    assert shared.sql("select to_regclass('posts')") == [(None,)]


def test_plain_destroy_without_approval_deletes_nothing(shared: Workspace) -> None:
    shared.write(POSTS + READ_BY_OTHERS)
    shared.run("up", "--yes")
    shared.sql("insert into posts (author_id, title) values (gen_random_uuid(), 'kept')")
    before = shared.inventory()[0]
    done = pulumi(shared, "destroy", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "nothing is deleted, because public.posts would go with all rows" in done.stdout + done.stderr
    assert shared.inventory()[0] == before
    done = pulumi(shared, "destroy", "--yes", "--skip-preview", GATEPOST_APPROVE="DELETES_DATA:public.posts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert shared.sql("select to_regclass('posts'), to_regclass('titles')") == [(None, None)]


def pulumi(shared: Workspace, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {**clean_environment(), **shared.environment, **environment}
    command = ["pulumi", *arguments, "--non-interactive"]
    return subprocess.run(command, cwd=shared.root, env=own, capture_output=True, text=True, check=False)


def test_failure_names_the_resource(shared: Workspace) -> None:
    shared.write(POSTS.replace('["author_id", "title desc"]', '["writer_id"]'))
    done = shared.run("up", "--yes", code=1)
    assert "idx_posts_author" in done.stderr
    assert "no column writer_id" in done.stderr
    assert shared.sql("select to_regclass('posts')") == [(None,)]


REPLACED = """
with Feature("f", provider=target):
    t = Table("t", columns=[Column("id", "bigint")])
    Function("g", sql="create function public.g({}) returns int language sql immutable as 'select 1'")
    Index("i", t, ["public.g(id)"])
"""


def test_preview_tells_what_takes_to_another_function(shared: Workspace) -> None:
    shared.write(REPLACED.format("a bigint"))
    shared.run("up", "--yes")
    shared.sql("insert into t values (1)", superuser=False)
    shared.write(REPLACED.format("a int"))
    assert "index public.i uses public.g(a bigint)" in shared.run("preview", code=17).stderr
    shared.write(REPLACED.format("a bigint, b int default 1"))
    assert "BLOCKS_READS on public.t" in shared.run("preview", code=11).stderr
    shared.run("up", "--yes", "--force")
    assert "nothing to do" in shared.run("up", "--yes").stdout
