"""The README's commands, run one after the other in a copy of this repository, as a newcomer would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
UNTOUCHED = {"PATH", "HOME", "LANG", "USER", "TMPDIR", "SSL_CERT_FILE", "UV_CACHE_DIR"}
FIRST = "scripts/up"
BY_CI = "scripts/test"
"""Not run here, where it would run itself: `.ci/run` calls it."""


def commands(needing: str | None = None) -> list[str]:
    """The commands in the README's console blocks, those of the Pulumi CLI apart."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    wanted = [block for block in blocks if ("pulumi " in block) == (needing == "pulumi")]
    lines = [line.removeprefix("$ ") for block in wanted for line in block.splitlines()]
    return [line for line in lines if line != BY_CI]


@dataclass
class Newcomer:
    """Somebody with a copy of the repository and nothing else."""

    folder: Path
    first: str = ""
    """What the first command printed."""

    def run(self, *lines: str) -> str:
        """Run lines in one shell and return what a person would see."""
        environment = {name: value for name, value in os.environ.items() if self._keeps(name)}
        script = "set -e\n" + "\n".join(lines)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _keeps(self, name: str) -> bool:
        return name in UNTOUCHED or name.startswith(("PIP_", "UV_", "PYENV_"))


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    somebody = Newcomer(folder)
    somebody.first = somebody.run(FIRST)
    yield somebody
    somebody.run(".venv/bin/gatepost db reset --yes")
    somebody.run(".venv/bin/gatepost db stop")


def masked(text: str) -> list[str]:
    """The lines without what differs from run to run: figures, their units and spacing."""
    spaced = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    lines = (re.sub(r"\d+(\.\d+)?", "0", re.sub(r"[\d.]+ m?s\b", "0 ms", line)) for line in spaced)
    return [line for line in lines if line]


def test_commands(newcomer: Newcomer) -> None:
    first, *rest = commands()
    assert first == FIRST
    shown = re.search(r"ends like this:\n\n```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    printed = masked(newcomer.first)
    assert [line for line in masked(shown[1]) if line not in printed] == []
    assert len(rest) >= 5
    for line in rest:
        newcomer.run(line)
    assert "nothing to do" in newcomer.run("scripts/up")


def test_table_in_twenty_lines(newcomer: Newcomer) -> None:
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    body = example[1].split("def declare")[1].splitlines()[1:]
    assert len([line for line in body if line.strip()]) <= 20
    (newcomer.folder / "infra" / "notes.py").write_text(example[1])
    program = newcomer.folder / "infra" / "__main__.py"
    before = program.read_text()
    program.write_text(before + "\nfrom infra import notes\n\nnotes.declare(on.target)\n")
    try:
        plan = newcomer.run(".venv/bin/gatepost preview --sql")
        assert 'create table "public"."notes"' in plan
        assert "create policy" in plan
        newcomer.run(".venv/bin/gatepost up --yes", ".venv/bin/gatepost verify")
    finally:
        program.write_text(before)


@pytest.mark.pulumi_cli
def test_pulumi_cli_goes_on(newcomer: Newcomer) -> None:
    newcomer.run(".venv/bin/gatepost up --yes")
    home = "export PULUMI_SKIP_UPDATE_CHECK=true PULUMI_HOME=$PWD/.gatepost/pulumi"
    printed = newcomer.run(home, *commands(needing="pulumi"))
    assert re.search(r"^ +\d+ unchanged$", printed, re.MULTILINE), printed
    assert "to create" not in printed
    assert "to update" not in printed


def test_ci_runs_what_is_not_run_here() -> None:
    assert f"$ {BY_CI}" in README
    assert BY_CI in (ROOT / ".ci" / "run").read_text()
