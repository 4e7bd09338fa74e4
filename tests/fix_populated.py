"""A crowded platform: every table filled, on a server that keeps what is committed on the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from fix_platform import PROJECT, Deployed
from psycopg.conninfo import conninfo_to_dict

from gatepost.plans.crowd import crowd as crowded
from gatepost.plans.draws import Drawn, draw_for, draw_subjects
from gatepost.plans.laboratory import ReferenceRows, opened
from gatepost.plans.shape import Rows
from gatepost.plans.volume import volume_files
from gatepost.postgres.connect import Target
from gatepost.postgres.structure import read_structure
from gatepost.queries import Query, load
from gatepost.session import Database, Identity

FEATURES = {folder.parent.name: load(folder) for folder in sorted((PROJECT / "schema").glob("*/queries"))}
QUERIES = {f"{feature}.{name}": query for feature, found in FEATURES.items() for name, query in found.items()}
OWNER = "app_owner"
FULL = 1_000_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--benchmark-rows",
        type=int,
        default=FULL,
        help="rows of the largest tables that benchmarks run on",
    )


@dataclass(frozen=True)
class Crowd:
    """The filled platform, as an application sees it."""

    rows: int
    url: str
    """Of `authenticator`, by the socket."""
    target: Target
    _drawn: dict[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether it has the rows that our own targets are for; a smaller one only shows that all works."""
        return self.rows >= FULL

    @contextmanager
    def superuser(self) -> Iterator[Rows]:
        with opened(self.target) as connection:
            yield connection

    def drawn(self, name: str) -> list[Drawn]:
        """What a query is asked for; empty where its feature has nobody to ask it."""
        with self.superuser() as connection:
            return draw_for(QUERIES[name], self.subjects(name.partition(".")[0]), connection)

    def subjects(self, feature: str) -> Sequence[Mapping[str, object]]:
        """Whom and what a feature is asked for, as often as they stand in its tables."""
        if feature not in self._drawn:
            with self.superuser() as connection:
                self._drawn[feature] = draw_subjects(PROJECT / "schema" / feature, connection)
        return self._drawn[feature]


def identity_of(query: Query, drawn: Drawn) -> Identity:
    """Who asks."""
    if query.role == "service_role":
        return Identity.service()
    if query.role == "anon":
        return Identity.anonymous()
    claims = (
        {"organization_id": str(drawn.subjects["organization"])} if "organization" in drawn.subjects else {}
    )
    return Identity.user(str(drawn.subjects["member"]), **claims)


@pytest.fixture(scope="session")
def crowd(platform: Deployed, request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """The platform with so many rows as `--benchmark-rows` says, on a server of its own."""
    rows = request.config.getoption("--benchmark-rows")
    structure = read_structure(_target(platform))
    reference = [
        ReferenceRows(str(one["urn"]).rpartition("::")[2], one["inputs"]["sql"], OWNER)
        for one in platform.resources
        if one["type"].endswith(":ReferenceData")
    ]
    files = volume_files(PROJECT / "schema", FEATURES)
    login = "authenticator"
    with crowded(structure, reference, files, rows, login=login, told=lambda _: None) as made:
        yield Crowd(rows, made.url, made.size.target)


def _target(platform: Deployed) -> Target:
    given = conninfo_to_dict(platform.superuser_url)
    return Target(
        str(given["host"]),
        int(given["port"]),
        str(given["user"]),
        str(given["dbname"]),
        str(given["password"]),
    )


@pytest.fixture(scope="session")
def crowd_database(crowd: Crowd) -> Iterator[Database]:
    """One connection of an application to the crowded platform."""
    with Database(crowd.url, max_size=1) as database:
        yield database


def percentiles(benchmark: Any) -> dict[str, float]:
    """p50, p95 and p99 of what was measured, in milliseconds."""
    data = sorted(benchmark.stats.stats.data)
    at = {name: data[min(len(data) - 1, int(len(data) * share))] for name, share in _SHARES.items()}
    return {name: round(seconds * 1000, 3) for name, seconds in at.items()}


_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
