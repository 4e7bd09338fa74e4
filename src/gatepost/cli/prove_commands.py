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


@prove.command("isolation")
def prove_isolation(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    json: Json = False,
    html: Html = None,
    cases: Annotated[
        int, typer.Option("--cases", help="How many random cases, beside every planned one.")
    ] = 10_000,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Repeats a proof; else one is drawn and told.")
    ] = None,
    tables: Annotated[
        list[str] | None, typer.Option("--tables", metavar="TABLE", help="Only this table; repeatable.")
    ] = None,
    no_mutants: Annotated[
        bool, typer.Option("--no-mutants", help="Do without making policies wrong: faster, proves less.")
    ] = False,
) -> int:
    """Prove that nobody reaches another's rows; exit code 1 if a case, a lint or a mutant says otherwise."""
    from gatepost.cli import isolation

    asked = isolation.Asked(cases, seed, tuple(tables or ()), not no_mutants, html)
    return isolation.prove_isolation(options_of(stack, cwd, json=json), asked)


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
