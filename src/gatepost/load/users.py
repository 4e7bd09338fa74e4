"""Locust's users for a database and for the API, and what a run writes down when it ends."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import locust.stats
from locust import FastHttpUser, User, events
from locust.env import Environment
from locust.runners import WorkerRunner

from gatepost.load.run import API, DATABASE, RESULT, SECRET
from gatepost.session import Database, Identity
from gatepost.targets import Target

_LIMITS: dict[str, Target] = {}
"""The target of each kind of request, as the tasks gave it."""

# Locust rounds times to two digits; with microseconds percentiles are exact.
locust.stats.bucket_response_time = lambda milliseconds: round(milliseconds, 3)  # type: ignore[assignment, return-value]


class WrongAnswer(Exception):
    """An answer came in time and was not right."""


@dataclass
class Answer:
    """Something that a task got and can check."""

    def expect(self, holds: bool, words: str) -> None:
        """Count the request as failed unless `holds`.

        :raises WrongAnswer: it does not.
        """
        if not holds:
            raise WrongAnswer(words)


class DatabaseUser(User):
    """Calls services as an application does: one connection, a transaction a task, its identity in it."""

    abstract = True

    def on_start(self) -> None:
        """Connect."""
        self.database = Database(os.environ[DATABASE], max_size=1, wait=30)

    def on_stop(self) -> None:
        """Disconnect."""
        self.database.close()

    @contextmanager
    def timed(self, name: str, target: Target) -> Iterator[Answer]:
        """Time the block as one request; what it raises is a failure, and the task ends."""
        _LIMITS[name] = target
        started, failure = time.perf_counter(), None
        try:
            yield Answer()
        except Exception as error:  # noqa: BLE001 - a failed request is a figure of the load test
            failure = error
        self.environment.events.request.fire(
            request_type="sql",
            name=name,
            response_time=(time.perf_counter() - started) * 1000,
            response_length=0,
            exception=failure,
            context={},
        )


class ApiUser(FastHttpUser):
    """Calls the API with tokens of its own."""

    abstract = True
    host = os.environ.get(API, "")

    def token(self, identity: Identity) -> dict[str, str]:
        """Return the header that signs in as `identity`, for an hour."""
        import jwt

        claims = {**identity.claims, "role": identity.role, "exp": int(time.time()) + 3600}
        return {"Authorization": f"Bearer {jwt.encode(claims, os.environ[SECRET], algorithm='HS256')}"}

    @contextmanager
    def asked(self, method: str, path: str, name: str, target: Target, **options: Any) -> Iterator[Any]:
        """Ask for a path as one request; in the block `expect` of what comes checks the answer."""
        _LIMITS[name] = target
        with self.client.request(method, path, name=name, catch_response=True, **options) as response:
            yield response


def _write_down(environment: Environment, **_given: Any) -> None:
    """Write what was measured; of workers the master does."""
    file = os.environ.get(RESULT)
    if file and not isinstance(environment.runner, WorkerRunner):
        Path(file).write_text(json.dumps(_result(environment)), encoding="utf-8")


def _result(environment: Environment) -> dict[str, Any]:
    runner, stats = environment.runner, environment.stats
    saturated = runner is not None and (runner.cpu_warning_emitted or runner.worker_cpu_warning_emitted)
    seconds = (stats.total.last_request_timestamp or 0) - stats.start_time
    return {
        "saturated": saturated,
        "seconds": max(seconds, 0.0),
        "requests": {name: _entry(name, one) for (name, _), one in stats.entries.items()},
        "errors": [f"{one.name}: {one.error} ({one.occurrences} times)" for one in stats.errors.values()],
    }


def _entry(name: str, one: Any) -> dict[str, Any]:
    target = _LIMITS.get(name)
    return {
        "count": one.num_requests,
        "failures": one.num_failures,
        "times": [[float(time), number] for time, number in sorted(one.response_times.items())],
        "limit": target and {"what": target.what, "limit": target.limit, "unit": target.unit},
    }


events.quitting.add_listener(_write_down)  # type: ignore[no-untyped-call]
