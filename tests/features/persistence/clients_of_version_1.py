"""Clients of the first release in a process of their own: they read and write until their input ends.

usage: clients_of_version_1.py URL; prints "ready", then, as JSON, what they met.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from threading import Event, Thread

import psycopg

SHARED_GROUP = "00000000-0000-4000-8000-000000000f00"


@dataclass
class Met:
    """What one client met."""

    statements: int = 0
    longest: float = 0.0
    errors: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    """Students whose insertion was acknowledged."""
    counted: int = 0
    """Acknowledged increments of the group that all of a user's clients share."""
    vanished: int = 0
    """How often a list was shorter than before."""


class Client:
    """One client: everything it does is one transaction with its identity."""

    def __init__(self, url: str, user: str, profile: str) -> None:
        self.met = Met()
        self._connection = psycopg.connect(url, autocommit=True)
        self._claims, self._profile = json.dumps({"sub": user}), profile
        self._listed = 0

    def run(self, is_over: Event) -> None:
        while not is_over.is_set():
            for act in (self._add, self._count, self._list):
                began = time.monotonic()
                try:
                    act()
                except psycopg.Error as error:
                    self.met.errors.append(str(error))
                self.met.statements += 1
                self.met.longest = max(self.met.longest, time.monotonic() - began)

    def _ask(self, statement: str, *arguments: object) -> list[tuple[object, ...]]:
        with self._connection.transaction():
            self._connection.execute("set local role authenticated")
            self._connection.execute("select set_config('request.jwt.claims', %s, true)", [self._claims])
            return self._connection.execute(statement.encode(), arguments).fetchall()

    def _add(self) -> None:
        insert = "insert into students (name, profile_id) values ('New', %s) returning id::text"
        ((made,),) = self._ask(insert, self._profile)
        self.met.made.append(str(made))

    def _count(self) -> None:
        count = "update groups set name = (name::int + 1)::text where id = %s returning 1"
        self.met.counted += len(self._ask(count, SHARED_GROUP))

    def _list(self) -> None:
        query = "select count(*) from (select id, name from students where profile_id = %s) as s"
        ((count,),) = self._ask(query, self._profile)
        self.met.vanished += int(str(count)) < self._listed
        self._listed = int(str(count))


def main(url: str, user: str) -> None:
    clients = [Client(url, user, f"profile-{number}") for number in range(4)]
    is_over = Event()
    threads = [Thread(target=client.run, args=[is_over]) for client in clients]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    is_over.set()
    for thread in threads:
        thread.join()
    print(json.dumps([asdict(client.met) for client in clients]))


if __name__ == "__main__":
    main(*sys.argv[1:])
