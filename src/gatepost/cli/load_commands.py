"""The command that loads a stack."""

# Typer reads the annotations at run time, and what a command needs is imported when it runs.

from pathlib import Path
from typing import Annotated

import typer

from gatepost.cli.arguments import Cwd, Json, ShapeChoice, Stack, options_of

Scenarios = Annotated[
    list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Files of loadtests/; else all.")
]
Shape = Annotated[ShapeChoice, typer.Option("--shape", help="How the users come and go.")]
Users = Annotated[int, typer.Option("--users", "-u", min=1, help="How many at most.")]
Duration = Annotated[float, typer.Option("--duration", min=1, help="Seconds.")]
Copied = Annotated[
    int | None,
    typer.Option("--rows", help="Load a throw-away copy with so many rows in its largest tables."),
]
Highest = Annotated[
    bool,
    typer.Option("--highest", help="Find the highest rate at which targets hold, from --users on."),
]
Api = Annotated[
    str | None, typer.Option("--api", metavar="URL", help="Where the API is; else one is started.")
]
Processes = Annotated[int, typer.Option("--processes", min=1, help="Of the load generator.")]
Workers = Annotated[
    int, typer.Option("--workers", min=0, help="Let so many workers elsewhere do the work: see --master.")
]
Bind = Annotated[str, typer.Option("--bind", metavar="HOST[:PORT]", help="Where workers find this run.")]
Master = Annotated[
    str | None, typer.Option("--master", metavar="HOST[:PORT]", help="Work for a run elsewhere.")
]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write Locust's own report here.")]
Against = Annotated[
    str | None, typer.Option("--against", metavar="STACK", help="Repeat the name of a production stack.")
]


def load(
    scenarios: Scenarios = None,
    *,
    stack: Stack = None,
    cwd: Cwd = None,
    json: Json = False,
    shape: Shape = ShapeChoice.smoke,
    users: Users = 10,
    duration: Duration = 15,
    rows: Copied = None,
    highest: Highest = False,
    api: Api = None,
    processes: Processes = 1,
    workers: Workers = 0,
    bind: Bind = "127.0.0.1",
    master: Master = None,
    html: Html = None,
    against: Against = None,
) -> int:
    """Load test a stack: exit code 0 only when every target holds."""
    from gatepost.cli import load as loads
    from gatepost.load.run import Plan

    plan = Plan(
        tuple(scenarios or ()), shape.value, users, duration, processes, workers, *loads.address(bind), html
    )
    options = options_of(stack, cwd, json=json)
    if master is not None:
        return loads.help_out(options, plan.scenarios, loads.address(master), api=api, against=against)
    return loads.load(options, plan, rows=rows, highest=highest, api=api, against=against)
