"""Small Pulumi projects in folders of their own, and the command `gatepost` run in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from servers import Database

HEAD = """
import os
from urllib.parse import unquote, urlsplit

import pulumi

from gatepost.resources import (
    Attribute, Check, Column, Composite, Domain, Enum, Feature, ForeignKey, Function, Index, MaterializedView,
    Policy, PrimaryKey, Provider, Publication, Published, Sequence, Table, Trigger, Unique, Verbatim, View,
)

url = urlsplit(os.environ["GATEPOST_DATABASE_URL"])
target = Provider(
    "target", host=url.hostname, port=str(url.port), username=url.username,
    password=unquote(url.password or ""), database=url.path[1:],
)
"""
INVENTORY = """
    select 'relation', relnamespace::regnamespace::text || '.' || relname from pg_class
    where relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'pg_toast', 'gatepost')
    union all select 'function', pronamespace::regnamespace::text || '.' || proname from pg_proc
    where pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
    union all select 'policy', polname::text from pg_policy
    union all select 'schema', nspname::text from pg_namespace where nspname <> 'gatepost'
    order by 1, 2
"""


@dataclass
class Workspace:
    """A project whose local stack deploys to a database of its own."""

    root: Path
    database: Database
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, program: str) -> None:
        """Replace the program; `target` is its provider."""
        (self.root / "__main__.py").write_text(HEAD + textwrap.dedent(program))

    def run(
        self, *arguments: str, code: int | None = 0, seconds: float = 120, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `gatepost`; any other exit code than `code` fails the test."""
        done = subprocess.run(
            [sys.executable, "-m", "gatepost", *arguments],
            cwd=self.root,
            env={**clean_environment(), **self.environment, **environment},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
        assert code is None or done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str, code: int = 0, **environment: str) -> Any:
        """Run `gatepost … --json` and return its document."""
        return json.loads(self.run(*arguments, "--json", code=code, **environment).stdout)

    def sql(self, statement: str, *, superuser: bool = True) -> list[Any]:
        """Run a statement in the database and return its rows."""
        url = self.database.superuser_url if superuser else self.database.deployer_url
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def inventory(self) -> tuple[list[Any], dict[str, bytes]]:
        """Return what the database has, Gatepost's own ledger apart, and every state file."""
        state = self.root / ".gatepost" / "state" / ".pulumi" / "stacks"
        files = {str(path): path.read_bytes() for path in sorted(state.rglob("*.json"))}
        return self.sql(INVENTORY), files


@contextmanager
def serving(workspace: Workspace, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `gatepost serve` beside the block, which gets the process and the address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gatepost", "serve", "--port", "0", *arguments],
        cwd=workspace.root,
        env={**clean_environment(), **workspace.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "is served at http://127.0.0.1:" in line, line + (process.stderr or sys.stdin).read()
        yield process, line.split()[4]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def clean_environment() -> dict[str, str]:
    """Return the environment without what would choose a stack, a state or a server."""
    chosen = ("PULUMI_", "GATEPOST_", "NO_COLOR", "FORCE_COLOR")
    return {key: value for key, value in os.environ.items() if not key.startswith(chosen)}


def make_workspace(root: Path, database: Database) -> Workspace:
    """Make an empty project `small`, whose stack `local` deploys to `database`."""
    (root / "Pulumi.yaml").write_text(
        f"name: small\nruntime:\n  name: python\n  options:\n    virtualenv: {sys.prefix}\n"
    )
    home = {"GATEPOST_DATABASE_URL": database.deployer_url, "PULUMI_HOME": str(root / "home")}
    made = Workspace(root, database, home)
    made.write("")
    return made


def share(workspace: Workspace) -> None:
    """Give a project the shared stack `staging` in a file backend, and the plugin that the CLI runs."""
    plugin = workspace.root / "plugin"
    plugin.mkdir()
    options = f"runtime:\n  name: python\n  options:\n    virtualenv: {sys.prefix}\n"
    (plugin / "PulumiPlugin.yaml").write_text(options)
    shutil.copy(Path(__file__).parents[1] / "plugin" / "__main__.py", plugin)
    (workspace.root / "Pulumi.yaml").write_text(
        f"name: small\n{options}plugins:\n  providers:\n    - name: gatepost\n      path: plugin\n"
    )
    (workspace.root / "Pulumi.staging.yaml").write_text("config:\n  small:environment: staging\n")
    workspace.environment |= {
        "PULUMI_BACKEND_URL": f"file://{workspace.root / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE": "staging",
        "PULUMI_STACK": "staging",
    }


@pytest.fixture
def workspace(tmp_path: Path, database: Database) -> Workspace:
    """An empty project with a database of its own."""
    return make_workspace(tmp_path, database)
