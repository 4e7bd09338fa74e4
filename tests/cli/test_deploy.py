"""up, preview, refresh, drift, destroy and outputs, as somebody types them."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points

import pytest
from cli.programs import POSTS, POSTS_WITH_BODY, POSTS_WITHOUT_AUTHOR
from fix_workspace import Workspace, clean_environment


@pytest.fixture
def posts(workspace: Workspace) -> Workspace:
    workspace.write(POSTS)
    workspace.run("up", "--yes")
    return workspace


def test_console_script_is_this_command() -> None:
    [script] = entry_points(group="console_scripts", name="gatepost")
    assert script.value == "gatepost.cli:main"


def test_up_deploys_and_then_has_nothing_to_do(workspace: Workspace) -> None:
    workspace.write(POSTS)
    first = workspace.run("up", "--yes").stdout
    assert "+ created table posts" in first
    assert "✓ 4 created" in first
    assert workspace.sql("select to_regclass('posts')::text") == [("posts",)]
    assert "nothing to do, 4 unchanged" in workspace.run("up", "--yes").stdout


PROTECTED = POSTS.replace('comment="A post"', 'opts=pulumi.ResourceOptions(protect=True), comment="A post"')


def test_what_changes_in_the_state_alone_is_saved(posts: Workspace) -> None:
    posts.write(PROTECTED)
    assert "in the state alone: table posts (protect)" in posts.run("preview").stdout
    assert "in the state alone: table posts (protect)" in posts.run("up", "--yes").stdout
    assert "nothing to do, 4 unchanged" in posts.run("up", "--yes").stdout
    posts.write("")
    refused = posts.run("up", "--yes", "--approve", "DELETES_DATA", code=None)
    assert "protected and would be deleted" in refused.stderr
    assert posts.sql("select to_regclass('posts')::text") == [("posts",)]


def test_up_as_json_is_one_document(workspace: Workspace) -> None:
    workspace.write(POSTS)
    document = workspace.json("up", "--yes", "--sql")
    assert document["changes"] == {"create": 4, "same": 0}
    created = {step["name"]: step for step in document["steps"] if step["status"] == "done"}
    [plan] = created["idx_posts_author"]["plans"]
    assert plan["statements"][0]["lock"] == "SHARE"
    assert created["posts"]["feature"] == "posts"
    assert document["outputs"] == {"table": "posts", "token": "[secret]"}


def test_preview_shows_statements_and_locks_and_changes_nothing(posts: Workspace) -> None:
    posts.write(POSTS_WITH_BODY)
    before = posts.inventory()
    shown = posts.run("preview", "--sql").stdout
    assert "~ table posts: columns" in shown
    assert 'alter table "public"."posts" add column "body" text;' in shown
    assert "-- lock ACCESS EXCLUSIVE on public.posts" in shown
    assert "1 to update, 3 unchanged" in shown
    assert posts.inventory() == before


def test_statement_on_a_pipe_is_not_cut(posts: Workspace) -> None:
    comment = "many words " * 40
    posts.write(POSTS.replace("A post", comment))
    assert comment in posts.run("preview", "--sql").stdout


def test_preview_names_hazards(posts: Workspace) -> None:
    posts.sql("insert into posts (title, author_id) values ('a', gen_random_uuid())")
    posts.write(POSTS_WITHOUT_AUTHOR)
    assert "DELETES_DATA" in posts.run("preview", code=11).stderr


def test_changed_output_alone_is_deployed(posts: Workspace) -> None:
    posts.write(POSTS.replace('"table", "posts"', '"table", "articles"'))
    posts.run("up", "--yes")
    assert posts.json("outputs")["table"] == "articles"


def test_outputs_hide_secrets_unless_asked(posts: Workspace) -> None:
    assert "s3cret-token" not in posts.run("outputs").stdout
    assert "s3cret-token" in posts.run("outputs", "--show-secrets").stdout
    assert posts.json("outputs") == {"table": "posts", "token": "[secret]"}


def test_drift_is_shown_and_mended(posts: Workspace) -> None:
    assert "as it was deployed" in posts.run("drift").stdout
    posts.sql("drop index idx_posts_author; alter table posts alter column title drop not null")
    found = posts.run("drift", code=15)
    assert "- index idx_posts_author is gone" in found.stdout
    assert "columns.title.nullable" in found.stdout
    assert len(posts.json("drift", code=15)["drift"]) == 2
    posts.run("refresh", "--yes")
    assert "1 created, 1 updated" in posts.run("up", "--yes").stdout
    posts.run("drift")


def test_destroy_removes_everything(posts: Workspace) -> None:
    assert "4 deleted" in posts.run("destroy", "--yes").stdout
    assert posts.sql("select to_regclass('posts')") == [(None,)]
    assert "nothing to do" in posts.run("destroy", "--yes").stdout


def test_passphrase_of_the_local_stack_is_made_and_kept(posts: Workspace) -> None:
    file = posts.root / ".gatepost" / "passphrase"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "s3cret-token" not in (posts.root / ".gatepost/state/.pulumi/stacks/small/local.json").read_text()


def test_secret_settings_are_read(workspace: Workspace) -> None:
    """Written by the Pulumi CLI 3.260 with the passphrase `abc`."""
    (workspace.root / "Pulumi.local.yaml").write_text(
        "encryptionsalt: v1:8gFFyMw3C8w=:v1:qGPsaAHk7H8Tskmb:CIwndEd3XU59Us20IJqyzlgrJ/Yewg==\n"
        "config:\n  small:pw:\n    secure: v1:u8vLmdxSxiTF5b1i:scXSTMLIY9VL77SwHxkIx21GLe4wVji8Cg==\n"
    )
    workspace.write('pulumi.export("length", len(pulumi.Config().get("pw") or ""))')
    workspace.run("up", "--yes", PULUMI_CONFIG_PASSPHRASE="abc")
    assert workspace.json("outputs") == {"length": len('hé"llo 1')}
    workspace.run("up", "--yes", PULUMI_CONFIG_PASSPHRASE="abd", code=10)


def test_salt_of_a_passphrase_that_is_gone_is_no_obstacle(posts: Workspace) -> None:
    """The Pulumi CLI writes a salt into the settings; `.gatepost`, with the passphrase, may be deleted."""
    (posts.root / "Pulumi.local.yaml").write_text(
        "encryptionsalt: v1:8gFFyMw3C8w=:v1:qGPsaAHk7H8Tskmb:CIwndEd3XU59Us20IJqyzlgrJ/Yewg==\n"
    )
    shutil.rmtree(posts.root / ".gatepost")
    posts.sql("drop table posts", superuser=False)
    posts.sql("drop schema gatepost cascade")
    posts.run("up", "--yes")


def test_backend_url_is_honoured(workspace: Workspace) -> None:
    workspace.write(POSTS)
    elsewhere = workspace.root / "elsewhere"
    workspace.run("up", "--yes", PULUMI_BACKEND_URL=f"file://{elsewhere}")
    assert (elsewhere / ".pulumi" / "stacks" / "small" / "local.json").exists()
    assert not (workspace.root / ".gatepost" / "state").exists()


def test_shared_stack_without_the_pulumi_cli(workspace: Workspace) -> None:
    (workspace.root / "Pulumi.production.yaml").write_text("config: {}\n")
    said = workspace.run("up", "--yes", "--stack", "production", code=2, PATH="/nowhere").stderr
    assert "install it" in said
    assert "--engine embedded" in said


def test_shared_stack_is_not_kept_in_the_projects_folder(workspace: Workspace) -> None:
    (workspace.root / "Pulumi.production.yaml").write_text("config: {}\n")
    said = workspace.run("up", "--yes", "-s", "production", "--engine", "embedded", code=2).stderr
    assert "PULUMI_BACKEND_URL" in said


def test_terminal_shows_the_changes_and_asks(workspace: Workspace) -> None:
    workspace.write(POSTS)
    with terminal(workspace, "up") as (process, talk):
        asked = talk("[y/N] ", "n\n")
        assert "posts_pkey" in asked
        assert process.wait(20) == 2
    assert workspace.sql("select to_regclass('posts')") == [(None,)]
    with terminal(workspace, "up") as (process, talk):
        talk("[y/N] ", "y\n")
        talk("4 created", "")
        assert process.wait(20) == 0


def test_no_color_is_respected(workspace: Workspace) -> None:
    workspace.write(POSTS)
    with terminal(workspace, "preview", NO_COLOR="1") as (_process, talk):
        assert "\x1b[32m" not in talk("4 to create", "")


def test_interrupted_deployment_exits_130_and_goes_on(workspace: Workspace) -> None:
    workspace.write(POSTS.replace("Index(", 'Unique("posts_title_key", posts, ["title"])\n    Index('))
    workspace.run("up", "--yes")
    workspace.write(POSTS_WITH_BODY)
    with blocked(workspace), terminal(workspace, "up", "--yes") as (process, talk):
        talk("add column", "")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    workspace.run("up", "--yes")
    assert workspace.sql("select count(*) from pg_attribute where attname = 'body'") == [(1,)]


def test_killed_first_deployment_is_taken_up_again(workspace: Workspace) -> None:
    """Even its secrets: the salt of the first one is in the journal until there is a state."""
    workspace.write(POSTS)
    process = subprocess.Popen(
        [sys.executable, "-m", "gatepost", "up", "--yes"],
        cwd=workspace.root,
        env={**clean_environment(), **workspace.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    journal = workspace.root / ".gatepost/state/.pulumi/gatepost/small/local.journal"
    while not (journal.exists() and '"ciphertext"' in journal.read_text()):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    workspace.run("up", "--yes")
    assert "nothing to do" in workspace.run("up", "--yes").stdout


def test_reader_that_leaves_does_not_stop_the_deployment(workspace: Workspace) -> None:
    workspace.write(POSTS)
    command = f"{sys.executable} -m gatepost up --yes | head -1"
    environment = {**clean_environment(), **workspace.environment}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=workspace.root,
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    assert "nothing to do" in workspace.run("up", "--yes").stdout


@contextmanager
def blocked(workspace: Workspace) -> Iterator[None]:
    """Hold a lock that every change of the table waits for."""
    import psycopg

    with psycopg.connect(workspace.database.superuser_url) as connection:
        connection.execute("lock table posts in access share mode")
        yield


@contextmanager
def terminal(
    workspace: Workspace, *arguments: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[str, str], str]]]:
    """Run the command on a pseudo-terminal; `talk` waits for words, answers, and returns what was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gatepost", *arguments],
        cwd=workspace.root,
        env={
            **clean_environment(),
            **workspace.environment,
            "TERM": "xterm",
            "COLUMNS": "120",
            **environment,
        },
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)

    def talk(words: str, answer: str) -> str:
        shown, deadline = "", time.monotonic() + 20
        while words not in shown:
            assert time.monotonic() < deadline, shown[:2000]
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 4096).decode(errors="replace")
        os.write(ours, answer.encode())
        return shown

    try:
        yield process, talk
    finally:
        process.kill()
        process.wait()
        os.close(ours)
