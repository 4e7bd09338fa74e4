"""`gatepost deploy`: past its gates, verified, recorded, and taken back by itself when that fails."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fix_workspace import Workspace

LOG = """
with Feature("operations", provider=target):
    log = Table("deployment_log", comment="What was deployed", columns=[
        Column("id", "bigint", identity="always"),
        Column("timestamp", "timestamptz"),
        Column("deployment_id", "uuid"),
        Column("action", "text"),
        Column("details", "text"),
        Column("data", "jsonb"),
    ])
    PrimaryKey("deployment_log_pkey", log, ["id"])
"""
NOTES = """
with Feature("notes", provider=target):
    columns = [Column("id", "bigint"), Column("body", "text")]
    notes = Table("notes", columns=columns, comment="What people write down")
    PrimaryKey("notes_pkey", notes, ["id"])
"""
SECOND = NOTES.replace(
    'Column("body", "text")]', 'Column("body", "text"), Column("views", "int", default="0")]'
)
THIRD = SECOND + '    Index("notes_views", notes, ["views"])\n'
GATES = "local: [{preflight: {disk: 0, longest_transaction: 0}}, hazards]\n"
FAULT = """
    create function public.fault() returns event_trigger language plpgsql as $$
    begin
        if exists (
            select from pg_attribute
            where attname = 'views' and attnotnull and attrelid = 'public.notes'::regclass
        ) then
            execute 'alter table public.notes alter column views drop not null';
        end if;
    end $$;
    create event trigger fault on ddl_command_end when tag in ('ALTER TABLE') execute function public.fault()
