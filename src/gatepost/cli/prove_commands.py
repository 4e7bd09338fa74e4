"""Commands of `gatepost prove`: what is asserted of a database, shown."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from pathlib import Path
from typing import Annotated

import typer

from gatepost.cli.arguments import Cwd, Json, Stack, options_of

prove = typer.Typer(
    help="Prove what a database promises, on a throw-away copy of its structure.", no_args_is_help=True
)
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Also write it as a page.")]


@prove.command("plans")
def prove_plans(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    json: Json = False,
    html: Html = None,
    rows: Annotated[
        int, typer.Option("--rows", help="Rows of the largest tables; a tenth and a hundredth too.")
    ] = 100_000,
    at: Annotated[
        float | None,
        typer.Option("--at", metavar="ROWS", help="Also prove the plans for so many rows: 1e9."),
    ] = None,
    feature: Annotated[str | None, typer.Option("--feature", help="Only this feature's queries.")] = None,
) -> int:
    """Prove that each query uses its index, and grows and lasts as it may; exit code 1 if one does not."""
    from gatepost.cli import plans

    return plans.prove_plans(options_of(stack, cwd, json=json), rows=rows, at=at, feature=feature, html=html)
