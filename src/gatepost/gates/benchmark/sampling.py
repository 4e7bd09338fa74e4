"""Times of one query in two databases, taken turn about."""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from gatepost.gates.benchmark.scheduling import Waits, watched
from gatepost.gates.benchmark.statistics import Round
from gatepost.queries import Query
from gatepost.subjects import Subjects, acting_as

_LEAST_MILLISECONDS = 1.0
"""A sample takes at least this long: as many executions, in one round trip, as it needs for that."""
_MOST_IN_A_SAMPLE = 200


@dataclass(frozen=True)
class Subject:
    """A query, and whom and what it is tried with."""

    query: Query
    subjects: Subjects


class Arm:
    """One database, asked as an application asks it: one transaction, one identity, a prepared statement."""

    def __init__(self, connection: psycopg.Connection[Any], subject: Subject, waits: Waits) -> None:
        self._connection = connection
        self._waits = waits
        self._statement = subject.query.sql.encode()
        self._arguments = subject.query.arguments(subject.subjects)

    def milliseconds(self, repeats: int) -> float:
        """Return the time of one of `repeats` executions that travel together.

        What either side waited for a processor is no part of it.
        """
        cursor = self._connection.cursor(binary=True)
        waited, started = self._waits.nanoseconds(), time.perf_counter_ns()
        cursor.executemany(self._statement, [self._arguments] * repeats, returning=True)
        took = time.perf_counter_ns() - started - (self._waits.nanoseconds() - waited)
        cursor.close()
        return max(took, 1) / 1e6 / repeats


@contextmanager
def opened(url: str, subject: Subject) -> Iterator[Arm]:
    """Lend an arm on a new connection; whatever the query does is taken back."""
    with (
        psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection,
        watched(connection.info.backend_pid) as waits,
        acting_as(subject.query.role, subject.subjects, connection),
    ):
        yield Arm(connection, subject, waits)


def rounds(
    urls: tuple[str, str], subjects: tuple[Subject, Subject], pairs: int, rng: random.Random
) -> Generator[Round]:
    """Yield rounds of as many pairs, each on new connections: base and head in an order that chance decides.

    :param urls, subjects: of base and of head.
    """
    repeats = 0
    while True:
        with opened(urls[0], subjects[0]) as base, opened(urls[1], subjects[1]) as head:
            repeats = repeats or _repeats(base, head)
            for arm in (base, head):
                arm.milliseconds(repeats)
            yield [_pair(base, head, repeats, rng) for _ in range(pairs)]


def _pair(base: Arm, head: Arm, repeats: int, rng: random.Random) -> tuple[float, float]:
    if rng.random() < 0.5:
        return base.milliseconds(repeats), head.milliseconds(repeats)
    of_head = head.milliseconds(repeats)
    return base.milliseconds(repeats), of_head


def _repeats(base: Arm, head: Arm) -> int:
    """Return how many executions make a sample long enough to be timed."""
    for arm in (base, head):
        arm.milliseconds(10)
    fastest = min(arm.milliseconds(10) for arm in (base, head, base, head))
    return max(1, min(_MOST_IN_A_SAMPLE, round(_LEAST_MILLISECONDS / fastest)))
