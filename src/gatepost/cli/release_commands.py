"""The command that brings a release to a stack."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from typing import Annotated

import typer

from gatepost.cli.arguments import (
    Approve,
    Cwd,
    EngineOption,
    Force,
    Json,
    Parallel,
    Sql,
    Stack,
    Yes,
    options_of,
)


def deploy(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    yes: Yes = False,
    sql: Sql = False,
    json: Json = False,
    approve: Approve = None,
    force: Force = False,
    engine: EngineOption = None,
    parallel: Parallel = 8,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="COMMIT", help="What the stack has, where its log does not say."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="STACK", help="Repeat the name of a production stack.")
    ] = None,
) -> None:
    """Deploy past the gates of gates.yaml, verify, record it, and go back by itself when it fails.

    Exit codes: 0 deployed and verified, 11 a hazard nobody approved and 19 a gate did not pass (nothing was
    touched), 12 another deployment runs, 20 failed and rolled back, which was proved, 21 the roll-back
    failed, 130 interrupted (the next deployment goes on from there).
    """
    from gatepost.cli import release

    given = options_of(
        stack,
        cwd,
        json=json,
        sql=sql,
        yes=yes,
        approve=approve,
        force=force,
        engine=engine,
        parallel=parallel,
    )
    release.deploy(given, release.Wanted(base, to))
