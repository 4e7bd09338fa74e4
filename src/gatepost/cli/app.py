"""Commands and options of `gatepost`; what they do stands in the modules that they call."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gatepost.cli.deploy import Options

_ABOUT = "Declare PostgreSQL features as code, deploy them, and prove what is there."
_DEBUG = "With --debug, anywhere, a failure also shows where it comes from. "
_EXIT_CODES = (
    "Exit codes: 0 all is well, 1 a failed check or program, 2 wrong option or setting,"
    " 3 invalid declaration, 4 server unreachable, 5 authentication failed, 6 permission missing,"
    " 7 unsupported server, 8 object exists and is not ours, 9 corrupt state, 10 passphrase missing,"
    " 11 hazard not approved, 12 another deployment runs, 13 lock time-out, 14 statement failed,"
    " 15 drift found, 16 unsupported feature, 130 interrupted."
)

app = typer.Typer(
    help=_ABOUT,
    epilog=_DEBUG + _EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The local PostgreSQL server: start, stop, look, connect.", no_args_is_help=True)
app.add_typer(db, name="db")


class _Engine(StrEnum):
    cli = "cli"
    embedded = "embedded"


_Stack = Annotated[
    str | None,
    typer.Option("--stack", "-s", help="Else PULUMI_STACK, the selected one, or local."),
]
_Cwd = Annotated[Path | None, typer.Option("--cwd", "-C", help="The project's folder, or one below it.")]
_Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON document and nothing else on standard output: operation, project, stack, engine,"
        " changes, steps, outputs, seconds, warnings and, after a failure, error.",
    ),
]
_Sql = Annotated[
    bool, typer.Option("--sql", help="Show the exact statements with their locks, resource by resource.")
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_Approve = Annotated[
    list[str] | None,
    typer.Option(
        "--approve",
        metavar="HAZARD[:OBJECT]",
        help="Accept a hazard; repeatable.",
    ),
]
_EngineOption = Annotated[
    _Engine | None,
    typer.Option("--engine", help="Else cli for shared stacks, embedded for local and dev."),
]
_Parallel = Annotated[int, typer.Option("--parallel", min=1, max=64, help="How many resources at a time.")]
_User = Annotated[str, typer.Option("--user", "-U", help="deployer, or postgres: the superuser.")]
_Database = Annotated[str | None, typer.Option("--database", "-d", help="Else the one that was deployed.")]


def _options(
    stack: str | None,
    cwd: Path | None,
    *,
    json: bool = False,
    sql: bool = False,
    yes: bool = False,
    approve: list[str] | None = None,
    engine: _Engine | None = None,
    parallel: int = 8,
) -> "Options":
    from gatepost.cli.deploy import Options

    name = None if engine is None else engine.value
    return Options(stack, cwd or Path.cwd(), json, sql, yes, approve or [], name, parallel)  # type: ignore[arg-type]


@app.command()
def up(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    yes: _Yes = False,
    sql: _Sql = False,
    json: _Json = False,
    approve: _Approve = None,
    engine: _EngineOption = None,
    parallel: _Parallel = 8,
    first_run: Annotated[bool, typer.Option("--first-run", hidden=True)] = False,
) -> int:
    """Deploy: show the changes, ask, apply them."""
    from gatepost.cli import deploy

    if first_run:
        stack, yes = stack or "local", True
    given = _options(
        stack, cwd, json=json, sql=sql, yes=yes, approve=approve, engine=engine, parallel=parallel
    )
    deployed = deploy.up(given)
    if not first_run:
        return 0
    from gatepost.cli.first_run import conclude

    return conclude(deployed)


@app.command()
def preview(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    sql: _Sql = False,
    json: _Json = False,
    approve: _Approve = None,
    engine: _EngineOption = None,
    parallel: _Parallel = 8,
) -> None:
    """Show what `up` would do; nothing is changed."""
    from gatepost.cli import deploy

    deploy.preview(
        _options(stack, cwd, json=json, sql=sql, approve=approve, engine=engine, parallel=parallel)
    )


@app.command()
def refresh(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    yes: _Yes = False,
    json: _Json = False,
    engine: _EngineOption = None,
    parallel: _Parallel = 8,
) -> None:
    """Take over into the state what the database has now."""
    from gatepost.cli import deploy

    deploy.refresh(_options(stack, cwd, json=json, yes=yes, engine=engine, parallel=parallel))


@app.command()
def drift(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    json: _Json = False,
    engine: _EngineOption = None,
    parallel: _Parallel = 8,
) -> None:
    """Show what differs from what was deployed; exit code 15 if anything does."""
    from gatepost.cli import deploy

    deploy.drift(_options(stack, cwd, json=json, engine=engine, parallel=parallel))


@app.command()
def destroy(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    yes: _Yes = False,
    sql: _Sql = False,
    json: _Json = False,
    approve: _Approve = None,
    engine: _EngineOption = None,
    parallel: _Parallel = 8,
) -> None:
    """Delete everything that the stack deployed."""
    from gatepost.cli import deploy

    deploy.destroy(
        _options(stack, cwd, json=json, sql=sql, yes=yes, approve=approve, engine=engine, parallel=parallel)
    )


@app.command()
def outputs(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    json: _Json = False,
    engine: _EngineOption = None,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Print secrets in clear.")] = False,
) -> None:
    """Print the stack's outputs."""
    from gatepost.cli import deploy

    deploy.outputs(_options(stack, cwd, json=json, engine=engine), show_secrets=show_secrets)


@app.command()
def verify(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    json: _Json = False,
    only: Annotated[str, typer.Option("--only", metavar="failed|all", help="Which checks to print.")] = "all",
    summary: Annotated[bool, typer.Option("--summary", help="Only count what passed.")] = False,
) -> int:
    """Check the database against the program and run its queries; exit code 1 if anything is off."""
    from gatepost.cli import proof

    return proof.verify(_options(stack, cwd, json=json), only=only, summary=summary)


@db.command("start")
def db_start(stack: _Stack = None, *, cwd: _Cwd = None) -> None:
    """Start the server; the deploying commands do so by themselves."""
    from gatepost.cli import server

    server.start(_options(stack, cwd))


@db.command("stop")
def db_stop(stack: _Stack = None, *, cwd: _Cwd = None) -> None:
    """Stop the server; its data stay."""
    from gatepost.cli import server

    server.stop(_options(stack, cwd))


@db.command("status")
def db_status(stack: _Stack = None, *, cwd: _Cwd = None, json: _Json = False) -> None:
    """Say whether the server runs, where, and how large it is."""
    from gatepost.cli import server

    server.status(_options(stack, cwd, json=json))


@db.command("reset")
def db_reset(stack: _Stack = None, *, cwd: _Cwd = None, yes: _Yes = False) -> None:
    """Delete the server's data and the local stack's state, and start afresh."""
    from gatepost.cli import server

    server.reset(_options(stack, cwd, yes=yes))


@db.command("url")
def db_url(
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    user: _User = "deployer",
    database: _Database = None,
) -> None:
    """Print the database's URL, with the password."""
    from gatepost.cli import server

    server.url(_options(stack, cwd), user, database)


@db.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_psql(
    context: typer.Context,
    stack: _Stack = None,
    *,
    cwd: _Cwd = None,
    user: _User = "deployer",
    database: _Database = None,
) -> None:
    """Open psql in the database; further arguments are psql's own."""
    from gatepost.cli import server

    server.psql(_options(stack, cwd), user, database, context.args)
