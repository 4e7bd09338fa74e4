"""A copy of the platform a module, and people of their own a test."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from fix_platform import Deployed, copy_of

from gatepost.session import Database, Identity
from services.persistence.migration import MigrationService
from services.persistence.sync import SyncService


@pytest.fixture(scope="module")
def clone(platform: Deployed) -> Iterator[Deployed]:
    with copy_of(platform, platform) as copied:
        yield copied


@pytest.fixture(scope="module")
def database(clone: Deployed) -> Iterator[Database]:
    with Database(clone.url("authenticator")) as opened:
        yield opened


@pytest.fixture(scope="module")
def sync(database: Database) -> SyncService:
    return SyncService(database)


@pytest.fixture(scope="module")
def migration(database: Database) -> MigrationService:
    return MigrationService(database)


def account(database: Database) -> Identity:
    made = "insert into public.users (email) values (%(email)s) returning id"
    return Identity.user(database.value(Identity.service(), made, email=f"{uuid4()}@acme.example"))


@pytest.fixture
def me(database: Database) -> Identity:
    """An account that nobody had before."""
    return account(database)


@pytest.fixture
def other(database: Database) -> Identity:
    return account(database)


@pytest.fixture
def guest() -> Identity:
    """A guest who was never here before."""
    return Identity.guest(f"guest-{uuid4()}")


@pytest.fixture
def other_guest() -> Identity:
    return Identity.guest(f"guest-{uuid4()}")
