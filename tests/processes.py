"""Which processes are there, and waiting for what others do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PATIENCE = 60.0


def processes(folder: Path) -> list[str]:
    """The processes that work in a folder, by their command line."""
    found, name = list[str](), os.fsencode(folder)
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (place / "cmdline").read_bytes()
            if command and (name in command or name in (place / "environ").read_bytes()):
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < until, "that never came"
        time.sleep(0.02)
