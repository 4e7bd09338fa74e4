"""Commands of `gatepost db`: the local PostgreSQL server."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

import typer

from gatepost.cli.arguments import Cwd, Database, Json, Stack, User, Yes, options_of

db = typer.Typer(help="The local PostgreSQL server: start, stop, look, connect.", no_args_is_help=True)


@db.command("start")
def db_start(stack: Stack = None, *, cwd: Cwd = None) -> None:
    """Start the server; the deploying commands do so by themselves."""
    from gatepost.cli import server

    server.start(options_of(stack, cwd))


@db.command("stop")
def db_stop(stack: Stack = None, *, cwd: Cwd = None) -> None:
    """Stop the server; its data stay."""
    from gatepost.cli import server

    server.stop(options_of(stack, cwd))


@db.command("status")
def db_status(stack: Stack = None, *, cwd: Cwd = None, json: Json = False) -> None:
    """Say whether the server runs, where, and how large it is."""
    from gatepost.cli import server

    server.status(options_of(stack, cwd, json=json))


@db.command("reset")
def db_reset(stack: Stack = None, *, cwd: Cwd = None, yes: Yes = False) -> None:
    """Delete the server's data and the local stack's state, and start afresh."""
    from gatepost.cli import server

    server.reset(options_of(stack, cwd, yes=yes))


@db.command("url")
def db_url(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    user: User = "deployer",
    database: Database = None,
) -> None:
    """Print the database's URL, with the password."""
    from gatepost.cli import server

    server.url(options_of(stack, cwd), user, database)


@db.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_psql(
    context: typer.Context,
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    user: User = "deployer",
    database: Database = None,
) -> None:
    """Open psql in the database; further arguments are psql's own."""
    from gatepost.cli import server

    server.psql(options_of(stack, cwd), user, database, context.args)
