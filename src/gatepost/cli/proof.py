"""How a proof is told: a line a check with what was expected and what was found, a count at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from gatepost.cli.deploy import Command, Options
from gatepost.errors import UsageError
from gatepost.words import plural, took

if TYPE_CHECKING:
    from rich.text import Text

    from gatepost.cli.display import Screen
    from gatepost.stacks import Stack
    from gatepost.verify.check import Check


def verify(options: Options, *, only: str, summary: bool) -> int:
    """Check the stack's database against its program; return 1 if anything is off."""
    if only not in ("all", "failed"):
        raise UsageError(f"--only {only!r}: choose failed or all")
    command = Command("verify", options)
    with command.opened():
        started = time.perf_counter()
        checks = run(command.screen, command.stack)
        seconds = time.perf_counter() - started
        failed = [check for check in checks if not check.ok]
        told = failed if only == "failed" else checks
        command.document |= {
            "ok": not failed,
            "passed": len(checks) - len(failed),
            "failed": len(failed),
            "seconds": round(seconds, 4),
            "checks": [check.as_json() for check in told],
        }
        command.screen.line(f"{command.stack.project}/{command.stack.name}", "bold")
        show(command.screen, told, brief=summary)
        conclude(command.screen, checks, failed, seconds)
    return 1 if failed else 0


def run(screen: Screen, stack: Stack) -> list[Check]:
    """Run the proof."""
    from gatepost.verify.proof import prove

    if not screen.is_live:
        return prove(stack)
    with screen.out.status("reading the program and the catalog"):
        return prove(stack)


def show(screen: Screen, checks: list[Check], *, brief: bool) -> None:
    """Print checks by feature: each with what was expected and found, or what passed only counted."""
    for feature, group in groupby(checks, key=lambda check: check.feature):
        members = list(group)
        screen.line()
        screen.line(feature, "bold")
        if brief:
            screen.line(_counted(check for check in members if check.ok and check.kind != "query"))
        for check in members:
            if not brief or not check.ok or check.kind == "query":
                _show(screen, check)


def _counted(checks: Iterable[Check]) -> Text:
    from rich.text import Text

    kinds = Counter(_noun(check.kind) for check in checks)
    listed = ", ".join(plural(number, kind) for kind, number in kinds.items())
    return Text.assemble("  ", ("✓", "green"), f" {listed}, as declared")


def _noun(kind: str) -> str:
    return "privilege list" if kind == "privileges" else kind


def _show(screen: Screen, check: Check) -> None:
    from rich.text import Text

    from gatepost.verify.check import text_of

    mark = ("✓", "green") if check.ok else ("✗", "bold red")
    line = Text.assemble("  ", mark, f" {check.kind} ", (check.name, "bold" if not check.ok else ""))
    expected = text_of(check.expected, check.found)
    if check.ok:
        found = text_of(check.found, check.expected)
        same = "the same" if found == expected and len(found) > 30 else found
        line.append(f": expected {expected}; found {same}", "dim")
    else:
        line.append(f": expected {expected}; found ").append(_found(check))
    if check.note:
        line.append(f" ({check.note})", "dim")
    screen.line(line)


def _found(check: Check) -> Text:
    """Return what was found, what differs in red."""
    from rich.text import Text

    from gatepost.verify.check import text_of

    if check.found is None:
        return Text("nothing", "bold red")
    line = Text(text_of(check.found, check.expected))
    for key in check.differences:
        line.highlight_words([word for word in [check.found.get(key)] if word], "bold red")
    return line


def conclude(screen: Screen, checks: list[Check], failed: list[Check], seconds: float) -> None:
    """Print how many checks passed and failed."""
    from rich.text import Text

    screen.line()
    if failed:
        line = Text.assemble(
            ("✗ ", "bold red"), (f"{len(failed)} of {len(checks)} checks failed", "bold red")
        )
    else:
        line = Text.assemble(("✓ ", "green"), (f"{len(checks)} checks passed", "bold"))
    screen.line(line.append(f"  {took(seconds)}", "dim"))
