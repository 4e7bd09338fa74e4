"""`gatepost load`: a load test of a stack, and its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.addresses import api_url
from gatepost.cli.deploy import Command, Options
from gatepost.cli.display import Screen
from gatepost.cli.gate import STYLES, telling
from gatepost.cli.problems import print_json
from gatepost.load.run import Plan
from gatepost.production import require_meant

if TYPE_CHECKING:
    from gatepost.gates.verdict import Outcome


def load(options: Options, plan: Plan, *, against: str | None) -> int:
    """Run the load test and print what it measured; return 0 if it passes, else 1.

    :raises UsageError: the stack is production, and nobody said that it is meant.
    """
    from gatepost.gates.report import as_json
    from gatepost.load.judgement import judge
    from gatepost.load.run import run

    command = Command("load", options)
    with command.opened() as engine:
        stack = command.stack
        require_meant(stack, against, "--against")
        url = api_url(stack, engine)
    with telling(command.screen) as tell:
        tell(f"{plan.shape}: {plan.users} users for {plan.duration:g} s in {plan.processes} processes")
        outcome = judge(run(stack.root, plan, url, {}))
    if options.json:
        print_json({"operation": "load", "stack": stack.name, **as_json([outcome])})
    show(command.screen, outcome)
    return 0 if outcome.verdict == "pass" else 1


def show(screen: Screen, outcome: Outcome) -> None:
    """Print each kind of request with its times, and the verdict."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("request", "verdict", "measured", "target"):
        table.add_column(name)
    for row in outcome.rows:
        table.add_row(row.name, Text(row.verdict, STYLES[row.verdict]), row.figure, Text(row.limit, "dim"))
    screen.out.print(table)
    for line in outcome.evidence:
        screen.line(line)
    screen.line(Text.assemble((str(outcome.verdict), STYLES[outcome.verdict]), f": {outcome.figure}"))
