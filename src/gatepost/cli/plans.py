"""How the proof of plans is told: a table of the queries, then what is wrong and what to do."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.cli.deploy import Command, Options
from gatepost.errors import UsageError
from gatepost.words import plural, took

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from gatepost.cli.display import Screen
    from gatepost.plans.judgement import QueryProof
    from gatepost.plans.proof import PlanProof


_WIDTH = 130
"""Columns of a page, and of what no terminal narrows."""


def prove_plans(
    options: Options, *, rows: int, at: float | None, feature: str | None, html: Path | None
) -> int:
    """Prove the plans of the stack's queries; return 1 if anything is wrong."""
    from gatepost.plans.proof import as_json

    if html is not None and not html.parent.is_dir():
        raise UsageError(f"--html {html}: {html.parent} is no folder")
    command = Command("prove plans", options)
    with command.opened():
        proof = run(command, rows=rows, at=at, feature=feature)
        command.document |= as_json(proof)
        show(command.screen, proof, f"{command.stack.project}/{command.stack.name}")
        if html is not None:
            _write_page(html, proof, f"{command.stack.project}/{command.stack.name}")
            command.screen.line(f"  written to {html}", "dim")
    return 0 if proof.ok else 1


def run(command: Command, *, rows: int, at: float | None = None, feature: str | None = None) -> PlanProof:
    """Run the proof, saying how far it is."""
    from gatepost.plans.proof import prove, question_of

    screen = command.screen
    if not screen.is_live:
        question = question_of(command.stack, rows=rows, at=at, feature=feature)
        return prove(question, lambda _: None)
    with screen.out.status("reading the program and the structure") as status:
        question = question_of(command.stack, rows=rows, at=at, feature=feature)
        return prove(question, status.update)


def show(screen: Screen, proof: PlanProof, title: str) -> None:
    """Print the proof."""
    if not screen.out.is_terminal:
        screen.out.width = _WIDTH
    for part in rendered(proof, title):
        screen.out.print(part)


def rendered(proof: PlanProof, title: str) -> Iterator[RenderableType]:
    """Yield the proof as a person reads it."""
    from rich.text import Text

    yield Text.assemble((f"plans of {title}", "bold"), (f"  {_sizes(proof)}", "dim"))
    for feature, members in groupby(proof.queries, key=lambda one: one.feature):
        yield Text(f"\n{feature}", "bold")
        yield _table(list(members), proof)
    yield from _findings(proof)
    yield Text()
    yield conclusion(proof)


def _sizes(proof: PlanProof) -> str:
    sizes = " → ".join(f"{proof.rows // part:,}" for part in (100, 10, 1))
    return f"{sizes} rows" + (f", planned for {proof.at:,.0f}" if proof.at else "")


def _table(members: list[QueryProof], proof: PlanProof) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Grid

    grid = Grid(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
    grid.add_column("  query", no_wrap=True, overflow="ellipsis")
    grid.add_column("served by", no_wrap=True, overflow="ellipsis")
    if proof.at:
        grid.add_column(f"{proof.at:.0e}".replace("e+0", "e"), no_wrap=True, justify="center")
    grid.add_column("pages touched", justify="right", no_wrap=True)
    grid.add_column("ms of target", justify="right", no_wrap=True)
    for one in members:
        grid.add_row(*_row(one, at=bool(proof.at)))
    return grid


def _row(one: QueryProof, *, at: bool) -> Iterator[Text]:
    from rich.text import Text

    mark = ("✓", "green") if one.ok else ("✗", "bold red")
    yield Text.assemble(mark, " ", (one.query.name, "" if one.ok else "bold"))
    yield Text(one.query.index or "—", "" if one.query.index else "dim")
    if at:
        used = all(one.query.index in (None, *plan.indexes) for plan in one.at.values())
        yield Text("✓", "green") if used else Text("✗", "bold red")
    pages = Text(" → ".join(f"{size.pages:,.0f}" for size in one.sizes))
    yield pages if one.query.grows == "log" else pages.append(f" {one.query.grows}", "dim")
    yield _time(one).append(f" of {one.query.target.limit:g}", "dim")


def _time(one: QueryProof) -> Text:
    from rich.text import Text

    if not one.sizes:
        return Text("—", "dim")
    took_ms = one.sizes[-1].milliseconds
    return Text(f"{took_ms:.2f}", "" if one.query.target.holds(took_ms) else "bold red")


def _findings(proof: PlanProof) -> Iterator[Text]:
    from rich.text import Text

    told = [(one.name, one.findings) for one in proof.queries if one.findings]
    told += [(f"index {one.index} on {one.table}", [one.reason]) for one in proof.indexes]
    for name, findings in told:
        yield Text.assemble("\n", ("✗ ", "bold red"), (name, "bold"), *(f"\n  {one}" for one in findings))


def conclusion(proof: PlanProof) -> Text:
    """Return what came of it on one line."""
    from rich.text import Text

    bad = sum(not one.ok for one in proof.queries) + len(proof.indexes)
    counted = f"{plural(len(proof.queries), 'query')} and {plural(proof.counted, 'index')}"
    if bad:
        line = Text.assemble(
            ("✗ ", "bold red"), (f"{bad} of {counted} are not as they should be", "bold red")
        )
    else:
        line = Text.assemble(("✓ ", "green"), (f"{counted} proven", "bold"))
    return line.append(f"  {took(proof.seconds)}", "dim")


def _write_page(path: Path, proof: PlanProof, title: str) -> None:
    from rich.console import Console

    with path.open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=_WIDTH, file=nowhere, force_terminal=True)
        for part in rendered(proof, title):
            console.print(part)
    path.write_text(console.export_html(inline_styles=False), encoding="utf-8")
