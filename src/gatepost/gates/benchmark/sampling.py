"""Times of one query in two databases, taken turn about."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol

import psycopg

from gatepost.gates.benchmark.statistics import Round
from gatepost.gates.benchmark.timing import Timer, keep_together, timer
from gatepost.plans.draws import Drawn
from gatepost.postgres.connect import is_lost, translate
from gatepost.queries import Query
from gatepost.subjects import acting_as

_PAIRS = (10, 60)
"""Fewest and most pairs that are taken on one pair of connections."""
_ROUND_MILLISECONDS = 100.0
"""A round takes about so long: it has fewer pairs where a sample takes longer."""
_LEAST_MILLISECONDS = 0.5
"""A sample takes at least this long: as many executions, in one round trip, as it needs for that."""
_MOST_IN_A_SAMPLE = 200
Ask = Callable[[int], float]
"""Asks so many times, one after the other, and returns the milliseconds of one."""


class Benchmark(Protocol):
    """Something that both arms do, and that can be timed."""

    name: str

    def round(self) -> Round:
        """Return one round of pairs, taken on new connections.

        :raises ArmFailed: one of the arms cannot do it.
        :raises ServerUnreachable: the server is gone.
        """


class ArmFailed(Exception):
    """An arm cannot do what is to be timed; `arm` is `base` or `head`."""

    def __init__(self, arm: str, error: psycopg.Error) -> None:
        super().__init__(f"{arm}: {error.diag.message_primary or error}")
        self.arm = arm


@dataclass(frozen=True)
class Asked:
    """A query, and whom and what it is tried with."""

    query: Query
    drawn: Drawn = field(default_factory=lambda: Drawn({}, {}))


@dataclass
class QueryBenchmark:
    """One query, asked as an application asks it: one transaction, one identity, a prepared statement."""

    name: str
    urls: tuple[str, str]
    """Of base and of head."""
    asked: tuple[Asked, Asked]
    _repeats: int = 0
    _pairs: int = 0
    _order: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._order = random.Random(self.name)  # noqa: S311 - only an order

    def round(self) -> Round:
        """Return one round; whatever the query does is taken back."""
        with (
            _opened("base", self.urls[0], self.asked[0]) as base,
            _opened("head", self.urls[1], self.asked[1]) as head,
        ):
            keep_together((base.process, head.process), self._order.getrandbits(16))
            if not self._repeats:
                self._repeats, self._pairs = sizes(base.ask, head.ask)
            for arm in (base, head):
                arm.ask(self._repeats)
            return pairs(base.ask, head.ask, self._repeats, self._pairs, self._order)


class _Arm:
    """One database, on a connection."""

    def __init__(self, name: str, cursor: psycopg.Cursor[Any], asked: Asked, timed: Timer) -> None:
        self.process = cursor.connection.info.backend_pid
        self._name, self._cursor, self._timed = name, cursor, timed
        self._statement = asked.query.sql.encode()
        self._arguments = asked.query.arguments(asked.drawn.subjects, **asked.drawn.values)

    def ask(self, times: int) -> float:
        """Return the milliseconds of one of so many executions that travel together."""
        given = [self._arguments] * times
        try:
            return self._timed.milliseconds(lambda: self._run(given)) / times
        except psycopg.Error as error:
            raise _failure(self._name, error) from error

    def _run(self, given: list[dict[str, object]]) -> None:
        self._cursor.executemany(self._statement, given, returning=True)


@contextmanager
def _opened(name: str, url: str, asked: Asked) -> Iterator[_Arm]:
    """Lend an arm on a new connection."""
    try:
        with (
            psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection,
            timer(connection.info.backend_pid) as timed,
            acting_as(asked.query.role, asked.drawn.subjects, connection),
            connection.cursor(binary=True) as cursor,
        ):
            yield _Arm(name, cursor, asked, timed)
    except psycopg.Error as error:
        raise _failure(name, error) from error


def _failure(arm: str, error: psycopg.Error) -> Exception:
    """Return what an arm's error means: of a server that is gone, nothing about the arm."""
    return translate(error, f"timing {arm}") if is_lost(error) else ArmFailed(arm, error)


def pairs(base: Ask, head: Ask, times: int, number: int, order: random.Random) -> Round:
    """Return so many pairs of times, base and head in an order that chance decides."""
    return [_pair(base, head, times, order) for _ in range(number)]


def _pair(base: Ask, head: Ask, times: int, order: random.Random) -> tuple[float, float]:
    if order.random() < 0.5:
        return base(times), head(times)
    of_head = head(times)
    return base(times), of_head


def sizes(base: Ask, head: Ask) -> tuple[int, int]:
    """Return how many executions make a sample long enough to be timed, and how many pairs a round has."""
    for arm in (base, head):
        arm(10)
    times = [arm(10) for arm in (base, head, base, head)]
    repeats = max(1, min(_MOST_IN_A_SAMPLE, round(_LEAST_MILLISECONDS / min(times))))
    number = _ROUND_MILLISECONDS / (2 * repeats * median(times))
    return repeats, max(_PAIRS[0], min(_PAIRS[1], round(number)))