"""
"""The new column of notes may be null at once, whatever was declared."""


@pytest.fixture
def project(workspace: Workspace) -> Workspace:
    """A committed project, whose first release is deployed."""
    (workspace.root / "gates.yaml").write_text(GATES)
    (workspace.root / ".gitignore").write_text(".gatepost/\nhome/\n__pycache__/\n")
    workspace.write(LOG + NOTES)
    git(workspace, "init", "--quiet")
    commit(workspace, "first")
    workspace.run("deploy", "--yes")
    return workspace


def git(project: Workspace, *arguments: str) -> str:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
    command = ["git", "-C", str(project.root), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(project: Workspace, message: str) -> str:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", message)
    return git(project, "rev-parse", "HEAD")


def release(project: Workspace, program: str) -> str:
    """Write and commit another release, and return its commit."""
    project.write(LOG + program)
    return commit(project, "next")


def log(project: Workspace) -> list[tuple[Any, ...]]:
    """The log: action, release and deployment of each row, oldest first."""
    return project.sql("select action, data ->> 'release', deployment_id from deployment_log order by id")


def last(project: Workspace, column: str) -> Any:
    [(found,)] = project.sql(f"select {column} from deployment_log order by id desc limit 1")
    return found


def columns(project: Workspace) -> list[Any]:
    query = "select column_name from information_schema.columns where table_name = 'notes' order by 1 desc"
    return [name for (name,) in project.sql(query)]


def test_a_release_is_deployed_verified_and_recorded(project: Workspace) -> None:
    first = git(project, "rev-parse", "HEAD")
    second = release(project, SECOND)
    document = project.json("deploy", "--yes")
    assert (document["outcome"], document["release"], document["previous"]) == ("deployed", second, first)
    assert document["gates"]["verdict"] == "pass"
    assert columns(project) == ["views", "id", "body"]
    rows = log(project)
    assert [row[:2] for row in rows] == [
        ("start", first),
        ("success", first),
        ("start", second),
        ("success", second),
    ]
    assert rows[2][2] == rows[3][2] != rows[1][2]
    assert last(project, "data ->> 'who'")
    assert last(project, "data -> 'changes' ->> 'update'") == "1"
    assert "nothing to do" in project.run("deploy", "--yes").stdout
    assert len(log(project)) == 4
    kept = project.root / ".gatepost" / "releases" / "local" / f"{document['deployment']}.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert '"views"' not in kept.read_text()


def test_what_is_not_committed_is_a_release_too(project: Workspace) -> None:
    project.write(LOG + SECOND)
    document = project.json("deploy", "--yes")
    assert last(project, "data ->> 'committed'") == "false"
    assert "views" in git(project, "show", f"{document['release']}:__main__.py")
    project.write(LOG + THIRD)
    assert project.json("deploy", "--yes")["previous"] == document["release"]


# what stops a deployment before anything is touched


def untouched(project: Workspace, code: int, *options: str, **environment: str) -> str:
    """Assert that a deployment is refused with nothing touched, and return what it said."""
    before, rows = project.inventory(), log(project)
    said = project.run("deploy", "--yes", *options, code=code, **environment).stderr
    assert (project.inventory(), log(project)) == (before, rows)
    return said


def test_a_gate_that_fails_stops_it(project: Workspace) -> None:
    gates = GATES.replace("longest_transaction: 0", "last_backup: select null::timestamptz, backup_age: 1")
    (project.root / "gates.yaml").write_text(gates.replace("disk: 0", "disk: 0, longest_transaction: 0"))
    release(project, SECOND)
    assert "preflight: fail, backup: nothing was ever backed up" in untouched(project, 19)


def test_a_hazard_that_nobody_approved_stops_it(project: Workspace) -> None:
    project.sql("insert into notes values (1, 'a')")
    release(project, NOTES.replace(', Column("body", "text")', ""))
    assert "DELETES_DATA on public.notes.body" in untouched(project, 11)
    done = project.run("deploy", "--yes", "--approve", "DELETES_DATA:public.notes.body")
    assert "cannot be taken back: table notes: the rows of public.notes.body" in done.stdout
    approved = "DELETES_DATA:public.notes.body by DELETES_DATA:public.notes.body"
    [(hazards, lost)] = project.sql(
        "select data ->> 'hazards', data ->> 'one_way' from deployment_log where action = 'start'"
        " order by id desc limit 1"
    )
    assert approved in hazards
    assert "public.notes.body" in lost


def test_nobody_knows_the_way_back_stops_it(project: Workspace) -> None:
    release(project, SECOND)
    project.run("up", "--yes")
    release(project, THIRD)
    assert 'is not what stack "local" has: on the way back to it 1 resource would change' in untouched(
        project, 2
    )
    project.run("deploy", "--yes", "--base", "HEAD~1")


def test_production_needs_its_word(project: Workspace) -> None:
    (project.root / "Pulumi.live.yaml").write_text("config:\n  small:environment: production\n")
    (project.root / "gates.yaml").write_text(GATES.replace("local", "production"))
    commit(project, "live")
    state = {"PULUMI_BACKEND_URL": f"file://{project.root / 'home'}", "PULUMI_CONFIG_PASSPHRASE": "x"}
    options = ("--stack", "live", "--engine", "embedded")
    assert "say --to live" in untouched(project, 2, *options, **state)
    assert "say --to live" in untouched(project, 2, *options, "--to", "production", **state)
    project.write(LOG + SECOND)
    assert "files here are not committed" in untouched(project, 2, *options, "--to", "live", **state)


def test_bad_input_is_refused(project: Workspace) -> None:
    release(project, SECOND)
    assert "no-such-commit" in untouched(project, 2, "--base", "no-such-commit")
    (project.root / "gates.yaml").unlink()
    assert "gates.yaml does not exist" in untouched(project, 2)
    (project.root / ".git").rename(project.root / "gone")
    assert "not a git repository" in untouched(project, 2)


# what fails afterwards


def rolled_back(project: Workspace, code: int = 20, **environment: str) -> str:
    """Deploy, see it fail and taken back, and return what was said."""
    done = project.run("deploy", "--yes", code=code, **environment)
    return done.stderr


def test_what_does_not_verify_is_rolled_back_and_proved(project: Workspace) -> None:
    first = git(project, "rev-parse", "HEAD")
    before = project.inventory()[0]
    project.sql(FAULT)
    second = release(project, SECOND)
    said = rolled_back(project)
    assert "column public.notes.views: expected" in said
    assert f"rolled back to {first[:10]}: every check of it passes, the catalog is as before" in said
    project.sql("drop event trigger fault; drop function fault()")
    assert project.inventory()[0] == before
    assert [row[:2] for row in log(project)[2:]] == [
        ("start", second),
        ("failure", second),
        ("rollback", first),
    ]
    assert last(project, "data ->> 'proven'") == "true"
    project.run("drift")
    assert project.json("deploy", "--yes")["previous"] == first


def test_a_statement_that_fails_is_rolled_back(project: Workspace) -> None:
    project.sql("insert into notes values (1, 'a'), (2, 'a')")
    release(project, SECOND + '    Unique("notes_body_key", notes, ["body"])\n')
    document = project.json("deploy", "--yes", code=20)
    assert (document["outcome"], document["rollback"]["proven"]) == ("rolled back", True)
    assert document["error"]["kind"] == "RolledBack"
    assert columns(project) == ["id", "body"]
    assert project.sql("select count(*) from notes") == [(2,)]


def test_a_roll_back_that_cannot_be_proved_says_so(project: Workspace) -> None:
    project.sql(FAULT.replace("execute 'alter", "create table public.left_over (); execute 'alter"))
    release(project, SECOND)
    said = rolled_back(project, 21)
    assert "nothing more is tried" in said
    assert "tables public.left_over is new" in said
    assert last(project, "action") == "failure"


@pytest.fixture
def application() -> Iterator[Callable[[int], str]]:
    """An address that answers 200 so often, and 503 from then on."""
    left = 0

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal left
            left -= 1
            self.send_response(200 if left >= 0 else 503)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def answering(times: int) -> str:
            nonlocal left
            left = times
            return f"http://127.0.0.1:{server.server_port}/health"

        yield answering
        server.shutdown()


def test_an_application_that_falls_ill_is_a_reason_to_go_back(
    project: Workspace, application: Callable[[int], str]
) -> None:
    def asking(times: int) -> None:
        watched = f"health: ['{application(times)}'], watch: 2, disk: 0"
        (project.root / "gates.yaml").write_text(GATES.replace("disk: 0", watched))

    asking(0)
    release(project, SECOND)
    assert "answers 503" in untouched(project, 19)
    asking(1)
    assert "answers 503" in rolled_back(project)
    assert columns(project) == ["id", "body"]
    asking(1000)
    project.run("deploy", "--yes")
