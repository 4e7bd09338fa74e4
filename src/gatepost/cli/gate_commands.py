"""The command that judges a change: gates."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from pathlib import Path
from typing import Annotated

import typer

from gatepost.cli.arguments import Cwd, Json, Stack, options_of


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
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="FILE", help="The target's state, from `pulumi stack export`."),
    ] = None,
    rows: Annotated[
        int | None, typer.Option("--rows", help="Of the largest tables, for the one gate that is named.")
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="For measuring benchmarks.")] = None,
    every_query: Annotated[
        bool, typer.Option("--every-query", help="Time also queries that use nothing that changed.")
    ] = False,
    history: Annotated[
        Path | None, typer.Option("--history", metavar="FILE", help="The benchmark gate's runs.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with charts here.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit's XML here.")] = None,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Try the gates, on cases whose verdict is known.")
    ] = False,
) -> int:
    """Run gates: exit code 0 only when every verdict is pass."""
    from gatepost.cli import gate as gates

    options = options_of(stack, cwd, json=json)
    if self_test:
        return gates.self_test(options, names or [])
    given = gates.Given(base, state, history, rows, minutes, every_query)
    return gates.gate(options, names or [], gates.Reports(html, junit), given)
