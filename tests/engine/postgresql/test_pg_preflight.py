"""What would fail at the server is found in a preview, before anything is made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from psycopg import sql
from pulumi.provider.experimental import provider as api

from gatepost.errors import ObjectExists, PermissionMissing
from tests.engine.postgresql.conftest import Pg, Stack


@pytest.fixture
def weak(pg: Pg) -> Iterator[Stack]:
    """A deployer that may make neither roles nor databases."""
    pg.query(sql.SQL("alter role deployer nocreaterole nocreatedb"))
    yield Stack(pg)
    pg.query(sql.SQL("alter role deployer createrole createdb"))


@pytest.mark.parametrize(("kind", "right"), [("Role", "createrole"), ("Database", "createdb")])
def test_right_that_is_missing(weak: Stack, kind: str, right: str) -> None:
    with pytest.raises(
        PermissionMissing, match=rf'"thing": "deployer" may not create .*: alter role .* {right}'
    ):
        weak.preview(kind, "thing", name="thing")


@pytest.mark.parametrize("kind", ["Role", "Database"])
def test_name_that_is_taken(stack: Stack, kind: str) -> None:
    stack.preview(kind, "first", name="taken")
    stack.create(kind, "first", name="taken")
    with pytest.raises(ObjectExists, match=r'"second": .* "taken" already exists.*import_="taken"'):
        stack.preview(kind, "second", name="taken")


def test_replacement_may_take_the_name_of_what_it_replaces(stack: Stack) -> None:
    made = stack.create("Database", "first", name="same", template="template0")
    assert stack.diff(made, encoding="LATIN1", lcCollate="C", lcCtype="C").replaces
    checked = stack.checked("Database", "first", name="same", encoding="LATIN1", lcCollate="C", lcCtype="C")
    asyncio.run(stack.provider.create(api.CreateRequest(made.urn, checked, 0, True)))
