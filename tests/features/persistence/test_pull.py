"""A pull loses no row, however late it is committed, and begins anew where positions mean nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from fix_platform import Deployed
from peers import push_of, student
from people import ADA

from gatepost.session import Database, Identity
from services.persistence.cursor import BadCursor, Cursor
from services.persistence.sync import SyncService


@contextmanager
def writer(platform: Deployed, who: Identity) -> Iterator[psycopg.Connection[object]]:
    """Somebody's open transaction with their identity."""
    with psycopg.connect(platform.url("authenticator")) as connection:
        connection.execute("set local role authenticated")
        connection.execute("select set_config('request.jwt.claims', %s, true)", [who.text])
        yield connection


def insert(connection: psycopg.Connection[object]) -> UUID:
    row = uuid4()
    connection.execute("insert into students (id, name) values (%s, 'Late')", [row])
    return row


def pulled(
    sync: SyncService, who: Identity, cursor: str | None, page_size: int = 2
) -> tuple[list[UUID], str]:
    """Every page from the cursor on."""
    found, more = list[UUID](), True
    while more:
        page = sync.pull(who, cursor, page_size)
        assert not page.reset
        found += [row.id for row in page.rows]
        cursor, more = page.cursor, page.more
    assert cursor is not None
    return found, cursor


def test_a_row_that_is_committed_late_is_not_skipped(
    sync: SyncService, clone: Deployed, me: Identity
) -> None:
    _, cursor = pulled(sync, me, None)
    with writer(clone, me) as slow, writer(clone, me) as fast:
        late = insert(slow)
        early = insert(fast)
        fast.commit()
        assert pulled(sync, me, cursor)[0] == []
        slow.commit()
    found, cursor = pulled(sync, me, cursor)
    assert found == [late, early]
    assert pulled(sync, me, cursor)[0] == []


def test_a_transaction_that_is_rolled_back_holds_nothing_up(
    sync: SyncService, clone: Deployed, me: Identity
) -> None:
    _, cursor = pulled(sync, me, None)
    with writer(clone, me) as slow, writer(clone, me) as fast:
        insert(slow)
        early = insert(fast)
        fast.commit()
        slow.rollback()
    assert pulled(sync, me, cursor)[0] == [early]


def test_who_only_reads_holds_nothing_up(sync: SyncService, clone: Deployed, me: Identity) -> None:
    _, cursor = pulled(sync, me, None)
    with writer(clone, me) as reader, writer(clone, me) as fast:
        reader.execute("select count(*) from students")
        early = insert(fast)
        fast.commit()
        assert pulled(sync, me, cursor)[0] == [early]


def test_interleaved_commits_are_all_found_once(sync: SyncService, clone: Deployed, me: Identity) -> None:
    """Transactions of random length, of one to four rows, overlap while somebody pulls all the time."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    lengths = [chance.choice([0.0, 0.001, 0.01, 0.05]) for _ in range(120)]

    def write(length: float) -> list[UUID]:
        with writer(clone, me) as connection:
            rows = [insert(connection) for _ in range(1 + int(length * 1000) % 4)]
            time.sleep(length)
            connection.commit()
            return rows

    found, cursor = pulled(sync, me, None)
    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, length) for length in lengths]
        found = []
        while not all(one.done() for one in writing):
            more, cursor = pulled(sync, me, cursor, page_size=3)
            found += more
    written = [row for one in writing for row in one.result()]
    more, _ = pulled(sync, me, cursor)
    found += more
    assert sorted(found, key=str) == sorted(written, key=str), f"seed {seed}"


def test_a_row_that_changed_twice_comes_once_in_its_last_state(sync: SyncService, me: Identity) -> None:
    row = uuid4()
    _, cursor = pulled(sync, me, None)
    for version in (1, 2, 3):
        sync.push(me, push_of(student(row, version=version, base=version - 1, name=f"v{version}")))
    page = sync.pull(me, cursor)
    assert [(one.id, one.version, one.values["name"]) for one in page.rows] == [(row, 3, "v3")]


def test_pages_of_one_transaction_go_on_within_it(sync: SyncService, me: Identity) -> None:
    _, cursor = pulled(sync, me, None)
    push = push_of(*(student() for _ in range(50)))
    sync.push(me, push)
    found, _ = pulled(sync, me, cursor, page_size=7)
    assert sorted(found, key=str) == sorted((one.id for one in push.changes), key=str)


def test_another_server_begins_anew(sync: SyncService, me: Identity) -> None:
    sync.push(me, push_of(student()))
    _, cursor = pulled(sync, me, None)
    elsewhere = Cursor("another-1", Cursor.read(cursor).positions).text()
    page = sync.pull(me, elsewhere)
    assert page.reset
    assert [row.id for row in page.rows] == [row.id for row in sync.pull(me).rows]
    assert not sync.pull(me, page.cursor).reset


def test_positions_from_an_older_server_are_renewed(
    sync: SyncService, clone: Deployed, database: Database, me: Identity
) -> None:
    """What a restore by dump leaves: rows that were changed in transactions which are still to come here."""
    row = uuid4()
    sync.push(me, push_of(student(row)))
    with clone.superuser() as connection:
        connection.execute("alter table students disable trigger students_sync")
        connection.execute("update students set changed_in = '9000000000' where id = %s", [row])
        connection.execute("alter table students enable trigger students_sync")
    assert row not in pulled(sync, me, None)[0]
    assert database.value(Identity.service(), "select app.renew_sync_positions()") == 1
    assert row in pulled(sync, me, None)[0]
    assert database.value(Identity.service(), "select app.renew_sync_positions()") == 0


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "",
        "e30=",
        "bnVsbA==",
        Cursor("e", {"students": ("1;drop", str(UUID(int=0)))}).text(),
        Cursor("e", {"students": ("1", "no uuid")}).text(),
        Cursor("e", {"students": ("9" * 30, str(UUID(int=0)))}).text(),
    ],
)
def test_a_cursor_that_no_pull_returned_is_refused(sync: SyncService, cursor: str, me: Identity) -> None:
    if cursor == "":
        assert not sync.pull(me, cursor).reset
        return
    with pytest.raises(BadCursor):
        sync.pull(me, cursor)


def test_nobody_elses_rows_are_pulled(sync: SyncService, me: Identity) -> None:
    mine = push_of(student())
    sync.push(me, mine)
    others = {row.id for row in sync.pull(Identity.user(ADA)).rows}
    assert others
    assert mine.changes[0].id not in others
