"""`gatepost db`: the embedded server of a project, from nothing to nothing."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from cli.programs import POSTS
from fix_project import MakeServer
from fix_workspace import Workspace, make_workspace
from servers import Database

EMBEDDED = """
import os
from pathlib import Path
from gatepost.postgres.embedded import EmbeddedServer
server = EmbeddedServer(Path(__file__).parent / ".gatepost")
os.environ["GATEPOST_DATABASE_URL"] = server.url(database="small")
"""


@pytest.fixture
def alone(project: Path, make_server: MakeServer) -> Workspace:
    """A project that has nothing but the embedded server."""
    make_server()
    made = make_workspace(project, Database("postgres", "", ""))
    del made.environment["GATEPOST_DATABASE_URL"]
    made.write(POSTS)
    file = project / "__main__.py"
    file.write_text(EMBEDDED + file.read_text() + 'pulumi.export("database", "small")')
    return made


def make_database(workspace: Workspace) -> None:
    workspace.run("db", "psql", "--user", "postgres", "-c", "create database small owner deployer")


def test_first_deployment_starts_the_server(alone: Workspace) -> None:
    assert not alone.json("db", "status")["running"]
    make_database(alone)
    alone.run("db", "stop")
    assert "4 created" in alone.run("up", "--yes").stdout
    status = alone.json("db", "status")
    assert status["running"]
    assert "@127.0.0.1" in status["url"]
    assert "deployer@" in alone.run("db", "status").stdout


def test_url_connects_and_status_has_no_password(alone: Workspace) -> None:
    alone.run("db", "start")
    url = alone.run("db", "url").stdout.strip()
    with psycopg.connect(url) as connection:
        assert connection.info.user == "deployer"
    with psycopg.connect(alone.run("db", "url", "--user", "postgres").stdout.strip()) as connection:
        assert connection.info.user == "postgres"
    password = url.split(":")[2].partition("@")[0]
    assert password not in alone.run("db", "status").stdout + alone.run("db", "status", "--json").stdout


def test_psql_runs_statements(alone: Workspace) -> None:
    done = alone.run("db", "psql", "--user", "postgres", "-Atc", "select current_user")
    assert done.stdout == "postgres\n"


def test_reset_forgets_data_and_state_together(alone: Workspace) -> None:
    make_database(alone)
    alone.run("up", "--yes")
    assert "--yes" in alone.run("db", "reset", code=2).stderr
    alone.run("db", "reset", "--yes")
    make_database(alone)
    assert "4 created" in alone.run("up", "--yes").stdout


def test_stop_keeps_the_data(alone: Workspace) -> None:
    make_database(alone)
    alone.run("up", "--yes")
    assert alone.run("db", "stop").stdout == "stopped\n"
    assert alone.run("db", "stop").stdout == "it was not running\n"
    assert "nothing to do" in alone.run("up", "--yes").stdout


def test_first_run_ends_with_proof_address_and_next_commands(alone: Workspace) -> None:
    make_database(alone)
    shown = alone.run("up", "--first-run").stdout
    assert "checks passed" in shown
    assert "postgresql://deployer@127.0.0.1:" in shown
    next_commands = ("db psql", "serve", "preview --sql", "up", "gate")
    lines = shown.rstrip().splitlines()[-len(next_commands) :]
    assert [f" {word} " in line for word, line in zip(next_commands, lines, strict=True)] == [True] * 5


def test_server_of_ones_own_is_left_alone(workspace: Workspace) -> None:
    assert "server of your own" in workspace.run("db", "reset", "--yes", code=2).stderr
    shown = workspace.run("db", "status").stdout
    assert "GATEPOST_DATABASE_URL" in shown
    assert workspace.run("db", "url").stdout.strip() == workspace.database.deployer_url
