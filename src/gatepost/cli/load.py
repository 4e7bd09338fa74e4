"""`gatepost load`: a load test of a stack, and its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.addresses import api_url
from gatepost.cli.deploy import Command, Options
from gatepost.cli.display import Screen
from gatepost.cli.gate import STYLES, telling
from gatepost.cli.serve import verifier_of
from gatepost.errors import UsageError
from gatepost.load.measuring import Asked, goal_of, measure
from gatepost.load.run import PORT, Plan, work
from gatepost.production import require_meant

if TYPE_CHECKING:
    from gatepost.gates.verdict import Outcome
    from gatepost.stacks import Stack

_LARGEST_PORT = 65_535
_WIDTH = 130
"""Columns where no terminal says how many."""


def load(
    options: Options, plan: Plan, *, rows: int | None, highest: bool, api: str | None, against: str | None
) -> int:
    """Run the load test and print what it measured; return 0 if it passes, else 1.

    :raises UsageError: the stack is production and nobody said that it is meant; options exclude each other.
    """
    from gatepost.gates.report import as_json

    command = Command("load", options)
    with command.opened() as engine, telling(command.screen) as tell:
        stack = command.stack
        if not rows:
            require_meant(stack, against, "--against")
        asked = Asked(rows, _api(stack, api), highest)
        outcome = measure(stack, api_url(stack, engine), plan, asked, tell)
        command.document |= as_json([outcome])
    show(command.screen, outcome)
    return 0 if outcome.verdict == "pass" else 1


def help_out(
    options: Options,
    scenarios: tuple[str, ...],
    master: tuple[str, int],
    *,
    api: str | None,
    against: str | None,
) -> int:
    """Work for a load test elsewhere until that ends.

    :raises UsageError: the stack is production, and nobody said that it is meant.
    """
    command = Command("load", options)
    with command.opened() as engine, telling(command.screen) as tell:
        stack = command.stack
        require_meant(stack, against, "--against")
        asked = Asked(api=_api(stack, api))
        with goal_of(stack, api_url(stack, engine), Plan(scenarios), asked, tell) as goal:
            tell(f"working for {master[0]}:{master[1]}")
            work(stack.root, scenarios, master, goal)
    return 0


def _api(stack: Stack, url: str | None) -> tuple[str, str] | None:
    if url is None:
        return None
    if not (secret := verifier_of(stack).secret):
        raise UsageError("--api: users sign their own tokens: set GATEPOST_JWT_SECRET to the API's secret")
    return url, secret


def address(given: str) -> tuple[str, int]:
    """Return host and port of `HOST[:PORT]`.

    :raises UsageError: it is no address.
    """
    host, colon, port = given.partition(":")
    if not host or (colon and not (port.isdecimal() and 0 < int(port) <= _LARGEST_PORT)):
        raise UsageError(f"{given!r} is no address: expected HOST or HOST:PORT")
    return host, int(port or PORT)


def show(screen: Screen, outcome: Outcome) -> None:
    """Print each kind of request with its times, and the verdict."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    if not screen.out.is_terminal:
        screen.out.width = _WIDTH
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("request", "verdict", "measured", "target"):
        table.add_column(name)
    for row in outcome.rows:
        table.add_row(row.name, Text(row.verdict, STYLES[row.verdict]), row.figure, Text(row.limit, "dim"))
    screen.out.print(table)
    for line in outcome.evidence:
        screen.line(line)
    screen.line(Text.assemble((str(outcome.verdict), STYLES[outcome.verdict]), f": {outcome.figure}"))
