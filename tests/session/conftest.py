import pytest

from gatepost.session import Database


@pytest.fixture
def database(platform_database: Database) -> Database:
    """A pool of the authenticator's connections to a copy of the platform."""
    return platform_database
