"""A collective with members has an owner, whoever removes, demotes or leaves, and at whatever moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fix_platform import Deployed
from gazette import GAZETTE, NOTES, WORKSHOP
from people import ADA, BO, CLEO, EVE

from gatepost.session import Database, Identity, Invalid
from services.engagement_events.erasure import Erasure

LEAVE = "delete from collective_members where collective_id = %(c)s and user_id = %(u)s"
DEMOTE = "update collective_members set role = 'member' where collective_id = %(c)s and user_id = %(u)s"
PROMOTE = "update collective_members set role = 'owner' where collective_id = %(c)s and user_id = %(u)s"
OWNERS = (
    "select user_id::text as id from collective_members where collective_id = %(c)s and role = 'owner'"
    " order by user_id"
)


def owners(database: Database, collective: str) -> list[str]:
    rows = database.rows(Identity.service(), OWNERS, c=UUID(collective))
    return [str(row["id"]) for row in rows]


@pytest.mark.parametrize("statement", [LEAVE, DEMOTE], ids=["leave", "demote"])
@pytest.mark.parametrize(("who", "collective"), [(ADA, GAZETTE), (EVE, NOTES)])
def test_the_last_owner_stays(platform_database: Database, statement: Any, who: str, collective: str) -> None:
    with pytest.raises(Invalid, match="no owner") as caught:
        platform_database.changed(Identity.user(who), statement, c=UUID(collective), u=UUID(who))
    assert caught.value.constraint == "collective_members_last_owner"
    assert caught.value.hint == "make another member an owner first, or delete the collective"
    assert owners(platform_database, collective) == [who]


def test_what_counts_is_how_the_transaction_ends(platform_database: Database) -> None:
    gazette = UUID(GAZETTE)
    with platform_database.transaction(Identity.user(ADA)) as tx:
        tx.changed(PROMOTE, c=gazette, u=UUID(CLEO))
        tx.changed(DEMOTE, c=gazette, u=UUID(ADA))
    assert owners(platform_database, GAZETTE) == [CLEO]


def test_the_owners_themselves_delete_the_collective(platform_database: Database) -> None:
    deleted = platform_database.changed(
        Identity.user(EVE), "delete from collectives where id = %(c)s", c=UUID(NOTES)
    )
    assert deleted == 1
    assert owners(platform_database, NOTES) == []


def test_who_is_erased_leaves_the_collective_to_the_next_in_rank(platform_database: Database) -> None:
    erase = Erasure(platform_database).erase
    erase(Identity.service(), UUID(ADA))
    assert owners(platform_database, GAZETTE) == [CLEO]
    erase(Identity.service(), UUID(CLEO))
    assert owners(platform_database, GAZETTE) == [BO]
    assert owners(platform_database, WORKSHOP) == [BO]
    erase(Identity.service(), UUID(EVE))
    assert owners(platform_database, NOTES) == []


@contextmanager
def transaction(clone: Deployed, user: str, level: str) -> Iterator[psycopg.Connection[Any]]:
    with clone.connect() as connection:
        connection.isolation_level = psycopg.IsolationLevel[level]
        connection.execute("set local role authenticated")
        connection.execute("select set_config('app.user_id', %s, true)", [user])
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()


REFUSED = (psycopg.errors.CheckViolation, psycopg.errors.SerializationFailure)


@pytest.mark.parametrize("level", ["READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE"])
@pytest.mark.parametrize("statements", [(LEAVE, LEAVE), (DEMOTE, DEMOTE), (LEAVE, DEMOTE)])
def test_two_owners_remove_each_other_at_once(
    clone: Deployed, platform_database: Database, statements: tuple[Any, Any], level: str
) -> None:
    barrier = Barrier(2)

    def remove(who: str, whom: str, statement: Any) -> bool:
        try:
            with transaction(clone, who, level) as connection:
                changed = connection.execute(statement, {"c": GAZETTE, "u": whom}).rowcount
                assert changed == 1
                barrier.wait(20)
        except REFUSED:
            return False
        return True

    for _ in range(5):
        platform_database.changed(
            Identity.service(),
            "insert into collective_members (collective_id, user_id, role)"
            " select %(c)s::uuid, u, 'owner' from unnest(%(us)s::uuid[]) as u"
            " on conflict (collective_id, user_id) do update set role = 'owner'",
            c=UUID(GAZETTE),
            us=[UUID(ADA), UUID(CLEO)],
        )
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(remove, (ADA, CLEO), (CLEO, ADA), statements))
        assert done.count(True) == 1, done
        assert len(owners(platform_database, GAZETTE)) == 1
