"""Clients of `posts`, in a process of their own: four write and four read until their input ends.

usage: clients.py URL ROLE ROWS; prints `ready`, then how long the slowest statement took and what failed.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import psycopg

WRITERS = READERS = 4
PAUSE = 0.002


@dataclass
class Seen:
    """What the clients met."""

    statements: int = 0
    longest: float = 0.0
    errors: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def note(self, seconds: float, error: str | None) -> None:
        with self._lock:
            self.statements += 1
            self.longest = max(self.longest, seconds)
            if error and error not in self.errors:
                self.errors.append(error)


Work = Callable[[psycopg.Connection, int], None]


def write(connection: psycopg.Connection, rows: int) -> None:
    """Change one row, or add one."""
    if random.random() < 0.2:
        connection.execute(
            "insert into posts (title, status, views, author) values (gen_random_uuid(), 'ready', 1, 1)"
        )
        return
    changed = connection.execute(
        "update posts set views = (views + 1) %% 1000, status = 'draft' where id = %s",
        [random.randint(1, rows)],
    )
    if changed.rowcount != 1:
        raise AssertionError(f"{changed.rowcount} rows were there to update")


def read(connection: psycopg.Connection, rows: int) -> None:
    """Read one row, from the table or through the view."""
    query = random.choice(
        (
            "select views, title, mood from posts where id = %s",
            "select views, title from popular where id = %s",
        )
    )
    found = connection.execute(query, [random.randint(1, rows)]).fetchall()
    if len(found) != 1:
        raise AssertionError(f"{len(found)} rows were there to read")


def serve(url: str, role: str, rows: int, work: Work, seen: Seen, ready: list[Event], stop: Event) -> None:
    """Work until told to stop; a statement that fails is noted, and the next one follows."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute(f"set role {role}".encode())
        mine = Event()
        ready.append(mine)
        while not stop.is_set():
            began = time.perf_counter()
            error = None
            try:
                work(connection, rows)
            except (psycopg.Error, AssertionError) as failed:
                error = f"{work.__name__}: {str(failed).splitlines()[0]}"
            seen.note(time.perf_counter() - began, error)
            mine.set()
            time.sleep(PAUSE)


def main() -> None:
    """Start everybody, say when all have worked, and tell what they met."""
    url, role, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seen, ready, stop = Seen(), list[Event](), Event()
    works = [write] * WRITERS + [read] * READERS
    threads = [Thread(target=serve, args=(url, role, rows, work, seen, ready, stop)) for work in works]
    for thread in threads:
        thread.start()
    while len(ready) < len(threads):
        time.sleep(0.01)
    for event in ready:
        event.wait()
    seen.longest = 0.0
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"statements": seen.statements, "longest": seen.longest, "errors": seen.errors}))


if __name__ == "__main__":
    main()
