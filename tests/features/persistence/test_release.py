"""From the first release to the second with rows in the tables and clients at work."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from clients_of_version_1 import SHARED_GROUP
from fix_platform import PLATFORM, Deployed, deploy, derived_passwords, let_deployer_read_statistics
from people import ADA, BO
from psycopg.rows import dict_row
from servers import Server

from gatepost.errors import UsageError
from gatepost.targets import LONGEST_WAIT
from infra.persistence_releases import LATEST, RELEASES, numbered

CLIENTS = Path(__file__).with_name("clients_of_version_1.py")
ROWS = 20_000
FILL = f"""
insert into profiles (id, user_id) select 'profile-' || n, '{ADA}' from generate_series(0, 3) as n;
insert into profiles (id, user_id) values ('of-bo', '{BO}'), ('unclaimed', null);
insert into groups (id, profile_id, name) values ('{SHARED_GROUP}', 'profile-0', '0');
insert into students (profile_id, name)
select (array['profile-0', 'profile-1', 'of-bo', 'unclaimed'])[n % 4 + 1], 'Student ' || n
from generate_series(1, {ROWS}) as n;
insert into attendance_records (profile_id, student_id, held_on)
select profile_id, id, '2026-01-01' from students;
analyze students, attendance_records;
"""


@dataclass(frozen=True)
class Upgrade:
    """A server on which the first release runs with rows, and what deploys the second."""

    server: Server
    backend: Path

    def deploy(self, release: int) -> dict[str, int]:
        config = {
            "platform:environment": "local",
            "platform:readStatistics": "true",
            "platform:persistenceRelease": str(release),
            "platform:approve": '["CHANGES_ACCESS", "WIDENS_ACCESS"]',
        }
        return dict(deploy(self.server.deployer_url, self.backend, config).changes)

    @property
    def platform(self) -> Deployed:
        return Deployed(self.server, PLATFORM, derived_passwords(self.server.deployer_url), [])

    def clients(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(CLIENTS), self.platform.url("authenticator"), ADA]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def sql(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(
            self.platform.superuser_url, autocommit=True, row_factory=dict_row
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def upgraded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Upgrade, list[Any]]]:
    """The second release, deployed while clients of the first were at work, and what they met."""
    with server.fresh() as fresh:
        let_deployer_read_statistics(fresh)
        upgrade = Upgrade(fresh, tmp_path_factory.mktemp("releases"))
        upgrade.deploy(1)
        upgrade.sql(FILL)
        with upgrade.clients() as clients:
            assert clients.stdout
            assert clients.stdout.readline() == "ready\n"
            upgrade.deploy(2)
            told, _ = clients.communicate()
        yield upgrade, json.loads(told)


def test_no_client_failed_and_none_waited_long(upgraded: tuple[Upgrade, list[Any]]) -> None:
    _, met = upgraded
    longest = max(one["longest"] for one in met)
    statements = sum(one["statements"] for one in met)
    print(f"\nrelease 1 to 2 under 4 clients: {statements} transactions, worst wait {longest * 1000:.0f} ms")
    assert [one["errors"] for one in met] == [[]] * 4
    assert statements > 100
    assert LONGEST_WAIT.holds(longest)


def test_nothing_that_was_acknowledged_is_lost(upgraded: tuple[Upgrade, list[Any]]) -> None:
    upgrade, met = upgraded
    (group,) = upgrade.sql(f"select name, user_id::text as user from groups where id = '{SHARED_GROUP}'")
    assert group == {"name": str(sum(one["counted"] for one in met)), "user": ADA}
    made = {student for one in met for student in one["made"]}
    stored = upgrade.sql("select id::text, user_id::text as user, owner from students where name = 'New'")
    assert {row["id"] for row in stored} == made
    assert {(row["user"], row["owner"]) for row in stored} == {(ADA, ADA)}


def test_no_list_flashed(upgraded: tuple[Upgrade, list[Any]]) -> None:
    assert [one["vanished"] for one in upgraded[1]] == [0] * 4


FILLED = """
select
    r.user_id is not distinct from p.user_id and r.owner is not distinct from p.user_id::text as right,
    r.user_id is null as unclaimed,
    count(*)
from {table} as r
join profiles as p on p.id = r.profile_id
where r.profile_id in ('of-bo', 'unclaimed')
group by 1, 2
order by 2
"""


@pytest.mark.parametrize("table", ["students", "attendance_records"])
def test_every_claimed_row_got_its_user(upgraded: tuple[Upgrade, list[Any]], table: str) -> None:
    assert upgraded[0].sql(FILLED.format(table=table)) == [
        {"right": True, "unclaimed": False, "count": ROWS // 4},
        {"right": True, "unclaimed": True, "count": ROWS // 4},
    ]


def test_filling_in_the_user_is_no_change_of_a_row(upgraded: tuple[Upgrade, list[Any]]) -> None:
    assert upgraded[0].sql("select distinct version from attendance_records") == [{"version": 1}]


def test_the_release_is_complete(upgraded: tuple[Upgrade, list[Any]]) -> None:
    assert set(upgraded[0].deploy(2)) == {"same"}
    assert upgraded[0].sql("select indexrelid::regclass from pg_index where not indisvalid") == []


def test_releases_are_counted_from_one_and_others_are_refused() -> None:
    assert [release.number for release in RELEASES] == list(range(1, LATEST + 1))
    with pytest.raises(UsageError, match="no release 3: there are 1, 2"):
        numbered(3)
