"""The whole program under the real Pulumi CLI, and both engines going on from each other's state."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fix_platform import PROJECT, deployment, let_deployer_read_statistics, run_program
from servers import Server

from gatepost.engine import Deployment

pytestmark = pytest.mark.pulumi_cli
CONFIG = {"platform:environment": "local"}


@dataclass(frozen=True)
class Cli:
    """The Pulumi CLI in a copy of the project, on a server and a backend of its own."""

    project: Path
    backend: Path
    url: str

    def run(self, verb: str, *options: str) -> str:
        own = {
            "GATEPOST_DATABASE_URL": self.url,
            "GATEPOST_APPROVE": "DELETES_DATA",
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_HOME": str(self.backend / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        command = ["pulumi", *verb.split(), "--stack", "local", "--non-interactive", *options]
        done = subprocess.run(
            command, cwd=self.project, env=os.environ | own, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def cli(fresh_server: Server, tmp_path: Path) -> Cli:
    let_deployer_read_statistics(fresh_server)
    project, backend = tmp_path / "project", tmp_path / "backend"
    for name in ("infra", "schema", "plugin"):
        shutil.copytree(PROJECT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Pulumi.yaml", "Pulumi.local.yaml"):
        shutil.copy(PROJECT / name, project / name)
    (project / ".venv").symlink_to(PROJECT / ".venv")
    backend.mkdir()
    return Cli(project, backend, fresh_server.deployer_url)


@pytest.fixture
def embedded(cli: Cli) -> Iterator[Deployment]:
    with deployment(cli.url, cli.backend, CONFIG) as stack:
        yield stack


def test_cli_goes_on_from_the_embedded_engines_state(cli: Cli, embedded: Deployment) -> None:
    made = embedded.up(run_program).changes["create"]
    assert made > 150
    cli.run("preview", "--expect-no-changes")
    assert f"{made} unchanged" in cli.run("refresh", "--yes", "--skip-preview")
    cli.run("preview", "--expect-no-changes")
    assert embedded.drift() == []
    assert f"{made} deleted" in cli.run("destroy", "--yes", "--skip-preview")


def test_embedded_engine_goes_on_from_the_clis_state(cli: Cli, embedded: Deployment) -> None:
    cli.run("stack init")
    cli.run("preview")
    made = cli.run("up", "--yes", "--skip-preview")
    assert set(embedded.preview(run_program).changes) == {"same"}, made
    assert embedded.drift() == []
    assert set(embedded.refresh().changes) == {"same"}
    cli.run("preview", "--expect-no-changes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_APPROVE", "DELETES_DATA")
        assert set(embedded.destroy().changes) == {"delete"}
