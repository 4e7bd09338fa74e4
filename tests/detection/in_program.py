"""Faults in what the program declares, and the same judgement of the program as it is."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.gates.lint.gate import lint
from gatepost.gates.rehearsal.gate import RehearsalGate
from gatepost.gates.verdict import Outcome, Verdict
from gatepost.gates.verification import VerificationGate
from gatepost.verify.declared import Declared

if TYPE_CHECKING:
    from faults import World

Case = tuple[str, Callable[[], Outcome]]
_WRAPPED = re.compile(r"\(\s*select\s+(app\.\w+\((?:[^()]|\(\))*\))\s*\)", re.IGNORECASE)
_MODES = ("share", "share row exclusive", "exclusive", "access exclusive")
_LOCKING = """

from gatepost.resources import Feature, Verbatim

with Feature("fault", provider=on.target):
    Verbatim(
        "gatepost_fault",
        creates="rule gatepost_fault on {table}",
        sql="lock table {table} in {mode} mode; select pg_sleep(1);"
        " create rule gatepost_fault as on delete to {table} where false do instead nothing;"
        " comment on rule gatepost_fault on {table} is 'A fault'",
    )
"""


def without_fault(world: World, gate: str) -> Callable[[], Outcome]:
    """What a gate says of the platform as it is."""
    judges: dict[str, Callable[[], Outcome]] = {
        "lint": lambda: _linted(world, world.objects),
        "rehearsal": lambda: RehearsalGate().judge(world.site),
        "verify": lambda: VerificationGate().judge(world.site),
    }
    return judges[gate]


def unwrapped_functions(world: World) -> Sequence[Case]:
    """Policies in which a function of ours runs for every row."""
    cases = []
    for at, one in enumerate(world.objects):
        for side in ("using", "check"):
            text = one.inputs.get(side) if one.kind == "Policy" else None
            if text and (found := _WRAPPED.search(text)):
                faulty = text[: found.start()] + found[1] + text[found.end() :]
                broken = replace(one, inputs={**one.inputs, side: faulty})
                cases.append((f"{one.name}: {side}: {found[1]}", _lint_with(world, at, broken)))
    return cases


def _lint_with(world: World, at: int, broken: Declared) -> Callable[[], Outcome]:
    def judge() -> Outcome:
        said = _linted(world, [*world.objects[:at], broken, *world.objects[at + 1 :]])
        return _by_rule(said, "function-per-row")

    return judge


def _linted(world: World, objects: Sequence[Declared]) -> Outcome:
    """Lint the declarations only: the SQL files are what they were."""
    with tempfile.TemporaryDirectory(prefix="gatepost-faults-") as folder:
        shutil.copytree(world.stack.root / "infra", Path(folder) / "infra")
        return lint(Path(folder), objects, ())


def locking_statements(world: World) -> Sequence[Case]:
    """A second's lock on each table, in the modes that keep writers or everybody out."""
    names = [
        f"{one.inputs.get('schema', 'public')}.{one.inputs['name']}"
        for one in world.objects
        if one.kind == "Table"
    ]
    number = len(_MODES)
    return [_locking(world, table, _MODES[(at + at // number) % number]) for at, table in enumerate(names)]


def _locking(world: World, table: str, mode: str) -> Case:
    def judge() -> Outcome:
        with _appended(world.stack.root / "infra" / "__main__.py", _LOCKING.format(table=table, mode=mode)):
            return _by_rule(RehearsalGate().judge(world.site), "long-lock")

    return f"{table} in {mode} mode", judge


@contextmanager
def _appended(file: Path, text: str) -> Iterator[None]:
    before = file.read_text(encoding="utf-8")
    file.write_text(before + text, encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(before, encoding="utf-8")


def _by_rule(outcome: Outcome, rule: str) -> Outcome:
    """Return the outcome; it is an error where the gate failed, but by another rule."""
    if outcome.verdict is not Verdict.FAIL or rule in {one.rule for one in outcome.findings}:
        return outcome
    words = "; ".join(f"{one.rule}: {one.message}" for one in outcome.findings[:2])
    return replace(outcome, verdict=Verdict.ERROR, figure=f"no {rule}: {words}")
