"""How the proof of isolation is told: who reaches which rows, then what is wrong and what to do."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.cli.deploy import Command, Options
from gatepost.errors import UsageError
from gatepost.intent import COMMANDS
from gatepost.words import plural, took

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from gatepost.isolation.proof import Tell
    from gatepost.isolation.result import Mark, Proof

_WIDTH = 130
"""Columns of what no terminal narrows."""
_NAMES, _CELL = 34, 7
"""Columns of the tables' names, and of each who asks."""
_SECOND = re.compile(r" [2-9]$")
_STYLES = {"all": "green", "some": "yellow", "none": "dim", "denied": "bright_black", "unknown": "red"}
_LEGEND = "S I U D  every row    s i u d  some    -  none    ·  denied    ?  a constraint always spoke first"


@dataclass(frozen=True)
class Asked:
    """What the command was asked for."""

    cases: int
    seed: int | None
    tables: tuple[str, ...]
    mutants: bool
    html: Path | None


def prove_isolation(options: Options, asked: Asked) -> int:
    """Prove that nobody reaches another's rows; return 1 if anything disagrees, is open or survives."""
    if asked.html is not None and not asked.html.parent.is_dir():
        raise UsageError(f"--html {asked.html}: {asked.html.parent} is no folder")
    if asked.cases < 0:
        raise UsageError(f"--cases {asked.cases}: give 0 or more")
    command = Command("prove isolation", options)
    with command.opened():
        title = f"{command.stack.project}/{command.stack.name}"
        proof = _run(command, asked)
        command.document |= proof.as_json()
        out = command.screen.out
        if not out.is_terminal:
            out.width = _WIDTH
        for part in rendered(proof, title, out.width):
            out.print(part)
        if asked.html is not None:
            from gatepost.isolation.page import page

            asked.html.write_text(page(proof, title), encoding="utf-8")
            command.screen.line(f"  written to {asked.html}", "dim")
    return 0 if proof.ok else 1


def _run(command: Command, asked: Asked) -> Proof:
    from gatepost.isolation.declared import declaration_of
    from gatepost.isolation.proof import Wanted, prove
    from gatepost.verify.declared import collect

    declaration = declaration_of(collect(command.stack)[0], asked.tables)
    tables = tuple(name if "." in name else f"public.{name}" for name in asked.tables)
    seed = secrets.randbelow(10**6) if asked.seed is None else asked.seed
    wanted = Wanted(tables, asked.cases, seed, asked.mutants)
    with _telling(command) as tell:
        return prove(declaration, wanted, tell)


@contextmanager
def _telling(command: Command) -> Iterator[Tell]:
    """Show the stages where somebody looks on."""
    if not command.screen.is_live:
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=command.screen.out, transient=True) as progress:
        task = progress.add_task("reading the program")

        def tell(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total)

        yield tell


