"""News of events: every one, once, to nobody else, whatever order transactions end in and whatever breaks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fix_platform import Deployed
from hypothesis import example, given, settings
from hypothesis import strategies as st
from people import ADA, BO

from gatepost.session import Database, Identity
from services.engagement_events import listener as listening
from services.engagement_events.delays import Delays
from services.engagement_events.drafts import NewEvent
from services.engagement_events.events import EngagementEvents
from services.engagement_events.listener import Listener, listener_of
from services.engagement_events.news import Cursor, News, read
from services.engagement_events.problems import InvalidCursor, NobodySignedIn, TooManySubscribers

ME, OTHER = Identity.user(ADA), Identity.user(BO)
INSERT = "insert into public.engagement_events (id, user_id, event_type) values (%s, %s, 'test.news')"


@contextmanager
def writer(database: Database, user: str = ADA) -> Iterator[psycopg.Connection[Any]]:
    """An open transaction of a user."""
    with psycopg.connect(database.url) as connection:
        connection.execute("set local role authenticated")
        connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": user})])
        yield connection
        connection.rollback()


def read_all(database: Database, cursor: Cursor, size: int = 500) -> tuple[list[UUID], Cursor]:
    news, cursor = news_since(database, cursor, size)
    return [one.event["id"] for one in news], cursor


def news_since(database: Database, cursor: Cursor, size: int) -> tuple[list[News], Cursor]:
    found: list[News] = []
    while True:
        page = read(database, ME, cursor, size)
        found += page.news
        cursor = page.cursor
        if not page.has_more:
            return found, cursor


def test_a_new_event_is_news_once_and_to_its_user_alone(database: Database) -> None:
    events = EngagementEvents(database)
    mine, theirs = read(database, ME, Cursor()).cursor, read(database, OTHER, Cursor()).cursor
    (one,) = events.record(ME, [NewEvent("test.news", {"n": 1})]).ids
    page = read(database, ME, mine)
    assert [news.event["id"] for news in page.news] == [one]
    assert page.news[0].event["value"] == {"n": 1}
    assert 0 <= page.news[0].delay_ms < 60_000
    assert read(database, ME, page.cursor).news == ()
    assert read(database, OTHER, theirs).news == ()
    # A cursor is no key: with another's one reads one's own events.
    assert read(database, OTHER, mine).news == ()


def test_who_commits_later_is_not_missed(database: Database) -> None:
    _, cursor = read_all(database, Cursor())
    early, late, never = uuid4(), uuid4(), uuid4()
    with writer(database) as first, writer(database) as second, writer(database) as third:
        first.execute(INSERT, [early, ADA])
        second.execute(INSERT, [late, ADA])
        third.execute(INSERT, [never, ADA])
        second.commit()
        found, cursor = read_all(database, cursor)
        assert found == [late]
        third.rollback()
        first.commit()
    assert read_all(database, cursor)[0] == [early]


def test_deleted_events_are_no_news(database: Database) -> None:
    events = EngagementEvents(database)
    _, cursor = read_all(database, Cursor())
    gone, stays = events.record(ME, [NewEvent("test.news"), NewEvent("test.news")]).ids
    events.delete(ME, [gone])
    assert read_all(database, cursor)[0] == [stays]


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["insert", "insert", "commit", "rollback", "read"]), st.integers(0, 3)),
    max_size=40,
)


@given(actions=ACTIONS, size=st.integers(1, 5), resumes=st.integers(0, 100))
@settings(max_examples=60, deadline=None)
@example(
    actions=[("insert", 0), ("insert", 1), ("commit", 1), ("read", 0), ("commit", 0)], size=1, resumes=0
).via("a page that is read to its end after an earlier transaction was committed")
@example(actions=[("insert", 0), ("insert", 0), ("commit", 0)], size=5, resumes=1).via(
    "who comes back in the middle of a page"
)
def test_every_order_of_transactions(
    database: Database, actions: list[tuple[str, int]], size: int, resumes: int
) -> None:
    """Committed events come once each, also to who comes back with the id of any event."""
    _, start = read_all(database, Cursor())
    cursor, delivered = start, list[News]()
    committed: set[UUID] = set()
    with ExitStack() as opened:
        open_: dict[int, tuple[psycopg.Connection[Any], set[UUID]]] = {}
        for action, number in actions:
            if action == "read":
                page = read(database, ME, cursor, size)
                delivered += page.news
                cursor = page.cursor
            elif action == "insert":
                if number not in open_:
                    open_[number] = opened.enter_context(writer(database)), set()
                one = uuid4()
                open_[number][0].execute(INSERT, [one, ADA])
                open_[number][1].add(one)
            elif number in open_:
                connection, ids = open_.pop(number)
                getattr(connection, action)()
                committed |= ids if action == "commit" else set()
    delivered += news_since(database, cursor, size)[0]
    came = [news.event["id"] for news in delivered]
    assert len(came) == len(committed)
    assert set(came) == committed
    places = [start, *(news.cursor for news in delivered)]
    for number in {resumes % len(places), len(places) // 2}:
        resumed, _ = read_all(database, Cursor.parse(str(places[number])), size)
        assert sorted(resumed) == sorted(came[number:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1:2",
        "1:2:3/4",
        "9" * 30 + ":1:",
        "1:1:/1:1:/5/not-a-uuid-but-of-thirty-six-chars-",
        "1:1:" + "1," * 9000,
    ],
)
def test_nonsense_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.parse(text)


@pytest.mark.parametrize("text", ["5:3:", "3:5:9", "999999999999:999999999999:"])
def test_places_that_cannot_be_are_refused(database: Database, text: str) -> None:
    with pytest.raises(InvalidCursor):
        read(database, ME, Cursor.parse(text))


def test_nobody_has_no_news(database: Database) -> None:
    with pytest.raises(NobodySignedIn):
        read(database, Identity.service(), Cursor())


def test_announcements_carry_ids_of_users_and_nothing_else(copied: Deployed, database: Database) -> None:
    with psycopg.connect(copied.url("authenticator"), autocommit=True) as connection:
        connection.execute("listen engagement_events")
        EngagementEvents(database).record(ME, [NewEvent("test.news", {"secret": "s3cr3t"}) for _ in range(5)])
        payloads = [one.payload for one in connection.notifies(timeout=3, stop_after=1)]
    assert payloads == [ADA]


class Subscriber:
    """Reads when it is woken, and only then."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self.found: list[UUID] = []
        self.wakes = 0
        self._database, self._identity = database, identity
        self._woken, self._ended = threading.Event(), threading.Event()
        self._cursor = read(database, identity, Cursor()).cursor
        self._thread = threading.Thread(target=self._run)

    def wake(self) -> None:
        self.wakes += 1
        self._woken.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            if self._woken.wait(0.05):
                self._woken.clear()
                self.read()

    def read(self) -> None:
        has_more = True
        while has_more:
            page = read(self._database, self._identity, self._cursor)
            self.found += [news.event["id"] for news in page.news]
            self._cursor, has_more = page.cursor, page.has_more

    @contextmanager
    def subscribed(self, listener: Listener) -> Iterator[Subscriber]:
        user = self._identity.user_id
        assert user is not None
        with listener.subscribed(user, self.wake):
            self._thread.start()
            try:
                yield self
            finally:
                self._ended.set()
                self._thread.join()


