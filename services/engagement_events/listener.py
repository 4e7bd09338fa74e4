"""Wakes subscribers when they have news: one connection listens for all of them.

A notification carries a user's id and nothing else; who is woken reads under an identity of their own. A lost
connection loses nothing: once it is back everybody is woken, and reads on from a cursor.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Lock, Thread
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg.sql import SQL, Identifier

from gatepost.session import Database
from services.engagement_events.delays import Delays
from services.engagement_events.problems import TooManySubscribers

Wake = Callable[[], None]
CHANNEL = "engagement_events"
MOST_SUBSCRIBERS = 2_000
MOST_PER_USER = 20
_LOOK_UP = 0.5
"""Seconds between looks at whether anybody is still there."""
_SIGN_OF_LIFE = 15.0
_LONGEST_WAIT = 5.0
_log = logging.getLogger("gatepost.services")


class Listener:
    """The subscribers of one process; it listens while there is one."""

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        self.delays = Delays()
        self.reconnects = 0
        self._connect = connect
        self._lock = Lock()
        self._wakes: dict[str, list[Wake]] = {}
        self._listening = Event()
        self._thread: Thread | None = None

    @property
    def subscribers(self) -> int:
        """How many there are."""
        with self._lock:
            return sum(map(len, self._wakes.values()))

    @property
    def is_listening(self) -> bool:
        """Whether news come in, or nobody waits for any."""
        return self._listening.is_set() or not self.subscribers

    @contextmanager
    def subscribed(self, user_id: UUID, wake: Wake) -> Iterator[None]:
        """Call `wake`, which must not block, whenever the user may have news.

        :raises TooManySubscribers: the process or the user has as many as it may.
        """
        key = str(user_id)
        self._add(key, wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakes[key].remove(wake)
                if not self._wakes[key]:
                    del self._wakes[key]

    def check(self, user_id: UUID) -> None:
        """Refuse who could not subscribe now.

        :raises TooManySubscribers: the process or the user has as many as it may.
        """
        with self._lock:
            self._check(str(user_id))

    def _check(self, key: str) -> None:
        if sum(map(len, self._wakes.values())) >= MOST_SUBSCRIBERS:
            raise TooManySubscribers(f"{MOST_SUBSCRIBERS} streams are open here: try again later")
        if len(self._wakes.get(key, ())) >= MOST_PER_USER:
            raise TooManySubscribers(f"you have {MOST_PER_USER} streams open: close one")

    def _add(self, key: str, wake: Wake) -> None:
        with self._lock:
            self._check(key)
            self._wakes.setdefault(key, []).append(wake)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="engagement events", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = 0.05
        while not self._has_ended():
            try:
                with self._connect() as connection:
                    connection.execute(SQL("listen {}").format(Identifier(CHANNEL)))
                    self._listening.set()
                    pause = 0.05
                    # Whoever subscribed before may have missed something.
                    self._wake_all()
                    self._listen(connection)
            except psycopg.Error as error:
                self.reconnects += 1
                _log.warning("news of events are interrupted: %s", type(error).__name__)
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_WAIT)
            finally:
                self._listening.clear()

    def _has_ended(self) -> bool:
        with self._lock:
            if self._wakes:
                return False
            self._thread = None
            return True

    def _listen(self, connection: psycopg.Connection) -> None:
        heard = time.monotonic()
        while self.subscribers:
            for notification in connection.notifies(timeout=_LOOK_UP, stop_after=1):
                heard = time.monotonic()
                self._wake(notification.payload)
            if time.monotonic() - heard > _SIGN_OF_LIFE:
                connection.execute("select 1")
                heard = time.monotonic()

    def _wake(self, user_id: str) -> None:
        with self._lock:
            wakes = list(self._wakes.get(user_id, ()))
        for wake in wakes:
            wake()

    def _wake_all(self) -> None:
        with self._lock:
            wakes = [wake for mine in self._wakes.values() for wake in mine]
        for wake in wakes:
            wake()


_listeners: WeakKeyDictionary[Database, Listener] = WeakKeyDictionary()
_making = Lock()


def listener_of(database: Database) -> Listener:
    """Return the listener beside a pool: one a process."""
    with _making:
        if database not in _listeners:
            _listeners[database] = Listener(partial(_connected, database.url))
        return _listeners[database]


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True, application_name="gatepost events", connect_timeout=5)
