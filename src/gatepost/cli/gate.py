"""`gatepost gate`: run gates, print their verdicts, write reports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.cli.deploy import Options, open_stack
from gatepost.cli.display import Screen
from gatepost.cli.problems import print_json
from gatepost.errors import UsageError
from gatepost.words import took

if TYPE_CHECKING:
    from rich.table import Table

    from gatepost.gates.policy import Required
    from gatepost.gates.verdict import Outcome, Trial
    from gatepost.stacks import Stack

STYLES = {"pass": "green", "fail": "bold red", "inconclusive": "yellow", "error": "magenta"}
MARKS = {"pass": "✓", "fail": "✗", "inconclusive": "?", "error": "!"}
_FEW = 20


@dataclass(frozen=True)
class Reports:
    """Where reports go, beside the screen."""

    html: Path | None = None
    junit: Path | None = None


@dataclass(frozen=True)
class Given:
    """Settings of gates from the command line."""

    base: str | None = None
    state: Path | None = None
    history: Path | None = None
    rows: int | None = None
    minutes: float | None = None
    every_query: bool = False

    def to(self, gates: Sequence[Required]) -> list[Required]:
        """Return gates with what is given.

        :raises UsageError: a setting is wrong, or it is not plain which gate it is for.
        """
        only = {
            name: one for name, one in (("rows", self.rows), ("minutes", self.minutes)) if one is not None
        }
        for name in only:
            _require_one(name, [one.gate.name for one in gates if name in one.gate.options])
        history = str(self.history.resolve()) if self.history else None
        given = {"base": self.base, "state": self.state, "every_query": self.every_query or None}
        return [one.with_options(history=history, **given, **only) for one in gates]


def _require_one(setting: str, gates: Sequence[str]) -> None:
    if not gates:
        raise UsageError(
            f"--{setting} is for none of these gates: leave it out, or name the gate that it is for"
        )
    if len(gates) > 1:
        raise UsageError(
            f"--{setting} means another thing to {' and '.join(gates)}: name the one gate that it is for"
        )


def gate(options: Options, names: Sequence[str], reports: Reports, given: Given) -> int:
    """Run the gates that are named, else those of the stack's environment; return 0 if all pass, else 1."""
    from gatepost.gates import report
    from gatepost.gates.running import judge

    stack, screen = open_stack(options), Screen(json=options.json)
    required = given.to(_required(stack, names))
    with telling(screen) as tell:
        outcomes = judge(required, stack, tell)
    document = report.as_json(outcomes)
    if options.json:
        print_json({"operation": "gate", "project": stack.project, "stack": stack.name, **document})
    show(screen, f"{stack.project}/{stack.name}", outcomes)
    _write(reports, outcomes, f"{stack.project}/{stack.name}")
    if os.environ.get("GITHUB_ACTIONS") == "true" and not options.json:
        for line in report.as_annotations(outcomes):
            screen.line(line)
    return 0 if document["ok"] else 1


def self_test(options: Options, names: Sequence[str]) -> int:
    """Run the self-tests of the gates that are named, else of every one; return 0 if all are right."""
    from gatepost.gates import policy
    from gatepost.gates.running import self_test as run

    screen = Screen(json=options.json)
    gates = policy.known()
    with telling(screen) as tell:
        trials = run([policy.Required(policy.gate_named(name)) for name in names or gates], tell)
    if options.json:
        print_json({"operation": "self-test", "ok": all(one.ok for one in trials), "trials": _plain(trials)})
    for one in trials:
        _show_trial(screen, one)
    return 0 if all(one.ok for one in trials) else 1


def _plain(trials: Sequence[Trial]) -> list[dict[str, object]]:
    return [one.as_json() for one in trials]


def _show_trial(screen: Screen, one: Trial) -> None:
    from rich.text import Text

    mark = ("✓", "green") if one.ok else ("✗", "bold red")
    said = one.outcome.verdict
    line = Text.assemble(mark, f" {one.gate}: ", one.case, ": ", (str(said), STYLES[said]))
    if not one.ok:
        line.append(f", expected {one.expected}; {one.outcome.figure}", "bold red")
    screen.line(line)


def _required(stack: Stack, names: Sequence[str]) -> list[Required]:
    from gatepost.gates import policy

    if names:
        return policy.named(names, stack.root, stack.environment)
    return policy.required(stack.root, stack.environment)


@contextmanager
def telling(screen: Screen) -> Iterator[Callable[[str], None]]:
    """Lend something that takes sentences about what goes on: one line that changes, or lines in a log."""
    if screen.is_live:
        with screen.out.status("") as status:
            yield status.update
    elif screen.json:
        yield lambda _text: None
    else:
        yield lambda text: screen.err.print(text, style="dim", soft_wrap=True)


def show(screen: Screen, title: str, outcomes: Sequence[Outcome]) -> None:
    """Print a table of verdicts, then what is behind each that is not green."""
    screen.line(title, "bold")
    screen.out.print(_table(outcomes))
    for one in outcomes:
        _show_details(screen, one)


def _table(outcomes: Sequence[Outcome]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("gate", "verdict", "found", "limit", "time"):
        table.add_column(name, overflow="fold", justify="right" if name == "time" else "left")
    for one in outcomes:
        verdict = Text(f"{MARKS[one.verdict]} {one.verdict}", STYLES[one.verdict])
        table.add_row(one.gate, verdict, one.figure, Text(one.limit, "dim"), Text(took(one.seconds), "dim"))
    return table


def _show_details(screen: Screen, one: Outcome) -> None:
    from gatepost.gates.report import line

    told = [line(finding) for finding in one.open_findings]
    told += [f"{row.name}: {row.figure}, limit {row.limit}" for row in one.rows if row.verdict != "pass"]
    if one.verdict == "pass":
        return
    screen.line(one.gate, STYLES[one.verdict])
    for text in (*one.evidence, *told[:_FEW]):
        screen.line(f"  {text}")
    if len(told) > _FEW:
        screen.line(f"  and {len(told) - _FEW} more: --html or --json has them all", "dim")


def _write(reports: Reports, outcomes: Sequence[Outcome], title: str) -> None:
    from gatepost.gates.html import as_html
    from gatepost.gates.report import as_junit

    if reports.html:
        reports.html.write_text(as_html(outcomes, title, datetime.now(UTC)), encoding="utf-8")
    if reports.junit:
        reports.junit.write_text(as_junit(outcomes, title), encoding="utf-8")
