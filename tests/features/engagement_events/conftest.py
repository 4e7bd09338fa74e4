from collections.abc import Iterator

import pytest
from fix_platform import Deployed, copy_of

from gatepost.session import Database
from services.engagement_events.system_status import OPENING


@pytest.fixture(scope="module")
def copied(platform: Deployed) -> Iterator[Deployed]:
    """A copy of the platform that the tests of a module share."""
    with copy_of(platform, platform) as made:
        yield made


@pytest.fixture(scope="module")
def without_demo_events(copied: Deployed) -> None:
    """Take the demo events away, which are as old as the deployment: newer than what a long run calls now."""
    with copied.superuser() as connection:
        connection.execute("delete from public.engagement_events")


@pytest.fixture(scope="module")
def database(copied: Deployed) -> Iterator[Database]:
    """A pool of the authenticator's connections to it, which respects maintenance."""
    with Database(copied.url("authenticator"), opening=OPENING) as opened:
        yield opened
