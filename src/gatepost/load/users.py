"""Locust's users for a database and for the API."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from locust import FastHttpUser, User, events

from gatepost.load.recording import NOTES, fire
from gatepost.load.run import API, DATABASE, SECRET
from gatepost.session import Database, Identity, Unavailable
from gatepost.targets import Target
from gatepost.web.tokens import SECRET as TOKENS
from gatepost.web.tokens import Verifier, mint

_A_DAY = 86_400
_WAIT = 10.0
"""Seconds that a user waits for a connection."""
_NOBODY_THERE = frozenset({0, 502, 503, 504})
"""Statuses of answers that no server gave, or one that has no database."""


_OPEN: WeakSet[Database] = WeakSet()


def connected() -> Database:
    """Return a database with one connection, closed when the run ends even where its user did not begin."""
    made = Database(os.environ[DATABASE], max_size=1, wait=_WAIT)
    _OPEN.add(made)
    return made


def _close_all(**_given: Any) -> None:
    for one in list(_OPEN):
        one.close()


events.quitting.add_listener(_close_all)  # type: ignore[no-untyped-call]


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
        self.database = connected()

    def on_stop(self) -> None:
        """Disconnect."""
        self.database.close()

    @contextmanager
    def timed(self, name: str, target: Target) -> Iterator[Answer]:
        """Time the block as one request; what it raises is a failure, and the task ends."""
        NOTES.target(name, target)
        started, failure = time.perf_counter(), None
        try:
            yield Answer()
        except Exception as error:  # noqa: BLE001 - a failed request is a figure of the load test
            failure = error
            NOTES.unanswered[name] += _no_server(error)
        fire(self.environment, name, started, failure)


class ApiUser(FastHttpUser):
    """Calls the API with tokens of its own."""

    abstract = True
    host = os.environ.get(API, "")

    def on_start(self) -> None:
        """Connect to the database too, to find out whom to play; requests go to the API."""
        self.database = connected()

    def on_stop(self) -> None:
        """Disconnect."""
        self.database.close()

    def sign_in(self, identity: Identity) -> None:
        """Send a token of `identity` with every request from now on."""
        verifier = Verifier.from_environment({**os.environ, TOKENS: os.environ[SECRET]})
        token = mint(
            os.environ[SECRET],
            identity,
            seconds=_A_DAY,
            audience=verifier.audience,
            issuer=verifier.issuer,
        )
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(
        self,
        method: str,
        path: str,
        name: str,
        target: Target | None,
        right: Callable[[Any], bool] = lambda _body: True,
        **options: Any,
    ) -> Any:
        """Ask for a path as one request and return the JSON of the answer, None where it is no success.

        :param target: None where its time does not matter.
        :param right: whether the answer is; the request counts as failed where it is not.
        """
        if target:
            NOTES.target(name, target)
        options |= {"headers": self.headers, "name": name, "catch_response": True}
        with self.client.request(method, path, **options) as response:
            NOTES.unanswered[name] += response.status_code in _NOBODY_THERE
            if not response.ok:
                response.failure(_reason(response))
                return None
            body = response.json() if response.text else None
            if not right(body):
                response.failure(f"a wrong answer: {response.text}"[:300])
            return body


def _reason(response: Any) -> str:
    """Say why an answer is no success, in the same words each time."""
    try:
        problem = response.json()
        told = [problem["title"], *(one["message"] for one in problem.get("errors", ()))]
    except (TypeError, ValueError, KeyError):
        told = [response.text or str(response.error)]
    return f"{response.status_code}: {'; '.join(told)}"[:300]


def _no_server(error: BaseException | None) -> bool:
    """Whether the reason of a failure, or the reason of that, is that no server answered."""
    while error is not None:
        if isinstance(error, Unavailable):
            return True
        error = error.__cause__ or error.__context__
    return False
