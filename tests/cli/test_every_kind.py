"""A program of every kind under the plain Pulumi CLI, from the first deployment to the end."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from fix_workspace import clean_environment
from servers import Server, at

pytestmark = pytest.mark.pulumi_cli
TESTS = Path(__file__).parents[1]
PROJECT = """
name: kinds
runtime: {{name: python, options: {{virtualenv: {python}}}}}
plugins: {{providers: [{{name: gatepost, path: plugin}}]}}
"""
PROGRAM = """
import os, sys
sys.path.insert(0, {crash!r})
from deployed_program import declare
declare(os.environ["VERSION"], {port}, "plpgsql", ordered=False)
"""
KEPT = """
    select (select count(*) from app.posts), (select count(*) from pg_policy),
        (select array_agg(conname order by conname)
            from pg_constraint where conrelid = 'app.posts'::regclass),
        (select array_agg(indexrelid::regclass::text order by indexrelid) from pg_index
            where indrelid = 'app.posts'::regclass),
        (select count(*) from pg_trigger where tgname = 'posts_touch')
"""


@dataclass(frozen=True)
class Project:
    """The program's own project, its state beside it."""

    root: Path
    server: Server

    def run(self, command: str, version: str, *, approve: str = "", fails: bool = False) -> str:
        url = urlsplit(self.server.deployer_url)
        own = {
            "VERSION": version,
            "PGPASSWORD": unquote(url.password or ""),
            "GATEPOST_APPROVE": approve,
            "PULUMI_STACK": "dev",
            "PULUMI_BACKEND_URL": (self.root / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "kinds",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        program, *arguments = command.split()
        start = ["pulumi", "--non-interactive"] if program == "pulumi" else [sys.executable, "-m", program]
        done = subprocess.run(
            [*start, *arguments],
            cwd=self.root,
            env=clean_environment() | own,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sql(self, statement: str) -> list[Any]:
        with psycopg.connect(at(self.server.superuser_url, "crash"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def project(fresh_server: Server, tmp_path: Path) -> Project:
    (tmp_path / "plugin").mkdir()
    (tmp_path / "state").mkdir()
    shutil.copy(TESTS.parent / "plugin" / "__main__.py", tmp_path / "plugin")
    python = f"runtime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
    (tmp_path / "plugin" / "PulumiPlugin.yaml").write_text(python)
    (tmp_path / "Pulumi.yaml").write_text(PROJECT.format(python=sys.prefix))
    port = urlsplit(fresh_server.deployer_url).port
    (tmp_path / "__main__.py").write_text(PROGRAM.format(crash=str(TESTS / "crash"), port=port))
    return Project(tmp_path, fresh_server)


def test_every_kind_under_the_cli(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TESTS / "crash")
    from deployed_program import ROWS

    project.run("pulumi stack init dev", "first")
    project.run("pulumi up --yes --skip-preview", "first")
    project.sql(ROWS)
    refused = project.run("pulumi preview", "second", fails=True)
    assert "INDEX_DROPPED on app." in refused
    assert "GATEPOST_APPROVE" in refused
    project.run("pulumi up --yes --skip-preview", "second", approve="INDEX_DROPPED")
    project.run("pulumi preview --refresh --expect-no-changes", "second")
    unchanged = project.run("gatepost preview --engine embedded", "second")
    assert re.search(r"^\d+ unchanged", unchanged, re.MULTILINE), unchanged
    before = project.sql(KEPT)
    assert before[0][0] == 100
    project.run("pulumi destroy --yes --skip-preview", "second", approve="INDEX_DROPPED", fails=True)
    assert project.sql(KEPT) == before
    project.run("pulumi destroy --yes --skip-preview", "second", approve="DELETES_DATA")
    with pytest.raises(psycopg.OperationalError, match='"crash" does not exist'):
        project.sql("select")
