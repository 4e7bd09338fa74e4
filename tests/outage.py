"""A database that is away for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fix_platform import Deployed
from psycopg.sql import SQL, Identifier


@contextmanager
def away(clone: Deployed) -> Iterator[None]:
    """Take a database away: nobody gets in, and whoever is in is thrown out."""
    allow = SQL("alter database {} with allow_connections {}")
    with clone.server_connection() as connection:
        connection.execute(allow.format(Identifier(clone.name), SQL("false")))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [clone.name]
        )
        try:
            yield
        finally:
            connection.execute(allow.format(Identifier(clone.name), SQL("true")))
