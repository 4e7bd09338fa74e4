"""A push: every change gets an answer, the newer version wins, nothing happens twice or by half."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from fix_platform import Deployed
from peers import push_of, student
from pydantic import ValidationError

from gatepost.session import Database, Identity, SessionError
from services.persistence.changes import MOST_CHANGES, Push
from services.persistence.sync import NoOwner, SyncService


def row_of(database: Database, row: object) -> dict[str, Any]:
    found = database.row(
        Identity.service(),
        "select name, version, deleted, client_id, owner from students where id = %(id)s",
        id=row,
    )
    assert found is not None
    return found


def test_new_rows_of_every_table_are_stored(sync: SyncService, database: Database, me: Identity) -> None:
    group, one = uuid4(), uuid4()
    shared = {"version": 1, "base_version": 0}
    values: dict[str, dict[str, Any]] = {
        "attendance_records": {"student_id": one, "held_on": "2026-09-01", "status": "late", "note": "bus"},
        "completed_makeup_sessions": {
            "student_id": one,
            "missed_on": "2026-09-01",
            "completed_on": "2026-09-03",
        },
        "archived_terms": {
            "name": "Fall",
            "starts_on": "2025-09-01",
            "ends_on": "2025-12-20",
            "summary": {"n": 1},
        },
        "students": {"name": "Kim", "group_id": group},
        "groups": {"name": "Monday"},
    }
    ids = {"students": one, "groups": group}
    changes = [
        {"table": table, "id": ids.get(table, uuid4()), "values": given, "metadata": {"k": [1]}, **shared}
        for table, given in values.items()
    ]
    outcomes = sync.push(me, push_of(*changes))
    assert [(one.table, one.id) for one in outcomes] == [(c["table"], c["id"]) for c in changes]
    assert {(one.outcome, one.version, one.conflict) for one in outcomes} == {("applied", 1, False)}
    rows = {row.id: row for row in sync.pull(me).rows}
    for change in changes:
        row = rows[change["id"]]
        assert (row.table, row.metadata, row.client_id) == (change["table"], {"k": [1]}, "phone")
        assert {name: str(value) for name, value in row.values.items()} == {
            name: str(value) for name, value in change["values"].items()
        }


def test_the_greater_version_wins_and_the_conflict_is_told(
    sync: SyncService, database: Database, me: Identity
) -> None:
    row = uuid4()
    sync.push(me, push_of(student(row)))
    (fast,) = sync.push(me, push_of(student(row, version=2, base=1, name="fast"), device="laptop"))
    assert (fast.outcome, fast.conflict) == ("applied", False)
    (slow,) = sync.push(me, push_of(student(row, version=2, base=1, name="slow")))
    assert (slow.outcome, slow.conflict, slow.version) == ("kept", True, 2)
    assert slow.stored is not None
    assert (slow.stored["name"], slow.stored["client_id"]) == ("fast", "laptop")
    (busy,) = sync.push(me, push_of(student(row, version=4, base=1, name="busy")))
    assert (busy.outcome, busy.conflict, busy.version) == ("applied", True, 4)
    assert busy.replaced is not None
    assert busy.replaced["name"] == "fast"
    assert row_of(database, row)["name"] == "busy"


def test_a_repeated_push_gets_the_first_answer(sync: SyncService, database: Database, me: Identity) -> None:
    row = uuid4()
    push = push_of(student(row))
    first = sync.push(me, push)
    sync.push(me, push_of(student(row, version=2, base=1, name="later"), device="laptop"))
    assert sync.push(me, push) == first
    assert row_of(database, row)["name"] == "later"


def test_the_same_change_in_another_push_is_no_conflict(sync: SyncService, me: Identity) -> None:
    change = student()
    sync.push(me, push_of(change))
    (again,) = sync.push(me, push_of(change))
    assert (again.outcome, again.conflict) == ("repeated", False)


def test_the_same_push_at_the_same_time_happens_once(
    sync: SyncService, database: Database, me: Identity
) -> None:
    push = push_of(*(student() for _ in range(20)))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: sync.push(me, push), range(4)))
    assert answers == [answers[0]] * 4
    count = "select count(*) from sync_pushes where id = %(id)s and applied = 20"
    assert database.value(Identity.service(), count, id=push.id) == 1


def test_pushes_of_the_same_rows_at_the_same_time_never_deadlock(
    sync: SyncService, database: Database, me: Identity
) -> None:
    rows = [uuid4() for _ in range(40)]
    sync.push(me, push_of(*(student(row) for row in rows)))

    def change(device: int) -> None:
        for turn in range(5):
            ordered = rows if device % 2 else rows[::-1]
            version = 2 + turn * 4 + device
            sync.push(
                me,
                push_of(
                    *(student(row, version=version, base=version - 1) for row in ordered), device=f"d{device}"
                ),
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(4)))
    assert {row_of(database, row)["version"] for row in rows} == {21}


def test_anothers_id_is_refused_and_the_rest_is_stored(
    sync: SyncService, database: Database, me: Identity, other: Identity, guest: Identity
) -> None:
    taken, mine = uuid4(), uuid4()
    sync.push(other, push_of(student(taken, name="Bo's")))
    for caller in (me, guest):
        theirs, fresh = sync.push(caller, push_of(student(taken, version=9, base=8), student(mine)))
        assert theirs.outcome == "refused"
        assert (theirs.version, theirs.stored, theirs.replaced) == (None, None, None)
        assert fresh.outcome == ("applied" if caller is me else "refused")
    assert row_of(database, taken)["name"] == "Bo's"


def test_a_guests_rows_are_the_guests(sync: SyncService, database: Database, guest: Identity) -> None:
    row = uuid4()
    sync.push(guest, push_of(student(row), device="claims to be another"))
    assert row_of(database, row)["owner"] == f"guest:{guest.guest_id}"
    assert row in {one.id for one in sync.pull(guest).rows}
    assert row not in {one.id for one in sync.pull(Identity.guest("guest-two")).rows}


def test_a_tombstone_reaches_the_others(sync: SyncService, me: Identity) -> None:
    row = uuid4()
    sync.push(me, push_of(student(row)))
    cursor = sync.pull(me).cursor
    sync.push(me, push_of(student(row, version=2, base=1, deleted=True)))
    (found,) = sync.pull(me, cursor).rows
    assert (found.id, found.deleted) == (row, True)


@pytest.mark.parametrize("caller", [Identity.service(), Identity.anonymous()])
def test_only_users_and_guests_have_rows(sync: SyncService, caller: Identity) -> None:
    with pytest.raises(NoOwner):
        sync.push(caller, push_of(student()))
    with pytest.raises(NoOwner):
        sync.pull(caller)


ROW = "00000000-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 0},
        {"version": 2, "base_version": 2},
        {"version": 2**53},
        {"version": 2_000_000, "base_version": 1},
        {"values": {"name": ""}},
        {"values": {"name": "x" * 201}},
        {"values": {"name": "nul \0"}},
        {"values": {"name": "half \ud83d"}},
        {"values": {"name": "x", "owner": "me"}},
        {"metadata": {"deep": ["\0"]}},
        {"table": "users"},
        {"table": "attendance_records"},
        {"owner": "somebody"},
    ],
)
def test_wrong_changes_are_refused_before_anything_is_stored(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        push_of({**student(), **wrong})


def test_a_row_twice_and_too_many_rows_are_refused() -> None:
    with pytest.raises(ValidationError, match="twice"):
        push_of(student(ROW), student(ROW, version=2))  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        push_of(*(student() for _ in range(MOST_CHANGES + 1)))


def test_the_largest_push_is_stored(sync: SyncService, me: Identity) -> None:
    push = push_of(*(student() for _ in range(MOST_CHANGES)))
    assert {one.outcome for one in sync.push(me, push)} == {"applied"}


def test_a_failed_push_stores_nothing_and_is_counted(
    sync: SyncService, clone: Deployed, database: Database, me: Identity
) -> None:
    with clone.superuser() as connection:
        connection.execute(
            "alter table archived_terms add constraint broken check (name <> 'broken') not valid"
        )
    row = uuid4()
    term = {"name": "broken", "starts_on": "2026-01-01", "ends_on": "2026-02-01"}
    push = push_of(
        student(row),
        {"table": "archived_terms", "id": uuid4(), "version": 1, "base_version": 0, "values": term},
        outbox=7,
    )
    with pytest.raises(SessionError):
        sync.push(me, push)
    service = Identity.service()
    assert database.value(service, "select count(*) from students where id = %(id)s", id=row) == 0
    failed = "select outbox, problem, user_id::text as user from sync_pushes where outcome = 'failed'"
    assert database.rows(service, failed) == [
        {"outbox": 7, "problem": "Invalid 23514", "user": str(me.user_id)}
    ]
    with clone.superuser() as connection:
        connection.execute("alter table archived_terms drop constraint broken")
    assert {one.outcome for one in sync.push(me, push)} == {"applied"}


def test_a_push_of_nothing_is_answered(sync: SyncService, me: Identity) -> None:
    assert sync.push(me, Push(id=uuid4(), device="phone", changes=[])) == []
