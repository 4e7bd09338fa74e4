"""A guest gets an account: rows move once, whole, verified and logged, to whoever proved to be the guest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from fix_platform import Deployed
from peers import push_of, student

from gatepost.session import Database, Identity, SessionError
from services.persistence.migration import MigrationService, NoGuest
from services.persistence.sync import SyncService

LOGS = (
    "select outcome, problem, verified, moved from migration_logs"
    " where client_id = %(guest)s order by started_at"
)


@pytest.fixture
def rows(sync: SyncService, guest: Identity) -> list[UUID]:
    """Three students of the guest, one of them removed and one at version 3, and an attendance record."""
    found = [uuid4() for _ in range(3)]
    sync.push(guest, push_of(*(student(row) for row in found)))
    sync.push(
        guest,
        push_of(student(found[1], version=3, base=1), student(found[2], version=2, base=1, deleted=True)),
    )
    record = {"table": "attendance_records", "id": uuid4(), "version": 1, "base_version": 0}
    sync.push(guest, push_of({**record, "values": {"student_id": found[0], "held_on": "2026-01-01"}}))
    return found


def owners(database: Database, rows: list[UUID]) -> set[tuple[str, str]]:
    query = "select owner, client_id from students where id = any(%(rows)s)"
    return {(row["owner"], row["client_id"]) for row in database.rows(Identity.service(), query, rows=rows)}


def test_every_row_moves_and_keeps_its_version(
    migration: MigrationService,
    sync: SyncService,
    database: Database,
    rows: list[UUID],
    me: Identity,
    guest: Identity,
) -> None:
    cursor = sync.pull(me).cursor
    done = migration.migrate(me, guest)
    assert done.verified
    assert done.moved == {
        "groups": 0,
        "students": 3,
        "attendance_records": 1,
        "completed_makeup_sessions": 0,
        "archived_terms": 0,
    }
    assert owners(database, rows) == {(str(me.user_id), guest.guest_id)}
    versions = {row.id: (row.version, row.deleted) for row in sync.pull(me, cursor).rows}
    assert [versions[row] for row in rows] == [(1, False), (3, False), (2, True)]
    assert sync.pull(guest).rows == []


def test_twice_is_once(
    migration: MigrationService, database: Database, rows: list[UUID], me: Identity, guest: Identity
) -> None:
    first = migration.migrate(me, guest)
    assert migration.migrate(me, guest) == first
    assert len(database.rows(Identity.service(), LOGS, guest=guest.guest_id)) == 1


def test_at_the_same_time_it_happens_once(
    migration: MigrationService, database: Database, rows: list[UUID], me: Identity, guest: Identity
) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migration.migrate(me, guest), range(4)))
    assert {one.id for one in done} == {done[0].id}
    assert [
        log["moved"]["students"] for log in database.rows(Identity.service(), LOGS, guest=guest.guest_id)
    ] == [3]


def test_two_accounts_cannot_both_have_them(
    migration: MigrationService,
    database: Database,
    rows: list[UUID],
    me: Identity,
    other: Identity,
    guest: Identity,
) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda who: migration.migrate(who, guest), [me, other]))
    assert sorted(one.moved["students"] for one in done) == [0, 3]
    assert len(owners(database, rows)) == 1


def test_what_the_guest_writes_afterwards_moves_with_the_next(
    migration: MigrationService, sync: SyncService, rows: list[UUID], me: Identity, guest: Identity
) -> None:
    migration.migrate(me, guest)
    sync.push(guest, push_of(student()))
    assert migration.migrate(me, guest).moved["students"] == 1


def test_what_the_device_still_had_is_decided_by_version(
    migration: MigrationService,
    sync: SyncService,
    database: Database,
    rows: list[UUID],
    me: Identity,
    guest: Identity,
) -> None:
    newer, older, fresh = (
        student(rows[0], version=2, base=1, name="newer"),
        student(rows[1], version=2, base=1, name="older"),
        student(name="fresh"),
    )
    done = migration.migrate(me, guest, push_of(newer, older, fresh))
    assert [(one.outcome, one.conflict) for one in done.outcomes] == [
        ("applied", False),
        ("kept", True),
        ("applied", False),
    ]
    assert owners(database, [*rows, fresh["id"]]) == {
        (str(me.user_id), guest.guest_id),
        (str(me.user_id), "phone"),
    }


def test_another_guests_rows_stay(
    migration: MigrationService,
    sync: SyncService,
    database: Database,
    rows: list[UUID],
    me: Identity,
    guest: Identity,
    other_guest: Identity,
) -> None:
    theirs = student()
    sync.push(other_guest, push_of(theirs))
    migration.migrate(me, guest)
    assert owners(database, [theirs["id"]]) == {(f"guest:{other_guest.guest_id}", other_guest.guest_id)}


@pytest.mark.parametrize(
    ("caller", "guest_of"),
    [("guest", "other_guest"), ("me", "other"), ("service", "guest"), ("anonymous", "guest"), ("me", "me")],
)
def test_only_an_account_takes_over_and_only_a_guest(
    migration: MigrationService, request: pytest.FixtureRequest, caller: str, guest_of: str
) -> None:
    others = {"service": Identity.service(), "anonymous": Identity.anonymous()}
    who = others.get(caller) or request.getfixturevalue(caller)
    with pytest.raises(NoGuest):
        migration.migrate(who, request.getfixturevalue(guest_of))


def test_the_database_itself_wants_both(database: Database, me: Identity, guest: Identity) -> None:
    for who in (me, guest, Identity.user(me.claims["sub"], client_id="guest-one")):
        with pytest.raises(SessionError, match="verified guest"):
            database.value(who, "select app.migrate_guest()")


def test_a_failed_one_moves_nothing_and_is_logged(
    migration: MigrationService,
    clone: Deployed,
    database: Database,
    rows: list[UUID],
    me: Identity,
    guest: Identity,
) -> None:
    with clone.superuser() as connection:
        connection.execute(
            "alter table attendance_records add constraint broken check (user_id is null) not valid"
        )
    with pytest.raises(SessionError):
        migration.migrate(me, guest)
    assert owners(database, rows) == {(f"guest:{guest.guest_id}", guest.guest_id)}
    failed = {"outcome": "failed", "problem": "Invalid 23514", "verified": False, "moved": {}}
    assert database.rows(Identity.service(), LOGS, guest=guest.guest_id) == [failed]
    with clone.superuser() as connection:
        connection.execute("alter table attendance_records drop constraint broken")
    assert migration.migrate(me, guest).moved["students"] == 3


def test_a_guest_without_rows_is_migrated_too(
    migration: MigrationService, database: Database, me: Identity, guest: Identity
) -> None:
    assert migration.migrate(me, guest).verified
    assert len(database.rows(Identity.service(), LOGS, guest=guest.guest_id)) == 1
