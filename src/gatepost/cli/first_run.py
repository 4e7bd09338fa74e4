"""The end of a first deployment: the proof in short, the address, what to try next."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gatepost.addresses import deployer_url
from gatepost.cli import proof
from gatepost.cli.deploy import Command
from gatepost.cli.display import Screen

if TYPE_CHECKING:
    from rich.table import Table

    from gatepost.verify.check import Check

_KINDS = {
    "table": "tables",
    "policy": "policies",
    "index": "indexes",
    "function": "functions",
}
_NEXT = {
    "db psql": "look around in the database",
    "serve": "the API, with its documentation at /docs",
    "preview --sql": "after a change in infra/ or schema/: every statement, with its lock",
    "up": "deploy the change",
    "gate": "what a change must pass",
}


def conclude(deployed: Command) -> int:
    """Verify what was deployed, show it on a page and say how to go on; return 1 if a check failed."""
    screen, stack = deployed.screen, deployed.stack
    started = time.perf_counter()
    checks = proof.run(screen, stack)
    failed = [check for check in checks if not check.ok]
    screen.line()
    screen.out.print(_features(checks))
    proof.show(screen, failed, brief=True)
    proof.conclude(screen, checks, failed, time.perf_counter() - started)
    command = _command()
    _show_address(screen, deployer_url(stack), command)
    screen.line()
    width = max(len(words) for words in _NEXT)
    for words, why in _NEXT.items():
        screen.line(f"  {command} {words:<{width}}  {why}")
    return 1 if failed else 0


def _features(checks: Sequence[Check]) -> Table:
    """Return a line a feature: how much of each kind it has, and the slowest of its queries."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("feature", no_wrap=True)
    for name in (*_KINDS.values(), "queries", "slowest"):
        table.add_column(name, justify="right")
    ordered = sorted(checks, key=lambda check: check.kind)
    for feature in dict.fromkeys(check.feature for check in checks):
        own = Counter(check.kind for check in ordered if check.feature == feature)
        if own["table"]:
            counted = [str(own[kind] or "") for kind in (*_KINDS, "query")]
            table.add_row(feature, *counted, _slowest(feature, checks))
    return table


def _slowest(feature: str, checks: Sequence[Check]) -> str:
    queries = [one.found for one in checks if (one.feature, one.kind) == (feature, "query") and one.found]
    times = [found["time"] for found in queries if "time" in found]
    return max(times, key=lambda text: float(text.split()[0]), default="")


def _show_address(screen: Screen, url: str, command: str) -> None:
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    shown = parts._replace(netloc=f"{parts.username}@{address}").geturl()
    screen.line()
    screen.line(f"  {shown}", "bold")
    screen.line(f"  ({command} db url prints it with the password)", "dim")


def _command() -> str:
    """Return how this command is called from here: by name if PATH has it, else by its path."""
    own = Path(sys.argv[0]).absolute()
    found = shutil.which("gatepost")
    if found and Path(found).resolve() == own.resolve():
        return "gatepost"
    return os.path.relpath(own) if own.is_relative_to(Path.cwd()) else str(own)