def rendered(proof: Proof, title: str, width: int = _WIDTH) -> Iterator[RenderableType]:
    """Yield the proof as a person reads it, in so many columns."""
    from rich.text import Text

    yield Text.assemble((f"isolation of {title}", "bold"), (f"  seed {proof.seed}", "dim"))
    for askers in _blocks(proof, max(2, (width - _NAMES) // _CELL)):
        yield Text()
        yield from _block(proof, askers)
    if proof.askers:
        yield Text(f"\n{_LEGEND}\nof the second tenant: --html, --json", "dim")
    yield from _wrong(proof)
    yield Text()
    yield _conclusion(proof)


def _blocks(proof: Proof, most: int) -> Iterator[list[str]]:
    """Yield the askers whose columns stand together: those of a role that goes by the user, the rest."""
    told = [one for one in proof.askers if not _SECOND.search(one)]
    by_role = {role: list(members) for role, members in groupby(told, key=_role)}
    many = [members for members in by_role.values() if len(members) > 2]
    rest = [one for members in by_role.values() if len(members) <= 2 for one in members]
    for block in (*many, rest):
        for start in range(0, len(block), most):
            yield block[start : start + most]


def _role(asker: str) -> str:
    return asker.partition(": ")[0]


def _block(proof: Proof, askers: list[str]) -> Iterator[RenderableType]:
    """Yield who the columns are, by number, and the rows of the tables that any of them may use."""
    from rich.box import SIMPLE_HEAD
    from rich.columns import Columns
    from rich.table import Table
    from rich.text import Text

    roles = {_role(one) for one in askers}
    shared = f"{roles.pop()}: " if len(roles) == 1 and len(askers) > 2 else ""
    names = [Text(f"{at} {one.removeprefix(shared)}", "dim") for at, one in enumerate(askers, 1)]
    yield Text(shared.removesuffix(": ") or "other roles", "bold")
    yield Columns(names, padding=(0, 3))
    grid = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    grid.add_column("", no_wrap=True, min_width=_NAMES - 4)
    for at, _ in enumerate(askers, 1):
        grid.add_column(Text(str(at), "dim"), justify="center", no_wrap=True)
    closed = []
    for feature, tables in groupby(proof.tables, key=lambda table: proof.tables[table]):
        rows = list(tables)
        used = [table for table in rows if _is_used(proof, table, askers)]
        closed += [table.removeprefix("public.") for table in rows if table not in used]
        if used:
            grid.add_row(Text(feature, "bold"))
        for table in used:
            cells = [_cell(proof, table, asker) for asker in askers]
            grid.add_row(f"  {table.removeprefix('public.')}", *cells)
    yield grid
    if closed:
        yield Text(f"all denied: {', '.join(closed)}", "dim")


def _is_used(proof: Proof, table: str, askers: list[str]) -> bool:
    return any(proof.mark(table, one, command) != "denied" for one in askers for command in COMMANDS)


def _cell(proof: Proof, table: str, asker: str) -> Text:
    from rich.text import Text

    return Text.assemble(*(_sign(proof.mark(table, asker, command), command) for command in COMMANDS))


def _sign(mark: Mark, command: str) -> tuple[str, str]:
    letter = {"all": command[0].upper(), "some": command[0], "none": "-", "denied": "·", "unknown": "?"}
    return letter[mark], _STYLES[mark]


def _wrong(proof: Proof) -> Iterator[Text]:
    from rich.text import Text

    for one in proof.disagreements:
        yield Text.assemble("\n", ("✗ ", "bold red"), (one.table, "bold"), f" as {one.asker}")
        yield Text(f"    {one.statement}")
        yield Text.assemble("    expected ", (one.expected, "green"), ", got ", (one.got, "bold red"))
    for found in proof.open:
        subject = "" if found.subject in found.name else f" on {found.subject}"
        yield Text.assemble("\n", ("✗ ", "bold red"), (f"{found.name}{subject}", "bold"))
        yield Text(f"    {found.detail}")
    for found in proof.findings:
        if found.accepted:
            yield Text(f"\n  {found.name}: accepted, {found.accepted}", "dim")
    for note in proof.notes:
        yield Text(f"\n  {note}", "yellow")


def _conclusion(proof: Proof) -> Text:
    from rich.text import Text

    mark = ("✓ ", "green") if proof.ok else ("✗ ", "bold red")
    wrong = plural(len(proof.disagreements), "disagreement")
    cases = f"{proof.cases:,} cases, {proof.random_cases:,} of them random, {wrong}"
    line = Text.assemble(mark, (cases, "bold" if proof.ok else "bold red"))
    if proof.mutants:
        lived = len([one for one in proof.open if one.kind == "mutant"])
        equal = f", {len(proof.equal)} proved equal" if proof.equal else ""
        line.append(f"; {proof.mutants} policy mutants, {proof.killed} killed{equal}, {lived} survived")
    open_ = len([one for one in proof.open if one.kind == "lint"])
    line.append(f"; {proof.lints} lints, {plural(open_, 'finding')}")
    rate = f"  {proof.rate:,.0f} cases/s in {took(proof.case_seconds)}, {proof.undecided:,} undecided"
    return line.append(rate, "dim")
