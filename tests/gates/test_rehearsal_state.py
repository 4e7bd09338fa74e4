"""A rehearsal takes the target's state from a file where it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fix_rehearsed import SLOW, Rehearsed, verdict

from gatepost.engines import Embedded
from gatepost.errors import UsageError
from gatepost.gates.gate import Site
from gatepost.gates.rehearsal.example import with_rule
from gatepost.gates.rehearsal.gate import state_of
from gatepost.observer import Observer
from gatepost.stacks import Stack


@pytest.fixture
def exported(rehearsed: Rehearsed, tmp_path: Path) -> Iterator[Path]:
    """A file with the stack's state, which is nowhere else meanwhile."""
    rehearsed.declare(with_rule(after=SLOW))
    file = tmp_path / "exported.json"
    file.write_text(json.dumps(Embedded(rehearsed.project.stack, Observer(), 4).saved()))
    own = rehearsed.project.stack.state_file
    kept = own.rename(own.with_suffix(".kept"))
    yield file
    kept.rename(own)


def judged(rehearsed: Rehearsed, *options: str) -> tuple[str, str]:
    with rehearsed.running(*options) as running:
        said, noted = running.communicate(timeout=60)
    assert said, noted
    return verdict(said)


def test_the_state_is_taken_from_a_file(rehearsed: Rehearsed, exported: Path) -> None:
    without = judged(rehearsed)
    assert without == ("inconclusive", "nothing is deployed there yet: there is nothing to copy")
    found, figure = judged(rehearsed, "--state", str(exported))
    assert found == "pass", figure
    assert "6 same" in figure


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"deployment": 1}', '{"checkpoint": {}}'])
def test_a_file_that_holds_no_state_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "state.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(
        UsageError, match=r"--state .*state\.json: no file that `pulumi stack export` wrote: "
    ):
        state_of(Site(Stack(tmp_path, "local"), {"state": file}))
