"""Running Locust without a screen, in one or more processes or machines, against one stack."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from gatepost.errors import ServerUnreachable, StatementFailed, UsageError
from gatepost.load.result import Result, read

DATABASE, API, SECRET = "GATEPOST_LOAD_DATABASE", "GATEPOST_LOAD_API", "GATEPOST_LOAD_JWT_SECRET"
RESULT, SHAPE = "GATEPOST_LOAD_RESULT", "GATEPOST_LOAD_SHAPE"
USERS, DURATION = "GATEPOST_LOAD_USERS", "GATEPOST_LOAD_DURATION"
FOLDER = "loadtests"
PORT = 5557
_HERE = "127.0.0.1"
_API_USER = "ApiUser"
_ANSWER = 10
"""Seconds that the database has to let somebody in after a run."""
_SHOWN = 8000
"""So many characters of what Locust said last, with a traceback or two."""
PATIENCE = 60
"""Seconds that a master waits for its workers."""


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
    workers: int = 0
    """How many workers elsewhere do the work, instead of processes here."""
    bind: str = "127.0.0.1"
    """Where workers find this master."""
    port: int = PORT
    html: Path | None = None
    """Where Locust's own report with charts goes."""


@dataclass(frozen=True)
class Goal:
    """What users of a run call: the database, and the API with the secret that signs its tokens."""

    database_url: str
    api_url: str = ""
    secret: str = ""

    def environment(self) -> dict[str, str]:
        """Return what Locust's processes find it by."""
        return {DATABASE: self.database_url, API: self.api_url, SECRET: self.secret}


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


def needs_api(root: Path, names: Sequence[str]) -> bool:
    """Whether one of the scenarios calls the API."""
    return any(_API_USER in file.read_text(encoding="utf-8") for file in scenario_files(root, names))


def run(root: Path, plan: Plan, goal: Goal) -> Result:
    """Run a load test to its end and return what it measured; Ctrl-C ends it early, without a result.

    :raises UsageError: there is no such scenario.
    :raises StatementFailed: no request came off.
    :raises ServerUnreachable: the server went away meanwhile.
    """
    files = scenario_files(root, plan.scenarios)
    with tempfile.TemporaryDirectory(prefix="gatepost-load-") as folder:
        result = Path(folder) / "result.json"
        environment = goal.environment() | {
            RESULT: str(result),
            SHAPE: plan.shape,
            USERS: str(plan.users),
            DURATION: str(plan.duration),
        }
        said = _locust(root, [*_command(files), *_options(plan)], environment)
        found = read(json.loads(result.read_text(encoding="utf-8"))) if result.exists() else None
    expected = plan.workers or (plan.processes if plan.processes > 1 else 0)
    if found is None or not found.count:
        raise StatementFailed(f"no request came off; locust said:\n{said.strip()[-_SHOWN:]}")
    if found.reports < expected:
        raise StatementFailed(
            f"{found.reports} of {expected} processes of the load generator told what they measured, so that"
            f" the rest is not known: run the test again; locust said:\n{said.strip()[-_SHOWN:]}"
        )
    if found.unanswered or not _answers(goal, plan):
        raise ServerUnreachable(
            f"the server went away during the load test, or let nobody else in: {found.unanswered} of"
            f" {found.count} requests found none to answer, so that the others prove nothing: see its log"
            " and max_connections, then run the test again"
        )
    return found


def _answers(goal: Goal, plan: Plan) -> bool:
    """Whether the database still lets its login in; workers elsewhere have their own."""
    try:
        if not plan.workers:
            psycopg.connect(goal.database_url, connect_timeout=_ANSWER).close()
    except psycopg.OperationalError:
        return False
    return True


def work(root: Path, scenarios: Sequence[str], master: tuple[str, int], goal: Goal) -> None:
    """Work for a master elsewhere until it has enough.

    :raises StatementFailed: the master is not there, or has other scenarios.
    """
    command = [*_command(scenario_files(root, scenarios)), "--worker"]
    command += [f"--master-host={master[0]}", f"--master-port={master[1]}"]
    environment = goal.environment() | {SHAPE: "smoke", USERS: "1", DURATION: "1"}
    said = _locust(root, command, environment, code=0)
    sys.stderr.write(said)


def _command(files: Sequence[Path]) -> list[str]:
    own = Path(__file__).with_name("locustfile.py")
    command = [sys.executable, "-m", "locust", "-f", ",".join(map(str, (own, *files))), "--headless"]
    return [*command, "--only-summary", "--loglevel", "WARNING", "--exit-code-on-error", "0"]


def _options(plan: Plan) -> list[str]:
    options = ["--stop-timeout", "5"]
    if plan.workers:
        options += ["--master", f"--master-bind-host={plan.bind}", f"--master-bind-port={plan.port}"]
        options += [f"--expect-workers={plan.workers}", f"--expect-workers-max-wait={PATIENCE}"]
    elif plan.processes > 1:
        # of its own, or processes of another load test on this machine would work for this one
        port = _free_port()
        options += [f"--master-bind-host={_HERE}", f"--master-bind-port={port}", f"--master-port={port}"]
        options += ["--processes", str(plan.processes), f"--expect-workers-max-wait={PATIENCE}"]
    return [*options, "--html", str(plan.html)] if plan.html else options


def _free_port() -> int:
    with socket.create_server((_HERE, 0)) as listening:
        return int(listening.getsockname()[1])


def _locust(root: Path, command: list[str], given: Mapping[str, str], code: int | None = None) -> str:
    """Run Locust in a group of its own, so that all its processes end with it."""
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    running = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, **given, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said = running.communicate()[0]
    finally:
        end(running)
    if code is not None and running.returncode != code:
        raise StatementFailed(f"locust ended with exit code {running.returncode}:\n{said.strip()[-_SHOWN:]}")
    return said


def end(running: subprocess.Popen[Any]) -> None:
    """End the group of a process: gently, then by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if running.poll() is None:
            os.killpg(running.pid, number)
        with suppress(subprocess.TimeoutExpired):
            running.wait(10)
