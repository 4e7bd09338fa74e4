"""In maintenance users read and do not write; services go on, and ending it takes effect at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from fix_platform import Deployed
from people import ADA

from gatepost.session import Database, Identity, ReadOnly, Refused, SessionError, Transaction
from services.engagement_events.drafts import NewEvent
from services.engagement_events.events import EngagementEvents
from services.engagement_events.problems import ServiceOnly
from services.engagement_events.system_status import OPENING, Status, SystemStatus, maintenance_message

ME, SERVICE = Identity.user(ADA), Identity.service()
EVENT = NewEvent("test.maintained")


def read_and_write(transaction: Transaction, write: LiteralString) -> int:
    assert transaction.value("select count(*) from engagement_events") > 0
    return transaction.changed(write)


@pytest.fixture
def status(database: Database) -> Iterator[SystemStatus]:
    made = SystemStatus(database)
    yield made
    made.change(SERVICE, maintenance_mode=False)


def test_users_read_and_do_not_write(database: Database, status: SystemStatus) -> None:
    events = EngagementEvents(database)
    (one,) = events.record(ME, [EVENT]).ids
    status.change(SERVICE, maintenance_mode=True, message="Back at noon")
    assert maintenance_message(database) == "Back at noon"
    for write in (
        lambda: events.record(ME, [EVENT]),
        lambda: events.change(ME, one, {"n": 1}),
        lambda: events.delete(ME, [one]),
    ):
        with pytest.raises(ReadOnly):
            write()
    assert events.find(ME, one) is not None
    assert events.record(SERVICE, [EVENT], user_id=UUID(ADA)).new
    status.change(SERVICE, maintenance_mode=False)
    assert maintenance_message(database) is None
    assert events.record(ME, [EVENT]).new


def test_transactions_of_several_statements_are_read_only_too(
    database: Database, status: SystemStatus
) -> None:
    status.change(SERVICE, maintenance_mode=True)
    with pytest.raises(ReadOnly), database.transaction(ME) as transaction:
        read_and_write(transaction, "update engagement_events set value = '{}'")
    status.change(SERVICE, maintenance_mode=False)
    with database.transaction(ME) as transaction:
        assert read_and_write(transaction, "update engagement_events set value = '{}'") > 0


def test_one_cannot_write_oneself_out_of_it(database: Database, status: SystemStatus) -> None:
    status.change(SERVICE, maintenance_mode=True)
    with (
        pytest.raises(SessionError, match="transaction read-write mode"),
        database.transaction(ME) as transaction,
    ):
        read_and_write(transaction, "select set_config('transaction_read_only', 'off', true)")


def test_it_costs_no_round_trip(copied: Deployed, tmp_path: Path) -> None:
    with Database(copied.url("authenticator"), max_size=1, opening=OPENING) as single:
        events = EngagementEvents(single)
        events.last(ME)
        wire = single.take()
        single.give_back(wire)
        with (tmp_path / "trace").open("w") as file:
            wire.pgconn.trace(file.fileno())
            events.last(ME)
            wire.pgconn.untrace()
        lines = (tmp_path / "trace").read_text().splitlines()
    assert sum("\tSync" in line for line in lines) == 1
    assert sum("\tExecute" in line for line in lines) == 3, "identity, maintenance and the statement"


def test_as_the_guide_posts_it(copied: Deployed, database: Database, status: SystemStatus) -> None:
    """PostgREST makes an insert of the body `{"maintenance_mode": true, "message": …}`."""
    with copied.connect() as connection:
        connection.execute("set local role service_role")
        connection.execute(
            "insert into public.system_status (maintenance_mode, message)"
            " values (true, 'Migration in progress')"
        )
        connection.commit()
    found = status.current()
    assert (found.maintenance_mode, found.message) == (True, "Migration in progress")


def test_only_services_change_it_and_nobody_its_history(
    copied: Deployed, database: Database, status: SystemStatus
) -> None:
    with pytest.raises(ServiceOnly):
        status.change(ME, maintenance_mode=True)
    with pytest.raises(Refused):
        database.changed(ME, "insert into system_status (maintenance_mode) values (true)")
    status.change(SERVICE, maintenance_mode=False, message="over")
    with pytest.raises(Refused):
        database.changed(SERVICE, "delete from system_status")
    with (
        copied.superuser() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        connection.execute("delete from public.system_status")


def test_a_platform_that_never_was_in_maintenance_is_not(clone: Deployed) -> None:
    with Database(clone.url("authenticator")) as fresh:
        assert SystemStatus(fresh).current() == Status()
        assert maintenance_message(fresh) is None
