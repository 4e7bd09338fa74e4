"""Commands for the API of a stack."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gatepost.cli.arguments import Cwd, Stack, options_of


class Language(StrEnum):
    """What typed definitions can be written in."""

    typescript = "typescript"
    python = "python"


class LogLevel(StrEnum):
    """How much the log tells."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


def serve(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen at; 0.0.0.0 is every one.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free one.")] = 8000,
    connections: Annotated[
        int, typer.Option("--connections", min=1, max=1000, help="Connections to the database at most.")
    ] = 10,
    log_level: Annotated[LogLevel, typer.Option("--log-level", help="On standard error, JSON lines.")] = (
        LogLevel.info
    ),
) -> int:
    """Serve the project's API until Ctrl-C; its routers stand in pyproject.toml, [tool.gatepost.serve]."""
    from gatepost.cli import serve as serving

    address = serving.Address(host, port, connections, log_level.value)
    return serving.serve(options_of(stack, cwd), address)


def token(
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    user: Annotated[str | None, typer.Option("--user", metavar="UUID", help="Whose token it is.")] = None,
    role: Annotated[
        str, typer.Option("--role", help="authenticated, service_role or anon.")
    ] = "authenticated",
    organization: Annotated[
        str | None, typer.Option("--organization", metavar="UUID", help="Scope it to one organization.")
    ] = None,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=1440, help="How long it is valid.")] = 60,
) -> None:
    """Print a token to try the API of a local or dev stack with."""
    from gatepost.cli import serve as serving

    serving.token(options_of(stack, cwd), user, role, minutes, organization)


def types(
    language: Language,
    stack: Stack = None,
    *,
    cwd: Cwd = None,
    schema: Annotated[
        list[str] | None, typer.Option("--schema", help="Only this schema; repeatable. Else all.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Else standard output.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 15 if the file is not what is deployed.")
    ] = False,
    database_url: Annotated[
        str | None, typer.Option("--database-url", metavar="URL", help="Else the local stack's database.")
    ] = None,
) -> None:
    """Write typed definitions of the deployed tables, views, functions and enums."""
    from gatepost.cli import types as typing

    typing.types(
        options_of(stack, cwd),
        language.value,
        schemas=schema or (),
        output=output,
        check=check,
        database_url=database_url,
    )
