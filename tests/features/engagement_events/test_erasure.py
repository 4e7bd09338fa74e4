"""Whoever is erased is nowhere any more, in no feature's table, and does not come back with a backup."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fix_platform import Deployed, copy_of
from hypothesis import given, settings
from hypothesis import strategies as st
from people import ACME, ADA, BO, CLEO, DAN, EVE, GLOBEX, INITECH
from psycopg.sql import SQL, Identifier

from gatepost.session import Database, Refused, SessionError
from gatepost.session import Identity as Who
from services.engagement_events.drafts import NewEvent
from services.engagement_events.erasure import Erasure
from services.engagement_events.events import EngagementEvents
from services.engagement_events.problems import ServiceOnly, UnknownUser

Connection = psycopg.Connection[dict[str, Any]]
SERVICE = Who.service()
TABLES = """
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname in ('public', 'app', 'monitoring')
"""
KEPT = {"public.security_events", "public.security_audit_log", "app.erased_users"}
"""Evidence and the tombstone: by their ids alone, which name nobody once the account is gone."""
NAMES = {ADA: "ada@acme", BO: "bo@acme", CLEO: "cleo@globex", DAN: "dan@globex", EVE: "eve@initech"}


def tables_with(connection: Connection, text: str) -> set[str]:
    """Where a text stands in any column of any row: asks the tables themselves, no register of columns."""
    found = set()
    for table in connection.execute(TABLES).fetchall():
        place = Identifier(table["schema"], table["name"])
        query = SQL("select from {} as t where strpos(t::text, %s) > 0 limit 1").format(place)
        if connection.execute(query, [text]).rowcount:
            found.add(f"{table['schema']}.{table['name']}")
    return found


def kept_tables(connection: Connection) -> set[str]:
    rows = connection.execute("select table_name from app.personal_data where on_erasure = 'keep'")
    return {row["table_name"] for row in rows}


@contextmanager
def rolled_back(platform: Deployed) -> Iterator[Connection]:
    with platform.superuser() as connection, connection.transaction(force_rollback=True):
        yield connection


def erase(connection: Connection, user: str) -> list[dict[str, Any]]:
    connection.execute("set local role service_role")
    rows = connection.execute("select * from app.delete_user_data(%s)", [user]).fetchall()
    connection.execute("reset role")
    return rows


@pytest.mark.parametrize("person", NAMES)
def test_nothing_of_a_person_is_left(copied: Deployed, person: str) -> None:
    with rolled_back(copied) as connection:
        before = tables_with(connection, person)
        assert before >= {"public.users", "public.memberships"}
        assert tables_with(connection, NAMES[person])
        steps = erase(connection, person)
        allowed = kept_tables(connection)
        assert allowed >= KEPT
        assert tables_with(connection, person) <= allowed
        assert tables_with(connection, NAMES[person]) == set()
        others = connection.execute("select count(*) as n from public.users").fetchone()
    assert others == {"n": len(NAMES) - 1}
    counted = {f"{step['table_name']}.{step['column_name']}": step["rows_erased"] for step in steps}
    assert counted["public.users.id"] == 1
    assert counted["public.engagement_events.user_id"] == 210


PLACES = st.fixed_dictionaries(
    {
        "events": st.integers(0, 30),
        "archived": st.integers(0, 5),
        "organizations": st.sets(st.sampled_from([ACME, GLOBEX, INITECH])),
        "colleagues": st.sets(st.sampled_from([ADA, BO, CLEO])),
        "made": st.sets(st.sampled_from([ACME, GLOBEX, INITECH])),
    }
)


@given(places=PLACES)
@settings(max_examples=8, deadline=None)
def test_nothing_is_left_wherever_a_user_was(copied: Deployed, places: dict[str, Any]) -> None:
    someone = str(uuid4())
    with rolled_back(copied) as connection:
        connection.execute("set local role service_role")
        connection.execute("insert into users (id, email) values (%s, %s)", [someone, f"{someone}@x.example"])
        connection.execute("select set_config('app.user_id', %s, true)", [someone])
        for organization in places["organizations"]:
            connection.execute("insert into memberships values (%s, %s, 'admin')", [organization, someone])
        for organization in places["made"]:
            connection.execute("update organizations set name = name || '!' where id = %s", [organization])
        for colleague in places["colleagues"]:
            connection.execute("update users set display_name = 'Changed' where id = %s", [colleague])
        connection.execute("select set_config('app.user_id', '', true)")
        connection.execute(
            "insert into engagement_events (user_id, event_type)"
            " select %s, 'a.b' from generate_series(1, %s)",
            [someone, places["events"]],
        )
        connection.execute(
            "insert into engagement_events_archive (user_id, event_type, recorded_at)"
            " select %s, 'a.b', now() from generate_series(1, %s)",
            [someone, places["archived"]],
        )
        steps = erase(connection, someone)
        assert tables_with(connection, someone) <= kept_tables(connection)
        names = connection.execute("select count(*) as n from organizations where name like '%!'").fetchone()
    assert names == {"n": len(places["made"])}, "what the user only changed stays"
    counted = {f"{step['table_name']}.{step['column_name']}": step["rows_erased"] for step in steps}
    assert counted["public.engagement_events.user_id"] == places["events"]
    assert counted["public.engagement_events_archive.user_id"] == places["archived"]
    assert counted["public.memberships.user_id"] == len(places["organizations"])
    assert counted["public.organizations.updated_by"] == len(places["made"])
    assert counted["public.users.updated_by"] == len(places["colleagues"])


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("alter table public.users add approved_by uuid", "users.approved_by"),
        ("revoke delete on public.memberships from service_role", "memberships.user_id"),
        ("drop policy memberships_service on public.memberships", "memberships.user_id"),
    ],
)
def test_what_erasure_cannot_reach_stops_it(copied: Deployed, fault: str, says: str) -> None:
    with rolled_back(copied) as connection:
        connection.execute(fault)  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match=says), connection.transaction():
            erase(connection, EVE)
        assert "public.users" in tables_with(connection, EVE)


def test_what_is_written_again_stops_it(copied: Deployed) -> None:
    with rolled_back(copied) as connection:
        connection.execute(
            "create function public.back() returns trigger language plpgsql as $$ begin"
            " insert into public.users (id, email) values (old.id, old.email); return null; end $$"
        )
        connection.execute(
            "create trigger back after delete on public.users for each row execute function public.back()"
        )
        with (
            pytest.raises(psycopg.errors.TriggeredActionException, match=r"public.users.id still has 1"),
            connection.transaction(),
        ):
            erase(connection, EVE)
        assert tables_with(connection, EVE) >= {"public.users", "public.memberships"}


def test_only_services_erase(database: Database, copied: Deployed) -> None:
    with pytest.raises(ServiceOnly):
        Erasure(database).erase(Who.user(ADA), UUID(EVE))
    with pytest.raises(Refused):
        database.rows(Who.user(EVE), "select app.delete_user_data(%(id)s)", id=UUID(EVE))
    with pytest.raises(SessionError, match="got no user"):
        database.rows(SERVICE, "select app.delete_user_data(null)")


def test_the_ledger_survives_a_restore(platform: Deployed, copied: Deployed) -> None:
    """A copy from before the erasure is what a restore brings back."""
    with copy_of(platform, platform) as live, copy_of(platform, platform) as restored:
        with Database(live.url("authenticator")) as database:
            steps = Erasure(database).erase(SERVICE, UUID(CLEO))
            assert any(step.rows_erased for step in steps)
            ledger = Erasure(database).ledger(SERVICE)
        assert [one.user_id for one in ledger] == [UUID(CLEO)]
        with Database(restored.url("authenticator")) as database:
            assert Erasure(database).replay(SERVICE, ledger) == [UUID(CLEO)]
            assert Erasure(database).replay(SERVICE, ledger) == []
            assert [one.user_id for one in Erasure(database).ledger(SERVICE)] == [UUID(CLEO)]
        with restored.superuser() as connection:
            assert tables_with(connection, CLEO) <= kept_tables(connection)


def test_what_is_recorded_meanwhile_waits_and_fails(clone: Deployed) -> None:
    """An event of somebody who is being erased is recorded before, and erased, or not at all."""
    with (
        Database(clone.url("authenticator"), lock_timeout=9) as database,
        clone.connect() as erasing,
        ThreadPoolExecutor(1) as pool,
    ):
        erasing.execute("set local role service_role")
        erasing.execute("select app.delete_user_data(%s)", [DAN])
        late = pool.submit(EngagementEvents(database).record, Who.user(DAN), [NewEvent("too.late")])
        wait_for_lock(clone)
        erasing.commit()
        with pytest.raises(UnknownUser):
            late.result()
    with clone.superuser() as connection:
        assert tables_with(connection, DAN) <= kept_tables(connection)


def wait_for_lock(platform: Deployed) -> None:
    with platform.superuser() as connection:
        for _ in range(200):
            waiting = connection.execute("select from pg_locks where not granted").rowcount
            if waiting:
                return
            connection.execute("select pg_sleep(0.02)")
    raise AssertionError("nobody waits")


def test_tombstones_stay(copied: Deployed) -> None:
    with rolled_back(copied) as connection:
        erase(connection, str(uuid4()))
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
            connection.transaction(),
        ):
            connection.execute("delete from app.erased_users")
