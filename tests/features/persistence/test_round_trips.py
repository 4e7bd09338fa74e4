"""How often a device's requests go to the database and back, by libpq's own trace of its messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from fix_platform import Deployed
from peers import push_of, student

from gatepost.session import Database, Identity
from services.persistence.changes import MOST_CHANGES, Push
from services.persistence.cursor import Cursor
from services.persistence.migration import MigrationService
from services.persistence.sync import TABLES, SyncService


@dataclass(frozen=True)
class Sent:
    """What went to the server."""

    round_trips: int
    statements: int


Traced = Callable[[Callable[[], object]], Sent]


@pytest.fixture
def one_connection(clone: Deployed) -> Iterator[Database]:
    with Database(clone.url("authenticator"), max_size=1) as opened:
        yield opened


@pytest.fixture
def traced(one_connection: Database, tmp_path: Path) -> Traced:
    """Do something and count; a round trip ends where the client waits for the server: at Sync."""

    def count(work: Callable[[], object]) -> Sent:
        wire = one_connection.take()
        with (tmp_path / "trace").open("w+b") as file:
            wire.pgconn.trace(file.fileno())
            one_connection.give_back(wire)
            work()
            wire.pgconn.untrace()
            found = Counter(re.findall(r"\tF\t\d+\t(\w+)", Path(file.name).read_text()))
        return Sent(found["Sync"], found["Execute"])

    return count


def new_rows(number: int) -> Push:
    return push_of(*(student(uuid4(), version=1) for _ in range(number)))


@pytest.mark.parametrize("number", [0, 1, MOST_CHANGES])
def test_a_push_is_one_however_many_changes_it_has(
    one_connection: Database, traced: Traced, me: Identity, number: int
) -> None:
    sync, push = SyncService(one_connection), new_rows(number)
    for _ in range(3):
        assert traced(lambda: sync.push(me, push)) == Sent(round_trips=1, statements=2)


@pytest.mark.parametrize("number", [0, 1, MOST_CHANGES])
def test_a_pull_is_one_however_many_rows_it_finds(
    one_connection: Database, traced: Traced, me: Identity, number: int
) -> None:
    sync = SyncService(one_connection)
    sync.push(me, new_rows(number))
    expected = Sent(round_trips=1, statements=2 + len(TABLES))
    assert traced(lambda: sync.pull(me)) == expected
    cursor = sync.pull(me).cursor
    assert traced(lambda: sync.pull(me, cursor)) == expected


def test_a_pull_after_a_restore_is_two(one_connection: Database, traced: Traced, me: Identity) -> None:
    sync, before = SyncService(one_connection), Cursor("another server", {}).text()
    assert traced(lambda: sync.pull(me, before)) == Sent(round_trips=2, statements=2 * (2 + len(TABLES)))


def test_a_migration_is_one_a_step(one_connection: Database, traced: Traced, me: Identity) -> None:
    sync, guest = SyncService(one_connection), Identity.guest(f"guest-{uuid4()}")
    sync.push(guest, new_rows(MOST_CHANGES))
    moved = traced(lambda: MigrationService(one_connection).migrate(me, guest, new_rows(MOST_CHANGES)))
    assert moved == Sent(round_trips=3, statements=5), "begin, identity, takeover; push; commit"
