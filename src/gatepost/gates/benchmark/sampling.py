"""Times of one query in two databases, taken turn about."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from gatepost.queries import Query

Arguments = Mapping[str, object]
_LEAST_MILLISECONDS = 1.0
"""A sample takes at least this long: as many executions, in one round trip, as it needs for that."""
_MOST_IN_A_SAMPLE = 200


@dataclass(frozen=True)
class Subject:
    """A query with one set of arguments and the identity that asks."""

    query: Query
    arguments: Arguments
    claims: Mapping[str, object]


@dataclass
class Pairs:
    """Milliseconds of one execution, base and head in pairs."""

    base: list[float] = field(default_factory=list)
    head: list[float] = field(default_factory=list)
    repeats: int = 0
    """Executions in a sample."""


class Arm:
    """One database, asked as an application asks it: one transaction, one identity, a prepared statement."""

    def __init__(self, connection: psycopg.Connection[Any], subject: Subject) -> None:
        self._connection = connection
        self._statement = subject.query.sql.encode()
        self._arguments = subject.arguments or None

    def milliseconds(self, repeats: int) -> float:
        """Return the time of one of `repeats` executions that travel together."""
        cursor = self._connection.cursor(binary=True)
        started = time.perf_counter()
        cursor.executemany(self._statement, [self._arguments or {}] * repeats, returning=True)
        took = time.perf_counter() - started
        cursor.close()
        return took * 1000 / repeats


@contextmanager
def opened(url: str, subject: Subject) -> Iterator[Arm]:
    """Lend an arm on a new connection; whatever the query does is taken back."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        with connection.transaction(force_rollback=True):
            role = sql.Identifier(subject.query.role)
            connection.execute(sql.SQL("set local role {}").format(role))
            claims = json.dumps(dict(subject.claims), default=str)
            connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
            yield Arm(connection, subject)


def sample(urls: tuple[str, str], subject: Subject, pairs: Pairs, count: int, rng: random.Random) -> Pairs:
    """Add `count` pairs, taken on new connections: base and head in an order that chance decides.

    :param urls: of base and of head.
    """
    with opened(urls[0], subject) as base, opened(urls[1], subject) as head:
        pairs.repeats = pairs.repeats or _repeats(base, head)
        for arm in (base, head):
            arm.milliseconds(pairs.repeats)
        for _ in range(count):
            arms = [(base, pairs.base), (head, pairs.head)]
            rng.shuffle(arms)
            for arm, times in arms:
                times.append(arm.milliseconds(pairs.repeats))
    return pairs


def _repeats(base: Arm, head: Arm) -> int:
    """Return how many executions make a sample long enough to be timed."""
    for arm in (base, head):
        arm.milliseconds(10)
    fastest = min(arm.milliseconds(10) for arm in (base, head, base, head))
    return max(1, min(_MOST_IN_A_SAMPLE, round(_LEAST_MILLISECONDS / fastest)))
