"""The whole program: again it has nothing to do, nothing drifts, and destroyed it leaves nothing."""

from pathlib import Path

import psycopg
from fix_platform import deploy, deployment, let_deployer_read_statistics, run_program
from servers import Server

CONFIG = {"platform:environment": "local"}
LEFT = (
    "select (select count(*) from pg_roles where rolname ~ '^(app_|anon|auth|service_role|monitor)')"
    " + (select count(*) from pg_database where datname = 'platform')"
)


def test_life_of_the_program(fresh_server: Server, tmp_path: Path) -> None:
    url = fresh_server.deployer_url
    first = deploy(url, tmp_path, CONFIG)
    assert set(first.changes) == {"create"}
    again = deploy(url, tmp_path, CONFIG)
    assert again.changes == {"same": first.changes["create"]}
    with deployment(url, tmp_path, CONFIG) as stack:
        assert stack.drift() == []
        assert set(stack.refresh().changes) == {"same"}
        assert set(stack.preview(run_program).changes) == {"same"}


def test_statistics_are_granted_later(fresh_server: Server, tmp_path: Path) -> None:
    url = fresh_server.deployer_url
    deploy(url, tmp_path, CONFIG)
    let_deployer_read_statistics(fresh_server)
    changed = deploy(url, tmp_path, {**CONFIG, "platform:readStatistics": "true"})
    assert changed.changes["update"] == 1


def test_destroyed_it_leaves_nothing(fresh_server: Server, tmp_path: Path) -> None:
    config = {**CONFIG, "platform:approve": '["DELETES_DATA"]'}
    deploy(fresh_server.deployer_url, tmp_path, config)
    with deployment(fresh_server.deployer_url, tmp_path, config) as stack:
        stack.destroy()
    with psycopg.connect(fresh_server.superuser_url) as connection:
        assert connection.execute(LEFT).fetchone() == (0,)
