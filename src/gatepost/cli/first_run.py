"""The end of a first deployment: the proof in short, the address, what to try next."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from gatepost.cli import proof
from gatepost.cli.deploy import Command
from gatepost.cli.display import Screen
from gatepost.cli.server import deployer_url

_NEXT = {
    "db psql": "look around in the database",
    "preview --sql": "after a change in infra/ or schema/: every statement, with its lock",
    "up": "deploy the change",
}


def conclude(deployed: Command) -> int:
    """Verify what was deployed and say how to go on; return 1 if a check failed."""
    screen, stack = deployed.screen, deployed.stack
    started = time.perf_counter()
    checks = proof.run(screen, stack)
    failed = [check for check in checks if not check.ok]
    proof.show(screen, checks, brief=True)
    proof.conclude(screen, checks, failed, time.perf_counter() - started)
    command = _command()
    _show_address(screen, deployer_url(stack), command)
    screen.line()
    width = max(len(words) for words in _NEXT)
    for words, why in _NEXT.items():
        screen.line(f"  {command} {words:<{width}}  {why}")
    return 1 if failed else 0


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
