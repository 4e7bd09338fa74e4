"""Commands and options of `gatepost`; what they do stands in the modules that they call."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from pathlib import Path
from typing import Annotated

import typer

from gatepost.cli import api_commands, gate_commands, load_commands, release_commands
from gatepost.cli.arguments import (
    Approve,
    Atomic,
    Cwd,
    Dependents,
    EngineOption,
    Force,
    Json,
    Parallel,
    Refresh,
    Sql,
    Stack,
    Target,
    Yes,
    manner_of,
    options_of,
)
from gatepost.cli.db_commands import db
from gatepost.cli.prove_commands import prove

_ABOUT = "Declare PostgreSQL features as code, deploy them, and prove what is there."
_DEBUG = "With --debug, anywhere, a failure also shows where it comes from. "
_EXIT_CODES = (
    "Exit codes: 0 all is well, 1 a failed check or program, 2 wrong option or setting,"
    " 3 invalid declaration, 4 server unreachable, 5 authentication failed, 6 permission missing,"
    " 7 unsupported server, 8 object exists and is not ours, 9 corrupt state, 10 passphrase missing,"
    " 11 hazard not approved, 12 another deployment runs, 13 lock time-out, 14 statement failed,"
    " 15 drift found, 16 unsupported feature, 17 still used by something, 18 state not written,"
    " 19 a gate did not pass and nothing was deployed, 20 failed and rolled back, 21 the roll-back failed,"
    " 130 interrupted."
)

app = typer.Typer(
    help=_ABOUT,
    epilog=_DEBUG + _EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(db, name="db")
app.add_typer(prove, name="prove")
for command in (
    api_commands.serve,
    api_commands.token,
    api_commands.types,
    gate_commands.gate,
    load_commands.load,
    release_commands.deploy,
):
    app.command()(command)


@app.command()
def up(
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
    target: Target = None,
    target_dependents: Dependents = False,
    refresh: Refresh = False,
    atomic: Atomic = False,
    first_run: Annotated[bool, typer.Option("--first-run", hidden=True)] = False,
) -> int:
    """Deploy: show the changes, ask, apply them."""
    from gatepost.cli import deploy

    if first_run:
        stack, yes = stack or "local", True
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
        manner=manner_of(target, target_dependents, refresh, atomic),
    )
    deployed = deploy.up(given)
    if not first_run:
        return 0
    from gatepost.cli.first_run import conclude

    return conclude(deployed)


@app.command()
def preview(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    sql: Sql = False,
    json: Json = False,
    approve: Approve = None,
    force: Force = False,
    engine: EngineOption = None,
    parallel: Parallel = 8,
    target: Target = None,
    target_dependents: Dependents = False,
    refresh: Refresh = False,
    atomic: Atomic = False,
) -> None:
    """Show what `up` would do; nothing is changed."""
    from gatepost.cli import deploy

    deploy.preview(
        options_of(
            stack,
            cwd,
            json=json,
            sql=sql,
            approve=approve,
            force=force,
            engine=engine,
            parallel=parallel,
            manner=manner_of(target, target_dependents, refresh, atomic),
        )
    )


@app.command()
def refresh(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    yes: Yes = False,
    json: Json = False,
    engine: EngineOption = None,
    parallel: Parallel = 8,
    target: Target = None,
    target_dependents: Dependents = False,
) -> None:
    """Take over into the state what the database has now."""
    from gatepost.cli import deploy

    deploy.refresh(
        options_of(
            stack,
            cwd,
            json=json,
            yes=yes,
            engine=engine,
            parallel=parallel,
            manner=manner_of(target, target_dependents),
        )
    )


@app.command()
def drift(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    json: Json = False,
    engine: EngineOption = None,
    parallel: Parallel = 8,
) -> None:
    """Show what differs from what was deployed; exit code 15 if anything does."""
    from gatepost.cli import deploy

    deploy.drift(options_of(stack, cwd, json=json, engine=engine, parallel=parallel))


@app.command()
def adopt(
    database_url: Annotated[str, typer.Argument(help="postgresql://user:password@host:port/database")],
    *,
    into: Annotated[Path, typer.Option("--into", help="An empty folder for the program.")] = Path("."),
    name: Annotated[
        str | None, typer.Option("--name", help="The project's name; else the database's.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a program, and its state, for a database that is there; nothing is changed in it."""
    from gatepost.cli import adopt

    adopt.adopt(database_url, into, name, json=json)


@app.command()
def destroy(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    yes: Yes = False,
    sql: Sql = False,
    json: Json = False,
    approve: Approve = None,
    engine: EngineOption = None,
    parallel: Parallel = 8,
    target: Target = None,
    target_dependents: Dependents = False,
) -> None:
    """Delete everything that the stack deployed."""
    from gatepost.cli import deploy

    deploy.destroy(
        options_of(
            stack,
            cwd,
            json=json,
            sql=sql,
            yes=yes,
            approve=approve,
            engine=engine,
            parallel=parallel,
            manner=manner_of(target, target_dependents),
        )
    )


@app.command()
def outputs(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    json: Json = False,
    engine: EngineOption = None,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Print secrets in clear.")] = False,
) -> None:
    """Print the stack's outputs."""
    from gatepost.cli import deploy

    deploy.outputs(options_of(stack, cwd, json=json, engine=engine), show_secrets=show_secrets)


@app.command()
def verify(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    json: Json = False,
    only: Annotated[str, typer.Option("--only", metavar="failed|all", help="Which checks to print.")] = "all",
    summary: Annotated[bool, typer.Option("--summary", help="Only count what passed.")] = False,
) -> int:
    """Check the database against the program and run its queries; exit code 1 if anything is off."""
    from gatepost.cli import proof

    return proof.verify(options_of(stack, cwd, json=json), only=only, summary=summary)
