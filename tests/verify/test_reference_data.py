"""Reference data that was taken away or changed by hand fails the proof; nothing of the check stays."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from fix_platform import Deployed

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check
from gatepost.verify.declared import Declared, Source
from gatepost.verify.reference_data import check_reference_data

UPSERT = """insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('public.users', 'id', 'delete', 'the account itself'),
('public.users', 'created_by', 'anonymize', 'the account belongs to somebody else')
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason"""
INSERT = """insert into public.integration_types (type, name)
values ('fax', 'Fax'), ('email', 'E-mail') on conflict do nothing"""
ONCE = "insert into public.integration_types (type, name) values ('fax', 'Fax')"
THERE = {"rows": "every row is there"}


@pytest.fixture
def connection(platform: Deployed) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(platform.superuser_url) as opened:
        opened.execute("set local role app_owner")
        yield opened
        opened.rollback()


def check(statement: str, connection: psycopg.Connection[tuple[object, ...]]) -> Check:
    source = Source("gatepost", {"username": "deployer", "role": "app_owner"})
    declared = Declared("ReferenceData", "rows", "posts", {"sql": statement, "file": "rows.sql"})
    [found] = check_reference_data(declared, source, Catalog(connection))
    return found


@pytest.mark.parametrize("statement", [UPSERT, INSERT])
def test_rows_as_declared_pass(statement: str, connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute(statement.encode())
    found = check(statement, connection)
    assert (found.found, found.note) == (THERE, "")


def test_missing_row_fails_and_stays_missing(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    for _ in range(2):
        found = check(INSERT, connection)
        assert found.found == {"rows": "1 missing in integration_types"}
        assert not found.ok


def test_changed_row_fails_and_stays_changed(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute(UPSERT.encode())
    connection.execute("update app.personal_data set on_erasure = 'keep' where column_name = 'created_by'")
    for _ in range(2):
        assert check(UPSERT, connection).found == {"rows": "1 changed in app.personal_data"}


def test_statement_that_runs_once_passes_and_says_so(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    connection.execute(ONCE)
    found = check(ONCE, connection)
    assert found.ok
    assert "not run again: duplicate key" in found.note


def test_table_that_is_gone_fails(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute("drop table public.integration_types cascade")
    assert check(INSERT, connection).found == {"rows": 'relation "public.integration_types" does not exist'}
