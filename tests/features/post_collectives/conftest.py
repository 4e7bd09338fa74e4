"""One copy of the platform for each module; after each test its rows are as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fix_platform import Deployed, copy_of
from gazette import Log
from psycopg.sql import SQL, Composed, Identifier

from gatepost.session import Database
from gatepost.session import Identity as Caller
from services.post_collectives import PostCollectiveService

KEPT = (
    "collectives",
    "collective_members",
    "posts",
    "post_collectives",
    "post_collective_audit_log",
    "post_drafts",
    "post_draft_saves",
    "comments",
    "reactions",
)
COLUMNS = (
    "select string_agg(quote_ident(attname), ', ') as columns from pg_attribute"
    " where attrelid = %s::regclass and attnum > 0 and attgenerated = '' and not attisdropped"
)

RESTORE = SQL("delete from {0}; insert into {0} ({1}) overriding system value select * from {2};")


@pytest.fixture(scope="module")
def copied(platform: Deployed) -> Iterator[Deployed]:
    with copy_of(platform, replace(platform, resources=())) as made:
        yield replace(made, resources=())


@pytest.fixture(scope="module")
def restoring(copied: Deployed) -> Composed:
    """The statements that bring every row back."""
    with copied.superuser() as connection:
        connection.execute("create schema kept")
        statements = []
        for table in KEPT:
            names = SQL(connection.execute(COLUMNS, [f"public.{table}"]).fetchall()[0]["columns"])
            public, kept = Identifier("public", table), Identifier("kept", table)
            connection.execute(SQL("create table {} as select {} from {}").format(kept, names, public))
            statements.append(
                SQL(
                    "delete from {0}; insert into {0} ({1}) overriding system value select * from {2};"
                ).format(public, names, kept)
            )
    return SQL("set session_replication_role = replica;") + SQL("").join(statements)


@pytest.fixture
def database(copied: Deployed, restoring: Composed) -> Iterator[Database]:
    """A pool of the authenticator's connections."""
    with Database(copied.url("authenticator")) as opened:
        yield opened
    with copied.superuser() as connection:
        connection.execute(restoring)


@pytest.fixture
def service(database: Database) -> PostCollectiveService:
    """The service on a copy of the platform, where it commits."""
    return PostCollectiveService(database)


@pytest.fixture
def audit_log(database: Database) -> Log:
    """Read what the audit log says since the test began, oldest first."""
    newest = "select coalesce(max(id), 0) from public.post_collective_audit_log"
    began = database.value(Caller.service(), newest)

    def read(operation: UUID | None = None) -> list[dict[str, Any]]:
        rows = database.rows(
            Caller.service(),
            "select * from public.post_collective_audit_log where id > %(began)s order by id",
            began=began,
        )
        return [row for row in rows if operation in (None, row["operation_id"])]

    return read
