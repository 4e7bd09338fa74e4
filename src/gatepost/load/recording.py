"""What a run notes beside Locust's statistics, in each process of it, and writes down when it ends."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import locust.runners
import locust.stats
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from gatepost.load.run import RESULT
from gatepost.targets import Target

BUSY = 0.9
"""The share of its time that a process of the generator may work, or wait for a processor."""
_SENT, _STOP = "gatepost", "gatepost-stop"
_GONE = 0.5
"""Seconds until a message has left."""
_LAST_REPORTS = 30.0
"""Seconds that workers have to end their tasks and report."""

# Locust rounds times to two digits; with microseconds percentiles are exact.
locust.stats.bucket_response_time = lambda milliseconds: round(milliseconds, 3)  # type: ignore[assignment, return-value]

# Locust counts by the time of day, and a worker leaves when that jumps: it goes on from here without.
_BEGAN = time.time() - time.monotonic()
for module in (locust.stats, locust.runners):
    vars(module)["time"] = SimpleNamespace(time=lambda: _BEGAN + time.monotonic())


class Notes:
    """Targets and missing answers of this process and its workers, and time by a clock that never jumps."""

    def __init__(self) -> None:
        self.limits: dict[str, dict[str, Any]] = {}
        self.unanswered: Counter[str] = Counter()
        self.busiest = 0.0
        self.is_last = False
        """Whether nothing comes after what this worker tells next."""
        self.reported = set[str]()
        """The workers that have told everything."""
        self._started = self._stopped = 0.0
        self._worked = 0.0

    def target(self, name: str, target: Target) -> None:
        """Note the target of a kind of request."""
        self.limits[name] = {"what": target.what, "limit": target.limit, "unit": target.unit}

    def start(self) -> None:
        """Begin the time of the run."""
        self._started, self._stopped, self._worked = time.perf_counter(), 0.0, _processor_time()

    def stop(self) -> None:
        """End it, and see how busy this process was."""
        self._stopped = time.perf_counter()
        self.busiest = max(self.busiest, (_processor_time() - self._worked) / max(self.seconds, 1e-9))

    @property
    def seconds(self) -> float:
        """How long the run took, or takes so far."""
        return (self._stopped or time.perf_counter()) - self._started

    def sent(self) -> dict[str, Any]:
        """Return what a worker tells its master: missing answers since the last time."""
        told = {
            "limits": self.limits,
            "unanswered": dict(self.unanswered),
            "busiest": self.busiest,
            "is_last": self.is_last,
        }
        self.unanswered.clear()
        return told

    def heard(self, worker: str, told: dict[str, Any]) -> None:
        """Add what a worker told."""
        if told["is_last"]:
            self.reported.add(worker)
        self.limits |= told["limits"]
        self.unanswered.update(told["unanswered"])
        self.busiest = max(self.busiest, told["busiest"])


NOTES = Notes()


def fire(environment: Environment, name: str, started: float, failure: Exception | None) -> None:
    """Tell Locust of a request to the database that began at `started`, by `time.perf_counter`."""
    environment.events.request.fire(  # type: ignore[no-untyped-call]
        request_type="sql",
        name=name,
        response_time=(time.perf_counter() - started) * 1000,
        response_length=0,
        exception=failure,
        context={},
    )


def _processor_time() -> float:
    """Return the seconds that this thread has worked, or waited for a processor."""
    file = Path("/proc/thread-self/schedstat")
    if not file.exists():
        return time.process_time()
    worked, waited, _times = map(int, file.read_text().split())
    return (worked + waited) / 1e9


def _result(environment: Environment) -> dict[str, Any]:
    runner, stats = environment.runner, environment.stats
    warned = runner is not None and (runner.cpu_warning_emitted or runner.worker_cpu_warning_emitted)
    return {
        "saturated": warned or NOTES.busiest > BUSY,
        "seconds": NOTES.seconds,
        "reports": len(NOTES.reported),
        "requests": {name: _entry(name, one) for (name, _), one in stats.entries.items()},
        "errors": [f"{one.name}: {one.error} ({one.occurrences} times)" for one in stats.errors.values()],
    }


def _entry(name: str, one: Any) -> dict[str, Any]:
    return {
        "count": one.num_requests,
        "failures": one.num_failures,
        "unanswered": NOTES.unanswered[name],
        "times": [[float(time), number] for time, number in sorted(one.response_times.items())],
        "limit": NOTES.limits.get(name),
    }


def _write_down(environment: Environment, **_given: Any) -> None:
    """Write what was measured; of workers the master does."""
    file = os.environ.get(RESULT)
    if file and not isinstance(environment.runner, WorkerRunner):
        Path(file).write_text(json.dumps(_result(environment)), encoding="utf-8")


def _stopped(environment: Environment, **_given: Any) -> None:
    NOTES.stop()
    if isinstance(environment.runner, MasterRunner):
        NOTES.busiest = 0.0  # a master measures nothing


def _prepared(environment: Environment, runner: Any, **_given: Any) -> None:
    """Let a worker end and report when its master says so, and a master send workers away before it ends."""

    def end(**_message: Any) -> None:
        runner.stop()
        NOTES.is_last, data = True, dict[str, Any]()
        environment.events.report_to_master.fire(  # type: ignore[no-untyped-call]
            client_id=runner.client_id, data=data
        )
        runner.send_message("stats", data)

    if isinstance(runner, WorkerRunner):
        runner.register_message(_STOP, end, concurrent=True)
    elif isinstance(runner, MasterRunner):
        # Locust's own comes after the run: till then workers would wait for a minute
        gevent.signal_handler(signal.SIGTERM, _dismiss, runner)


def _dismiss(runner: MasterRunner) -> None:
    runner.send_message("quit")
    gevent.sleep(_GONE)
    os._exit(1)


def _collect(environment: Environment, **_given: Any) -> None:
    """Wait for every worker's last report: the half second that Locust waits is too short for a busy one."""
    runner, until = environment.runner, time.perf_counter() + _LAST_REPORTS
    if isinstance(runner, MasterRunner):
        runner.send_message(_STOP)
        while len(NOTES.reported) < runner.worker_count and time.perf_counter() < until:
            gevent.sleep(0.05)


def _told(client_id: str, data: dict[str, Any]) -> None:
    del client_id
    data[_SENT] = NOTES.sent()


def _heard(client_id: str, data: dict[str, Any]) -> None:
    NOTES.heard(client_id, data[_SENT])


events.init.add_listener(_prepared)  # type: ignore[no-untyped-call]
events.test_start.add_listener(lambda **_: NOTES.start())  # type: ignore[no-untyped-call]
events.test_stopping.add_listener(_stopped)  # type: ignore[no-untyped-call]
events.test_stop.add_listener(_collect)  # type: ignore[no-untyped-call]
events.report_to_master.add_listener(_told)  # type: ignore[no-untyped-call]
events.worker_report.add_listener(_heard)  # type: ignore[no-untyped-call]
events.quitting.add_listener(_write_down)  # type: ignore[no-untyped-call]
