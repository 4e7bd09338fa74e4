"""The real Pulumi CLI and the embedded engine go on from each other's state."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from memory_provider import PASSPHRASE, SALT, Stack

from gatepost.engine.model import Project
from gatepost.engine.program import program_file
from gatepost.engine.state import StateFiles

pytestmark = pytest.mark.pulumi_cli

PROGRAM = """
    import sys
    sys.path.insert(0, {here!r})
    import pulumi
    from memory_provider import Group, Target, Thing
    from pulumi import ResourceOptions

    target = Target("target", host="h", password=pulumi.Output.secret("pw<&>"))
    a = Thing("a", ResourceOptions(provider=target), value="x", secret=pulumi.Output.secret("s"), none=None)
    b = Thing("b", ResourceOptions(provider=target, depends_on=[a]), value={{"deep": [a.value, 2.5, None]}})
    group = Group("group", ResourceOptions(providers=[target], aliases=[pulumi.Alias(name="former")]))
    inside = Thing("inside", ResourceOptions(parent=group, ignore_changes=["text"]), value=a.serial)
    group.register_outputs({{"inside": inside.id}})
    Thing("plain", ResourceOptions(
        additional_secret_outputs=["value"], custom_timeouts=pulumi.CustomTimeouts(create="5m"),
        deleted_with=a, retain_on_delete=True, protect=True, replace_on_changes=["text"]), value="{value}")
    pulumi.export("a", a.id)
    pulumi.export("secret", pulumi.Output.secret(1))
"""
PLUGIN = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {here!r})
    from memory_provider import MemoryProvider, World
    from pulumi.provider.experimental import server
    server.main(sys.argv[1:], "0.1.0", MemoryProvider(World(file=Path({world!r}))))
"""


class Both:
    """One project that either engine deploys."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stack = Stack(root)
        self.stack.world.file = root / "world.json"
        here = str(Path(__file__).parent)
        plugin = root / "plugin"
        plugin.mkdir()
        (plugin / "PulumiPlugin.yaml").write_text("runtime: python\n")
        (plugin / "venv").symlink_to(sys.prefix)
        (plugin / "__main__.py").write_text(
            textwrap.dedent(PLUGIN).format(here=here, world=str(self.stack.world.file))
        )
        (root / "Pulumi.yaml").write_text(
            f"name: demo\nruntime:\n  name: python\n  options: {{virtualenv: {sys.prefix}}}\n"
            "plugins:\n  providers:\n    - {name: memory, path: ./plugin}\n"
        )
        (root / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {SALT}\n")
        self.declare("q")

    def declare(self, value: str) -> None:
        here = str(Path(__file__).parent)
        (self.root / "__main__.py").write_text(textwrap.dedent(PROGRAM).format(here=here, value=value))

    def embedded(self, operation: str) -> dict[str, int]:
        self.stack.world.load()
        deployment = self.stack.deployment()
        return getattr(deployment, operation)(program_file(self.root / "__main__.py")).changes

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.root}",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        command = ["pulumi", *arguments, "--stack", "dev", "--non-interactive"]
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )

    def must(self, *arguments: str) -> str:
        done = self.cli(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def both(tmp_path: Path) -> Both:
    return Both(tmp_path)


def test_the_cli_goes_on_from_our_state(both: Both):
    both.embedded("up")
    both.must("preview", "--expect-no-changes")
    json.loads(both.must("stack", "export"))
    both.must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    both.must("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert both.embedded("up") == {"same": 7}


def test_we_go_on_from_the_clis_state(both: Both):
    both.cli("stack", "init")
    both.must("up", "--yes", "--skip-preview")
    before = both.stack.file.read_bytes()
    assert both.embedded("preview") == {"same": 7}
    assert both.embedded("up") == {"same": 7}
    assert both.stack.file.read_bytes() == before
    both.declare("r")
    assert both.embedded("up") == {"same": 6, "update": 1}
    both.must("preview", "--expect-no-changes")


def test_both_write_the_same_state(both: Both):
    both.embedded("up")
    ours = {found["urn"]: comparable(found) for found in both.stack.resources()}
    shutil.rmtree(both.root / ".pulumi")
    both.stack.world.file.unlink()
    both.cli("stack", "init")
    both.must("up", "--yes", "--skip-preview")
    theirs = {found["urn"]: comparable(found) for found in both.stack.resources()}
    assert ours == theirs


def test_the_cli_respects_our_lock(both: Both):
    both.embedded("up")
    with StateFiles(both.root, Project("demo", both.root), "dev").lock():
        done = both.cli("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert f"pid {os.getpid()}" in done.stdout + done.stderr


def comparable(found: dict[str, Any]) -> Any:
    """Leave out what differs between two runs of the same engine, or says where the program stands."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            left_out = (
                "created",
                "modified",
                "sourcePosition",
                "stackTrace",
                "serial",
                "ciphertext",
                "id",
                "provider",
            )
            return {key: strip(item) for key, item in value.items() if key not in left_out}
        if isinstance(value, list):
            return [strip(item) for item in value]
        return "…" if isinstance(value, str) and value.rpartition("-")[2].isdigit() else value

    stripped = strip(found)
    if "inside" in found["urn"]:
        stripped["inputs"].pop("value")
        stripped["outputs"].pop("value")
    return stripped, found.get("provider", "").rpartition("::")[0], bool(found.get("id"))
