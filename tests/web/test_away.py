"""While the database is away requests fail at once, with a problem that says when to come again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fix_platform import Deployed
from fix_web import headers_of
from outage import away
from people import ADA
from psycopg.sql import SQL, Identifier
from starlette.testclient import TestClient

from gatepost.session import Database, Identity, Unavailable

SECONDS = 3.0
"""That a request may take at most, while what waits for a connection waits 5; it takes a fraction of this."""


@pytest.mark.parametrize("path", ["/api/events", "/api/drafts", "/api/health/post-creation"])
def test_requests_fail_at_once_and_then_work_again(clone: Deployed, api: TestClient, path: str) -> None:
    assert api.get(path, headers=headers_of(ADA)).status_code == 200
    with away(clone):
        for _ in range(5):
            began = time.monotonic()
            answer = api.get(path, headers=headers_of(ADA))
            assert time.monotonic() - began < SECONDS
            assert answer.status_code == 503
            if "health" not in path:
                assert answer.headers["Retry-After"] == "1"
                assert answer.json()["type"] in ("/problems/unavailable", "/problems/outcome-unknown")
    assert api.get(path, headers=headers_of(ADA)).status_code == 200


def test_requests_wait_their_turn_while_connections_work(clone: Deployed) -> None:
    """A server that lets nobody else in is not away for those who have connections to share."""
    with Database(clone.url("authenticator"), max_size=2, wait=1.0) as database:
        with database.transaction(Identity.user(ADA)) as held:
            held.rows("select 1")
            with away_for_new_ones(clone):
                for _ in range(2):
                    began = time.monotonic()
                    with pytest.raises(Unavailable):
                        database.value(Identity.user(ADA), "select 7")
                    assert time.monotonic() - began > 0.9
        assert database.value(Identity.user(ADA), "select 7") == 7


@contextmanager
def away_for_new_ones(clone: Deployed) -> Iterator[None]:
    limit = SQL("alter database {} with connection limit {}")
    with clone.server_connection() as connection:
        connection.execute(limit.format(Identifier(clone.name), SQL("0")))
        try:
            yield
        finally:
            connection.execute(limit.format(Identifier(clone.name), SQL("-1")))
