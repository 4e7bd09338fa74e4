"""Commands that judge a change: gates and load tests."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from pathlib import Path
from typing import Annotated

import typer

from gatepost.cli.arguments import Cwd, Json, ShapeChoice, Stack, options_of


def gate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[GATE]...", help="Else those that gates.yaml asks for.")
    ] = None,
    *,
    stack: Stack = None,
    cwd: Cwd = None,
    json: Json = False,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="COMMIT", help="Compare with this commit, or go back to it."),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with charts here.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit's XML here.")] = None,
    self_test: Annotated[
        bool,
        typer.Option("--self-test", help="Try the gates themselves, on cases whose verdict is known."),
    ] = False,
) -> int:
    """Run gates: exit code 0 only when every verdict is pass."""
    from gatepost.cli import gate as gates

    options = options_of(stack, cwd, json=json)
    if self_test:
        return gates.self_test(options, names or [])
    return gates.gate(options, names or [], gates.Reports(html, junit), base=base)


def load(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Files of loadtests/; else all.")
    ] = None,
    *,
    stack: Stack = None,
    cwd: Cwd = None,
    json: Json = False,
    shape: Annotated[
        ShapeChoice, typer.Option("--shape", help="How the users come and go.")
    ] = ShapeChoice.smoke,
    users: Annotated[int, typer.Option("--users", "-u", min=1, help="How many at most.")] = 10,
    duration: Annotated[float, typer.Option("--duration", min=1, help="Seconds.")] = 15,
    processes: Annotated[int, typer.Option("--processes", min=1, help="Of the load generator.")] = 1,
    html: Annotated[Path | None, typer.Option("--html", help="Write Locust's own report here.")] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="STACK", help="Repeat the name of a production stack.")
    ] = None,
) -> int:
    """Load test a stack: exit code 0 only when every target holds."""
    from gatepost.cli import load as loads
    from gatepost.load.run import Plan

    plan = Plan(tuple(scenarios or ()), shape.value, users, duration, processes, html)
    return loads.load(options_of(stack, cwd, json=json), plan, against=against)
