"""The options that commands have in common, and what they come to."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gatepost.cli.deploy import Options
    from gatepost.engine.model import Manner


class EngineChoice(StrEnum):
    """The two engines."""

    cli = "cli"
    embedded = "embedded"


class ShapeChoice(StrEnum):
    """The shapes of a load test."""

    smoke = "smoke"
    steady = "steady"
    ramp = "ramp"
    spike = "spike"
    soak = "soak"
    stage = "stage"


Stack = Annotated[
    str | None,
    typer.Option("--stack", "-s", help="Else PULUMI_STACK, the selected one, or local."),
]
Cwd = Annotated[Path | None, typer.Option("--cwd", "-C", help="The project's folder, or one below it.")]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON document and nothing else on standard output: operation, project, stack, engine,"
        " changes, steps, outputs, seconds, warnings and, after a failure, error.",
    ),
]
Sql = Annotated[
    bool, typer.Option("--sql", help="Show the exact statements with their locks, resource by resource.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Approve = Annotated[
    list[str] | None,
    typer.Option(
        "--approve",
        metavar="HAZARD[:OBJECT]",
        help="Accept a hazard, for one object where it is named; repeatable.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Accept every hazard but DELETES_DATA.")]
EngineOption = Annotated[
    EngineChoice | None,
    typer.Option("--engine", help="Else cli for shared stacks, embedded for local and dev."),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target", "-t", metavar="NAME", help="Only this resource, a name or URN, * is any; repeatable."
    ),
]
Dependents = Annotated[
    bool, typer.Option("--target-dependents", help="With --target: what depends on a target too.")
]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="First take over into the state what the database has now.")
]
Atomic = Annotated[
    bool,
    typer.Option("--atomic", help="All statements in one transaction: all or nothing. Embedded engine only."),
]
Parallel = Annotated[int, typer.Option("--parallel", min=1, max=64, help="How many resources at a time.")]
User = Annotated[str, typer.Option("--user", "-U", help="deployer, or postgres: the superuser.")]
Database = Annotated[str | None, typer.Option("--database", "-d", help="Else the one that was deployed.")]


def options_of(
    stack: str | None,
    cwd: Path | None,
    *,
    json: bool = False,
    sql: bool = False,
    yes: bool = False,
    approve: list[str] | None = None,
    force: bool = False,
    engine: EngineChoice | None = None,
    parallel: int = 8,
    manner: "Manner | None" = None,
) -> "Options":
    """Return the options of a deploying command."""
    from gatepost.cli.deploy import Options
    from gatepost.engine.model import Manner

    name: Any = None if engine is None else engine.value
    return Options(
        stack, cwd or Path.cwd(), json, sql, yes, approve or [], name, parallel, force, manner or Manner()
    )


def manner_of(
    target: list[str] | None, dependents: bool, refresh: bool = False, atomic: bool = False
) -> "Manner":
    """Return how a deployment is to be carried out."""
    from gatepost.engine.model import Manner

    return Manner(tuple(target or ()), dependents, refresh, atomic)
