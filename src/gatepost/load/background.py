"""A load test beside something else, for as long as that takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import StatementFailed
from gatepost.load.result import Result, read
from gatepost.load.run import RESULT, end

READY = "GATEPOST_LOAD_READY"
_START_SECONDS = 60.0


@dataclass
class Background:
    """A load test beside something else; `result` is there when it has ended."""

    result: Result | None = None


@contextmanager
def background(file: Path, users: int, environment: Mapping[str, str], root: Path) -> Iterator[Background]:
    """Lend a load test of one file that runs until the block ends, however it ends.

    :param environment: what its users need to know; `READY` is added, a file to be made at the first request.
    :raises StatementFailed: no request came off within a minute.
    """
    with tempfile.TemporaryDirectory(prefix="gatepost-load-") as folder:
        result, ready = Path(folder) / "result.json", Path(folder) / "ready"
        command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary"]
        command += ["--users", str(users), "--spawn-rate", str(users), "--loglevel", "WARNING"]
        given = {**os.environ, **environment, RESULT: str(result), READY: str(ready)}
        found = Background()
        with _started(command, given, root, said := Path(folder) / "said") as running:
            _await(ready, running, said)
            yield found
        if result.exists():
            found.result = read(json.loads(result.read_text(encoding="utf-8")))


@contextmanager
def _started(
    command: list[str], environment: Mapping[str, str], root: Path, said: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Locust in a group of its own, and end all of it with the block: gently, then by force."""
    with said.open("wb") as output:
        running = subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield running
        finally:
            end(running)


def _await(ready: Path, running: subprocess.Popen[bytes], said: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while not ready.exists():
        if running.poll() is not None or time.monotonic() > until:
            told = said.read_text(errors="replace").strip()[-2000:]
            raise StatementFailed(f"no request came off; locust said:\n{told}")
        time.sleep(0.05)
