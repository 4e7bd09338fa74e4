"""Recording, listing, deleting and restoring a user's events, through the service, under row security."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fix_platform import Deployed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import ADA, BO

from gatepost.session import Database, Identity, Refused, TimedOut
from services.engagement_events.drafts import NewEvent
from services.engagement_events.events import Before, EngagementEvents, Recorded
from services.engagement_events.problems import InvalidEvent, NobodySignedIn, UnknownUser

ME, OTHER = Identity.user(ADA), Identity.user(BO)
NOW = datetime.now(UTC)
MINE = "select id, event_type, value, timestamp from public.engagement_events where user_id = %(id)s"


@pytest.fixture
def events(database: Database, without_demo_events: None) -> EngagementEvents:
    return EngagementEvents(database)


def event(number: int = 0, **given: Any) -> NewEvent:
    return NewEvent("test.done", {"n": number}, timestamp=NOW - timedelta(seconds=number), **given)


def test_a_batch_is_recorded_in_one_go(events: EngagementEvents) -> None:
    batch = [event(number, id=uuid4(), session_id=uuid4()) for number in range(5)]
    recorded = events.record(ME, batch)
    assert recorded.ids == tuple(one.id for one in batch)
    assert recorded.new == set(recorded.ids)
    assert [row["id"] for row in events.last(ME, limit=5)] == list(recorded.ids)
    assert events.last(ME, limit=1) == [
        {
            "id": batch[0].id,
            "session_id": batch[0].session_id,
            "event_type": "test.done",
            "value": {"n": 0},
            "timestamp": NOW,
        }
    ]


def test_the_same_batch_again_changes_nothing(events: EngagementEvents) -> None:
    batch = [event(number, id=uuid4()) for number in range(3)]
    events.record(ME, batch)
    again = events.record(ME, [*batch, event(9, id=uuid4())])
    assert again.new == {again.ids[3]}


def test_an_id_of_version_7_tells_the_time(events: EngagementEvents) -> None:
    milliseconds = int(NOW.timestamp() * 1000)
    seven = UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | 12345)
    for expected in ({seven}, set()):
        assert events.record(ME, [NewEvent("app.opened", id=seven)]).new == expected
    found = events.find(ME, seven)
    assert found is not None
    assert int(found["timestamp"].timestamp() * 1000) == milliseconds


def test_nobody_sees_or_touches_what_others_did(events: EngagementEvents, database: Database) -> None:
    (mine,) = events.record(ME, [event(id=uuid4())]).ids
    assert events.find(OTHER, mine, user_id=UUID(ADA)) is None
    assert events.last(OTHER, user_id=UUID(ADA)) == []
    assert events.counts(OTHER, NOW - timedelta(days=9), user_id=UUID(ADA)) == []
    assert events.change(OTHER, mine, {"n": 1}) is None
    assert events.delete(OTHER, [mine]) == []
    assert (
        database.changed(
            OTHER, "update public.engagement_events set value = '{}' where user_id <> app.current_user_id()"
        )
        == 0
    )
    assert events.find(ME, mine) is not None


def test_recording_for_somebody_else_is_refused_and_written_down(
    events: EngagementEvents, database: Database
) -> None:
    with pytest.raises(Refused):
        events.record(OTHER, [event()], user_id=UUID(ADA))
    rows = database.rows(
        Identity.service(),
        "select event_type, user_id, database_role, details from security_audit_log order by id desc limit 1",
    )
    assert rows == [
        {
            "event_type": "rls_violation",
            "user_id": UUID(BO),
            "database_role": "authenticated",
            "details": {"operation": "engagement_events.record", "sqlstate": "42501"},
        }
    ]


def test_no_event_is_planted_on_somebody_else(database: Database) -> None:
    """Without `returning`, which would be refused for what it shows rather than for what it writes."""
    plant = "insert into engagement_events (user_id, event_type) values (%(id)s, 'a.b')"
    with pytest.raises(Refused):
        database.changed(OTHER, plant, id=UUID(ADA))
    assert database.changed(OTHER, plant, id=UUID(BO)) == 1


def test_a_service_records_for_a_user_it_names(events: EngagementEvents) -> None:
    (one,) = events.record(Identity.service(), [event(id=uuid4())], user_id=UUID(ADA)).ids
    assert events.find(ME, one) is not None
    with pytest.raises(NobodySignedIn):
        events.record(Identity.service(), [event()])


def test_nobody_records_for_an_account_that_is_gone(events: EngagementEvents) -> None:
    with pytest.raises(UnknownUser):
        events.record(Identity.user(uuid4()), [event()])


def test_deleted_is_gone_until_it_is_restored(events: EngagementEvents) -> None:
    one, two = events.record(ME, [event(1, id=uuid4()), event(2, id=uuid4())]).ids
    assert events.delete(ME, [one, uuid4()]) == [one]
    assert events.delete(ME, [one]) == []
    assert events.change(ME, one, {"n": 3}) is None
    assert one not in {row["id"] for row in events.last(ME)}
    found = events.find(ME, one)
    assert found is not None
    assert found["deleted_at"] is not None
    assert events.restore(ME, [one, two]) == [one]
    assert {row["id"] for row in events.last(ME)} >= {one, two}


def test_a_value_changes_and_nothing_else(events: EngagementEvents, database: Database) -> None:
    (one,) = events.record(ME, [event(id=uuid4())]).ids
    changed = events.change(ME, one, {"n": "new"})
    assert changed is not None
    assert changed["value"] == {"n": "new"}
    for column in ("user_id", "timestamp", "recorded_in", "event_type"):
        with pytest.raises(Refused):
            database.changed(ME, f"update public.engagement_events set {column} = {column}")  # type: ignore[arg-type]


def test_pages_have_each_event_once(events: EngagementEvents) -> None:
    at = NOW - timedelta(hours=1)
    ids = {uuid4() for _ in range(25)}
    events.record(ME, [NewEvent("test.tied", id=one, timestamp=at) for one in ids])
    found: list[UUID] = []
    before = Before(at + timedelta(microseconds=1), UUID(int=0))
    while rows := [
        row for row in events.last(ME, limit=10, before=before) if row["event_type"] == "test.tied"
    ]:
        found += [row["id"] for row in rows]
        before = Before(rows[-1]["timestamp"], rows[-1]["id"])
    assert len(found) == 25
    assert set(found) == ids


def test_counts(events: EngagementEvents, database: Database) -> None:
    session = uuid4()
    events.record(ME, [NewEvent("test.counted", {"thing": "t1"}, session_id=session) for _ in range(3)])
    row = next(
        row for row in events.counts(ME, NOW - timedelta(minutes=9)) if row["event_type"] == "test.counted"
    )
    assert (row["event_count"], row["session_count"]) == (3, 1)
    service = Identity.service()
    daily = events.daily(service, "test.counted", NOW - timedelta(minutes=9), NOW + timedelta(days=1))
    assert [(row["event_count"], row["people"]) for row in daily] == [(3, 1)]
    assert len(events.containing(service, {"thing": "t1"})) == 3
    assert events.containing(service, {"thing": "t2"}) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (NewEvent("Post Viewed"), "expected words like post.viewed"),
        (NewEvent("a" * 101), "expected words like post.viewed"),
        (NewEvent("a.b", {"n": float("nan")}), "what JSON can hold"),
        (NewEvent("a.b", {"n": "x" * 20_000}), "at most 16384 bytes"),
        (NewEvent("a.b", timestamp=NOW - timedelta(days=40)), "one of the last 31 days"),
        (NewEvent("a.b", timestamp=NOW + timedelta(hours=1)), "one of the last 31 days"),
        (NewEvent("a.b", timestamp=datetime(2026, 11, 1)), "with its zone"),
        (NewEvent("a.b", id=uuid4()), "give both"),
        (NewEvent("a.b", {"n": "\x00"}), "does not take"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_recorded(
    events: EngagementEvents, database: Database, wrong: NewEvent, says: str
) -> None:
    before = database.value(ME, "select count(*) from engagement_events")
    with pytest.raises(InvalidEvent, match=says):
        events.record(ME, [event(), wrong])
    assert database.value(ME, "select count(*) from engagement_events") == before


@pytest.mark.parametrize("size", [0, 501])
def test_batches_have_a_size(events: EngagementEvents, size: int) -> None:
    with pytest.raises(InvalidEvent, match=f"got {size} events"):
        events.record(ME, [event()] * size)


def sent_until_taken(events: EngagementEvents, batch: list[int], known: dict[int, NewEvent]) -> Recorded:
    while True:
        with suppress(TimedOut):
            return events.record(ME, [known[key] for key in batch])


KEYS = st.integers(0, 15)
BATCHES = st.lists(st.lists(KEYS, min_size=1, max_size=8), min_size=1, max_size=6)


@given(batches=BATCHES, actors=st.integers(1, 4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_again_is_recorded_once(
    events: EngagementEvents, database: Database, batches: list[list[int]], actors: int
) -> None:
    """Batches overlap, come concurrently and in any order, with the same event twice in one batch."""
    ids = [uuid4() for _ in range(16)]
    known = {
        key: NewEvent("test.once", {"n": key}, id=ids[key], timestamp=NOW - timedelta(seconds=key))
        for key in range(16)
    }
    with ThreadPoolExecutor(actors) as pool:
        answers = list(pool.map(lambda batch: sent_until_taken(events, batch, known), batches))
    sent = {ids[key] for batch in batches for key in batch}
    rows = database.rows(ME, f"{MINE} and id = any(%(ids)s)", id=UUID(ADA), ids=ids)  # type: ignore[arg-type]
    assert sorted(row["id"] for row in rows) == sorted(sent)
    said_new = [one for answer in answers for one in answer.new]
    assert sorted(said_new) == sorted(sent)


def test_partitions_hide_what_their_table_hides(copied: Deployed) -> None:
    with copied.connect() as connection:
        connection.execute("set local role authenticated")
        connection.execute("select set_config('app.user_id', %s, true)", [BO])
        month = f"engagement_events_{NOW:%Y_%m}"
        rows = connection.execute(f"select distinct user_id::text from public.{month}").fetchall()  # type: ignore[arg-type]
    assert rows == [{"user_id": BO}]
