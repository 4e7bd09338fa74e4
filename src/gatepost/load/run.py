"""Running Locust without a screen, in one or more processes, against one stack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.errors import StatementFailed, UsageError

DATABASE, API, SECRET = "GATEPOST_LOAD_DATABASE", "GATEPOST_LOAD_API", "GATEPOST_LOAD_JWT_SECRET"
RESULT, SHAPE = "GATEPOST_LOAD_RESULT", "GATEPOST_LOAD_SHAPE"
USERS, DURATION = "GATEPOST_LOAD_USERS", "GATEPOST_LOAD_DURATION"
FOLDER = "loadtests"


@dataclass(frozen=True)
class Plan:
    """What a run does."""

    scenarios: tuple[str, ...] = ()
    """Names of the files in `loadtests/`; none is all of them."""
    shape: str = "smoke"
    users: int = 10
    duration: float = 15.0
    """Seconds."""
    processes: int = 1
    html: Path | None = None
    """Where Locust's own report with charts goes."""


@dataclass(frozen=True)
class Requests:
    """One kind of request of a run."""

    name: str
    count: int
    failures: int
    times: tuple[tuple[float, int], ...]
    """Milliseconds, exactly, and how often each was; ascending."""
    limit: float | None
    """The target in milliseconds."""

    def quantile(self, share: float) -> float:
        """Return the time that this share of the requests took at most, in milliseconds; 0 of none."""
        wanted, seen = share * sum(number for _, number in self.times), 0
        for milliseconds, number in self.times:
            seen += number
            if seen >= wanted:
                return milliseconds
        return 0.0

    def slower_than(self, limit: float) -> int:
        """Return how many requests took longer than `limit` milliseconds."""
        return sum(number for milliseconds, number in self.times if milliseconds > limit)


@dataclass(frozen=True)
class Result:
    """What a run measured."""

    requests: tuple[Requests, ...]
    saturated: bool
    """Whether the generator itself had no processor time left, so that times are its own."""
    seconds: float
    errors: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many requests there were."""
        return sum(one.count for one in self.requests)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.count / self.seconds if self.seconds else 0.0


def scenario_files(root: Path, names: Sequence[str]) -> list[Path]:
    """Return the files of the named scenarios, or of all.

    :raises UsageError: there is no such scenario.
    """
    found = {path.stem: path for path in sorted((root / FOLDER).glob("[a-z]*.py"))}
    if not found:
        raise UsageError(f"{root / FOLDER} has no scenario: expected files named <feature>.py")
    if unknown := [name for name in names if name not in found]:
        raise UsageError(f"no scenario is called {', '.join(unknown)}: there are {', '.join(found)}")
    return [found[name] for name in names or found]


def run(root: Path, plan: Plan, database_url: str, surroundings: Mapping[str, str]) -> Result:
    """Run a load test to its end and return what it measured; Ctrl-C ends it early, without a result.

    :param surroundings: further environment variables, such as the API's address.
    :raises UsageError: there is no such scenario.
    :raises StatementFailed: no request came off, for example because the database is gone.
    """
    files = scenario_files(root, plan.scenarios)
    with tempfile.TemporaryDirectory(prefix="gatepost-load-") as folder:
        result = Path(folder) / "result.json"
        environment = {
            **os.environ,
            **surroundings,
            DATABASE: database_url,
            RESULT: str(result),
            SHAPE: plan.shape,
            USERS: str(plan.users),
            DURATION: str(plan.duration),
            "PYTHONPATH": os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        said = _locust(_command(files, plan), environment, root)
        found = read(json.loads(result.read_text(encoding="utf-8"))) if result.exists() else None
    if found is None or not found.count:
        raise StatementFailed(f"no request came off; locust said:\n{said.strip()[-2000:]}")
    return found


def _command(files: Sequence[Path], plan: Plan) -> list[str]:
    own = Path(__file__).with_name("locustfile.py")
    command = [sys.executable, "-m", "locust", "-f", ",".join(map(str, (own, *files))), "--headless"]
    command += ["--only-summary", "--loglevel", "WARNING", "--exit-code-on-error", "0", "--stop-timeout", "5"]
    if plan.processes > 1:
        command += ["--processes", str(plan.processes)]
    return [*command, "--html", str(plan.html)] if plan.html else command


def _locust(command: list[str], environment: Mapping[str, str], root: Path) -> str:
    """Run Locust in a group of its own, so that all its processes end with it."""
    running = subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return running.communicate()[0]
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(10)


def read(document: Mapping[str, Any]) -> Result:
    """Return the result that a run wrote down."""
    requests = tuple(
        Requests(
            name,
            int(one["count"]),
            int(one["failures"]),
            tuple((float(milliseconds), int(number)) for milliseconds, number in one["times"]),
            _milliseconds(one["limit"]),
        )
        for name, one in sorted(document["requests"].items())
    )
    return Result(
        requests, bool(document["saturated"]), float(document["seconds"]), tuple(document["errors"])
    )


def _milliseconds(target: Mapping[str, Any] | None) -> float | None:
    if target is None:
        return None
    return float(target["limit"]) * (1000 if target["unit"] == "s" else 1)