def eventually(check: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_one_connection_serves_many_subscribers(copied: Deployed, database: Database) -> None:
    listener = listener_of(database)
    assert listener_of(database) is listener
    with ExitStack() as opened:
        mine = [opened.enter_context(Subscriber(database, ME).subscribed(listener)) for _ in range(5)]
        other = opened.enter_context(Subscriber(database, OTHER).subscribed(listener))
        eventually(lambda: listener.is_listening)
        with copied.superuser() as connection:
            listeners = "select from pg_stat_activity where application_name = 'gatepost events'"
            assert connection.execute(listeners).rowcount == 1
        ids = EngagementEvents(database).record(ME, [NewEvent("test.news")]).ids
        eventually(lambda: all(one.found == list(ids) for one in mine))
        assert other.found == []
        assert other.wakes <= 1, "only when the listener began"
        assert listener.subscribers == 6
    assert listener.subscribers == 0
    eventually(lambda: not threads())


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "engagement events"]


@given(kills=st.integers(1, 6), size=st.integers(1, 20))
@settings(max_examples=4, deadline=None)
def test_nothing_is_lost_with_the_connection(
    copied: Deployed, database: Database, kills: int, size: int
) -> None:
    """The listening backend is terminated again and again while events come in."""
    listener = Listener(
        lambda: psycopg.connect(copied.url("authenticator"), autocommit=True, application_name="doomed")
    )
    events, sent = EngagementEvents(database), list[UUID]()
    with Subscriber(database, ME).subscribed(listener) as subscriber:
        for _ in range(kills):
            sent += events.record(ME, [NewEvent("test.news") for _ in range(size)]).ids
            eventually(lambda: terminate(copied, "doomed") > 0)
            sent += events.record(ME, [NewEvent("test.news") for _ in range(size)]).ids
        eventually(lambda: len(subscriber.found) >= len(sent))
        time.sleep(0.1)
    assert sorted(subscriber.found) == sorted(sent)
    assert listener.reconnects >= kills


def terminate(platform: Deployed, name: str) -> int:
    with platform.superuser() as connection:
        return connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s", [name]
        ).rowcount


def test_without_a_server_nobody_is_told_that_all_is_well() -> None:
    listener = Listener(lambda: psycopg.connect("postgresql://nobody@127.0.0.1:1/none", connect_timeout=1))
    assert listener.is_listening
    with listener.subscribed(UUID(ADA), lambda: None):
        eventually(lambda: listener.reconnects > 1)
        assert not listener.is_listening


def test_streams_have_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect() -> psycopg.Connection:
        raise psycopg.OperationalError

    listener = Listener(connect)
    with ExitStack() as opened:
        for _ in range(listening.MOST_PER_USER):
            opened.enter_context(listener.subscribed(UUID(ADA), lambda: None))
        with pytest.raises(TooManySubscribers, match="close one"):
            listener.check(UUID(ADA))
        listener.check(UUID(BO))
        monkeypatch.setattr(listening, "MOST_SUBSCRIBERS", listening.MOST_PER_USER)
        with pytest.raises(TooManySubscribers, match="later"), suppress(ZeroDivisionError):
            opened.enter_context(listener.subscribed(UUID(BO), lambda: None))


def test_percentiles_of_delays() -> None:
    delays = Delays()
    assert delays.percentiles() == {}
    for number in range(100, 0, -1):
        delays.add(float(number))
    assert delays.percentiles() == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
