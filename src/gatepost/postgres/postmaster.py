"""Who runs a data folder: what `postmaster.pid` says, held against the processes that really live."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import PermissionMissing, ServerUnreachable

NO_PROCESS = 2**31 - 1
"""A process number that no system gives out."""
PAUSE = 0.01


@dataclass(frozen=True)
class Postmaster:
    """A living postmaster."""

    pid: int
    port: int
    ready: bool
    """Whether it accepts connections: false while it starts, recovers or shuts down."""


def find_postmaster(data: Path) -> Postmaster | None:
    """Find the postmaster that runs `data`; a stale `postmaster.pid` counts as none.

    Raises PermissionMissing when another user's server owns the folder.
    """
    lines = _read(data)
    try:
        pid, port = int(lines[0]), int(lines[3] or 0)
    except (IndexError, ValueError):
        return None
    if not runs_in(pid, data):
        return None
    return Postmaster(pid, port, ready=len(lines) > 7 and lines[7].strip() == "ready")


def runs_in(pid: int, data: Path) -> bool:
    """Say whether process `pid` lives and is a postmaster of `data`, also when `data` was moved meanwhile."""
    if not Path("/proc/self").exists():
        return str(data) in _command_from_ps(pid)
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    if os.fsencode(data) in command:
        return True
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        return False


def forget_stale(data: Path) -> None:
    """Make `postmaster.pid` harmless when its process is gone or is now something else.

    PostgreSQL refuses to start while any process has the number in the file. Only the number is replaced:
    the shared memory key below it still keeps a second server away while processes of a killed one live.
    """
    path = data / "postmaster.pid"
    if not _read(data):
        time.sleep(0.1)  # a server that starts this moment has made the file and not yet filled it
    if not (lines := _read(data)):
        path.unlink(missing_ok=True)
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
        file.write("\n".join([str(NO_PROCESS), *lines[1:], ""]))


def wait_until_ready(data: Path, seconds: float) -> None:
    """Wait for a postmaster that somebody else started.

    Raises ServerUnreachable when it ends or is not ready in time.
    """
    deadline = time.monotonic() + seconds
    while postmaster := find_postmaster(data):
        if postmaster.ready:
            return
        if time.monotonic() > deadline:
            raise ServerUnreachable(
                f"PostgreSQL (process {postmaster.pid}) did not get ready in {seconds:.0f} s: read its log"
            )
        time.sleep(PAUSE)
    raise ServerUnreachable("PostgreSQL ended while it started: read its log, then start again")


def halt(data: Path, seconds: float = 30) -> None:
    """Stop the postmaster of `data`, if any: fast (clients are disconnected), then without a checkpoint.

    Raises ServerUnreachable when it outlives both.
    """
    for kind in (signal.SIGINT, signal.SIGQUIT):
        if not (postmaster := find_postmaster(data)):
            return
        os.kill(postmaster.pid, kind)
        if _wait_until_gone(postmaster.pid, data, seconds):
            return
    raise ServerUnreachable(f"PostgreSQL in {data} does not stop: end its processes, then try again")


def _wait_until_gone(pid: int, data: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while runs_in(pid, data):
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True


def _read(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise PermissionMissing(f"{data} belongs to another user: run as that user") from error


def _command_from_ps(pid: int) -> str:
    answer = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout
