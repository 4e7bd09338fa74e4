"""A throw-away copy of a database's structure on the same server: cases never run on the target."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gatepost.errors import GatepostError, PermissionMissing
from gatepost.postgres.connect import Target, connect, translating
from gatepost.postgres.dump import Entry, dump_structure

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

PREFIX = "gatepost_isolation_"
_LEFT_OUT = frozenset(
    {"EVENT TRIGGER", "PUBLICATION", "PUBLICATION TABLE", "SUBSCRIPTION", "COMMENT", "DATABASE"}
)
"""What no row's isolation depends on, and some of which only a superuser makes."""
_OWNER = "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
_UNLIMITED = "set statement_timeout = 0; set check_function_bodies = off; set search_path = ''"


class NotCloned(GatepostError):
    """The structure cannot be made again as it is: nothing is proved."""


@dataclass(frozen=True)
class Clone:
    """A database with the structure of another, and no rows."""

    target: Target
    """As the deployer who owns it."""


@contextmanager
def clone_of(target: Target) -> Iterator[Clone]:
    """Make a clone, and drop it when the block ends, however it ends.

    :raises NotCloned: names the object that cannot be made again.
    """
    name = f"{PREFIX}{os.getpid()}_{secrets.token_hex(3)}"
    with connect(target) as connection:
        version = connection.info.server_version
        entries = dump_structure(target, version, "--no-publications", "--no-subscriptions", "--no-comments")
        _drop_abandoned(connection)
        _make(connection, name)
    copy = replace(target, database=name, role=None)
    try:
        _restore(copy, entries)
        yield Clone(copy)
    finally:
        with connect(target) as connection:
            _drop(connection, name)


def _make(connection: Connection, name: str) -> None:
    from psycopg import sql

    # Who owns the database may create in its schema public.
    create = sql.SQL("create database {} template template0 owner {}")
    with translating(f'making the clone "{name}"'):
        row = connection.execute(_OWNER).fetchone()
        assert row is not None
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(str(row[0]))))


def _drop(connection: Connection, name: str) -> None:
    """Drop a clone; PostgreSQL itself ends an autovacuum there, which the deployer may not."""
    import psycopg
    from psycopg import sql

    drop = sql.SQL("drop database if exists {}").format(sql.Identifier(name))
    try:
        connection.execute(drop)
    except psycopg.errors.ObjectInUse:
        connection.execute(drop + sql.SQL(" with (force)"))


def _drop_abandoned(connection: Connection) -> None:
    """Drop the clones of proofs that were killed: nobody is connected to them."""
    import psycopg

    found = connection.execute(
        "select d.datname from pg_database as d"
        " where d.datname like %s and pg_has_role(d.datdba, 'member') and not exists"
        " (select from pg_stat_activity as a where a.datname = d.datname)",
        [PREFIX.replace("_", r"\_") + "%"],
    ).fetchall()
    for (name,) in found:
        with suppress(psycopg.errors.ObjectInUse):
            _drop(connection, str(name))


def _restore(target: Target, entries: Iterable[Entry]) -> None:
    import psycopg

    wanted = [one for one in entries if one.type not in _LEFT_OUT]
    with connect(target, search_path="") as connection:
        connection.execute(_UNLIMITED)
        with connection.transaction():
            for entry in sorted(wanted, key=_stage):
                try:
                    connection.execute(entry.sql.encode())
                except psycopg.Error as error:
                    raise _not_cloned(entry, error) from None


def _stage(entry: Entry) -> int:
    """Who owns a function in a schema must be allowed to create there before it is made."""
    if entry.type == "SCHEMA":
        return 0
    return 1 if entry.type == "ACL" and entry.name.startswith("SCHEMA ") else 2


def _not_cloned(entry: Entry, error: Exception) -> GatepostError:
    import psycopg

    assert isinstance(error, psycopg.Error)
    what = f"{entry.type.lower()} {entry.name} cannot be made again in the clone"
    kind = PermissionMissing if error.sqlstate == "42501" else NotCloned
    return kind(f"{what}: {error.diag.message_primary}: nothing is proved until the deployer can make it")
