"""Locust's users of a rehearsal: clients that read and write the tables that the deployment touches.

They stand for all clients: with the rights of a superuser and without triggers, as only their locks matter.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import locust
import psycopg
from psycopg import sql

from gatepost.gates.rehearsal.disturbance import TABLES
from gatepost.load import recording  # what it listens to writes the result down
from gatepost.load.background import READY
from gatepost.load.run import DATABASE

_ORPHANED_SECONDS = 0.5
__all__ = ["Reader", "Writer", "recording"]


class _Client(locust.User):
    abstract = True
    wait_time = locust.between(0.005, 0.02)

    def on_start(self) -> None:
        """Connect, and choose from what there is."""
        self.tables = [tuple(one) for one in json.loads(os.environ.get(TABLES, "[]"))]
        self.connection = psycopg.connect(os.environ[DATABASE], autocommit=True, application_name="client")
        self.connection.execute("set session_replication_role = replica")

    def on_stop(self) -> None:
        """Disconnect."""
        self.connection.close()

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time the block as one request; what PostgreSQL refuses is a failure."""
        started, failure = time.perf_counter(), None
        try:
            yield
        except psycopg.Error as error:
            failure = error
        recording.fire(self.environment, name, started, failure)
        Path(os.environ[READY]).touch()


class Reader(_Client):
    """Reads a row."""

    @locust.task
    def read(self) -> None:
        """Read any row of any table."""
        schema, name, _ = random.choice(self.tables)  # noqa: S311 - only which one
        with self.timed(f"read {schema}.{name}"):
            self.connection.execute(sql.SQL("select 1 from {} limit 1").format(sql.Identifier(schema, name)))


class Writer(_Client):
    """Writes a row, as it is."""

    @locust.task
    def write(self) -> None:
        """Write a row that nobody else writes at the moment."""
        schema, name, column = random.choice(self.tables)  # noqa: S311 - only which one
        table = sql.Identifier(schema, name)
        statement = sql.SQL(
            "update {table} set {column} = {column} where ctid in"
            " (select ctid from {table} order by random() limit 1 for update skip locked)"
        ).format(table=table, column=sql.Identifier(column))
        with self.timed(f"write {schema}.{name}"):
            self.connection.execute(statement)


def _end_with_parent(parent: int) -> None:
    """End when the rehearsal is killed: nobody else would end this."""
    while os.getppid() == parent:
        time.sleep(_ORPHANED_SECONDS)
    os._exit(1)


threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
