"""One more round trip before a query: head asks the server for something that it knows already."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import psycopg

from gatepost.errors import InvalidDeclaration
from gatepost.gates.benchmark.gate import outcome
from gatepost.gates.benchmark.questions import queries_of
from gatepost.gates.benchmark.sampling import Ask, Asked, pairs, sizes
from gatepost.gates.benchmark.series import settled
from gatepost.gates.benchmark.statistics import Round
from gatepost.gates.benchmark.timing import keep_together, timer
from gatepost.gates.verdict import Outcome
from gatepost.plans.draws import Subjects, draw_for, draw_subjects
from gatepost.plans.laboratory import opened
from gatepost.postgres.connect import Target
from gatepost.subjects import acting_as

if TYPE_CHECKING:
    from faults import World

    from gatepost.plans.shape import Rows

Case = tuple[str, Callable[[], Outcome]]
_KNOWN = "select current_setting('request.jwt.claims', true)"
_MINUTES = 0.5
"""That one run may take."""


@dataclass
class RoundTrips:
    """A query in one database, asked in head after further questions, each a round trip of its own."""

    name: str
    url: str
    asked: Asked
    further: Sequence[str]
    _sizes: tuple[int, int] | None = None
    _order: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._order = random.Random(self.name)

    def round(self) -> Round:
        with self._arm([]) as base, self._arm(self.further) as head:
            keep_together((base[0], head[0]), self._order.getrandbits(16))
            self._sizes = self._sizes or sizes(base[1], head[1])
            return pairs(base[1], head[1], *self._sizes, self._order)

    @contextmanager
    def _arm(self, before: Sequence[str]) -> Iterator[tuple[int, Ask]]:
        """Lend the server's process, and what asks: each statement by itself, as the client waits for it."""
        query, subjects = self.asked.query, self.asked.drawn.subjects
        given = query.arguments(subjects, **self.asked.drawn.values)
        with (
            psycopg.connect(self.url, autocommit=True, prepare_threshold=0) as connection,
            timer(connection.info.backend_pid, with_client=True) as timed,
            acting_as(query.role, subjects, connection),
            connection.cursor(binary=True) as cursor,
        ):

            def run(times: int) -> None:
                for _ in range(times):
                    for statement in before:
                        cursor.execute(statement.encode())
                    cursor.execute(query.sql.encode(), given)

            def ask(times: int) -> float:
                return timed.milliseconds(lambda: run(times)) / times

            yield connection.info.backend_pid, ask


def extra(world: World) -> Sequence[Case]:
    """Queries in head after a question whose answer is known."""
    return _cases(world, [_KNOWN])


def none(world: World) -> Sequence[Case]:
    """The same queries, without any question before."""
    return _cases(world, [])


def _cases(world: World, further: Sequence[str]) -> Sequence[Case]:
    """Queries that only read, each asked for what its feature's seeds have."""
    info = world.connection.info
    target = Target(info.host, info.port, info.user, info.dbname, info.password, "disable")
    url = psycopg.conninfo.make_conninfo(info.dsn, password=info.password)
    cases = list[Case]()
    every = queries_of(world.stack.root)
    with opened(target) as rows:
        for feature, names in groupby(every, lambda name: name.partition("/")[0]):
            subjects = _subjects(world, feature, rows)
            for name in names if subjects else ():
                query = every[name]
                if query.sql.lstrip().lower().startswith("select"):
                    asked = Asked(query, draw_for(query, subjects, rows)[0])
                    cases.append((name, _judged(RoundTrips(name, url, asked, further))))
    return cases


def _subjects(world: World, feature: str, rows: Rows) -> list[Subjects]:
    """Whom its queries are tried with; of a feature without rows, nobody."""
    try:
        return draw_subjects(world.stack.root / "schema" / feature, rows, 1)
    except InvalidDeclaration:
        return []


def _judged(one: RoundTrips) -> Callable[[], Outcome]:
    def judge() -> Outcome:
        [series] = settled([one], _MINUTES, lambda _: None)
        return outcome(series.rows(), "itself")

    return judge
