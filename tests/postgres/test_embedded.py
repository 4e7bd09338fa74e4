"""The life of an embedded server: start, stop, status, reset, remove."""

from __future__ import annotations

import socket
import stat
import time
from pathlib import Path

import psycopg
import pytest

from gatepost.errors import ServerUnreachable, UsageError
from gatepost.postgres.embedded import EmbeddedServer

PURPOSE = {
    "max_connections": "100",
    "fsync": "on",
    "jit": "off",
    "TimeZone": "UTC",
    "client_connection_check_interval": "500ms",
    "track_io_timing": "on",
    "log_lock_waits": "on",
    "password_encryption": "scram-sha-256",
    "listen_addresses": "127.0.0.1",
}


def databases(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database").fetchall()}


def refused(**options: object) -> bool:
    try:
        psycopg.connect(user="deployer", dbname="postgres", password="wrong", **options).close()  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        return "password authentication failed" in str(error)
    return False


def test_first_start_gives_a_deployer_who_is_no_superuser(embedded: EmbeddedServer) -> None:
    with psycopg.connect(embedded.start().url, autocommit=True) as connection:
        found = connection.execute(
            "select rolsuper, rolcreatedb, rolcreaterole, rolbypassrls from pg_roles"
            " where rolname = current_user"
        ).fetchone()
        connection.execute("create role member_of_both")
        connection.execute("create role granted")
        connection.execute("grant granted to member_of_both")
    assert found == (False, True, True, False)


def test_password_is_asked_on_tcp_and_on_the_socket(embedded: EmbeddedServer) -> None:
    connection = embedded.start()
    assert refused(host=connection.host, port=connection.port)
    assert refused(host=str(connection.socket), port=connection.port)


def test_superuser_gets_in_by_the_socket(embedded: EmbeddedServer) -> None:
    connection = embedded.start("postgres")
    psycopg.connect(connection.url, host=str(connection.socket)).close()


def test_passwords_are_random_and_the_owners_alone(embedded: EmbeddedServer, project: Path) -> None:
    embedded.start()
    files = sorted(project.glob(".gatepost/postgres/18/*.password"))
    assert [file.name for file in files] == ["deployer.password", "postgres.password"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len({file.read_text() for file in files}) == 2
    assert embedded.connection().password not in repr(embedded.connection())


def test_settings_fit_the_purpose(project: Path, make_server) -> None:
    embedded = make_server(settings={})
    with psycopg.connect(embedded.start().url) as connection:
        found = {
            name: connection.execute("select current_setting(%s)", [name]).fetchone()[0] for name in PURPOSE
        }
    assert found == PURPOSE
    assert list(embedded.data.parent.glob("log/postgresql-*.log"))


def test_users_own_settings_win(embedded: EmbeddedServer) -> None:
    embedded.start()
    (embedded.data.parent / "local.conf").write_text("work_mem = '7MB'\n")
    (embedded.data.parent / "local.conf").chmod(0o644)
    embedded.stop()
    with psycopg.connect(embedded.start().url) as connection:
        assert connection.execute("show work_mem").fetchone() == ("7MB",)


@pytest.mark.parametrize("version", ["16", "18"])
def test_text_sorts_by_code_point_and_knows_letters(version: str, make_server) -> None:
    with psycopg.connect(make_server(version=version).start().url) as connection:
        found = connection.execute(
            "select array(select w from unnest(array['b', 'a', 'B', 'ä']) w order by w), upper('ä')"
        ).fetchone()
    assert found == (["B", "a", "b", "ä"], "Ä")


def test_start_again_is_quick_and_changes_nothing(embedded: EmbeddedServer) -> None:
    first = embedded.start()
    started = time.perf_counter()
    assert embedded.start() == first
    assert time.perf_counter() - started < 0.02


def test_port_is_remembered(embedded: EmbeddedServer) -> None:
    port = embedded.start().port
    embedded.stop()
    assert embedded.start().port == port


def test_port_is_chosen_again_when_somebody_else_has_it(embedded: EmbeddedServer) -> None:
    port = embedded.start().port
    embedded.stop()
    with socket.create_server(("127.0.0.1", port)):
        assert embedded.start().port != port
    psycopg.connect(embedded.url()).close()


def test_stop_says_whether_it_ran(embedded: EmbeddedServer) -> None:
    assert not embedded.stop()
    embedded.start()
    assert embedded.stop()
    assert not embedded.stop()


def test_stop_disconnects_clients(embedded: EmbeddedServer) -> None:
    with psycopg.connect(embedded.start().url, autocommit=True) as connection:
        embedded.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
        connection.close()


def test_status_follows_the_server(embedded: EmbeddedServer) -> None:
    before = embedded.status()
    connection = embedded.start()
    during = embedded.status()
    embedded.stop()
    after = embedded.status()
    assert (before.running, before.pid, before.port, before.size, before.url) == (False, None, None, 0, None)
    assert (during.running, during.port) == (True, connection.port)
    assert during.version.startswith("18.")
    assert during.size > 10_000_000
    assert during.url == f"postgresql://deployer@127.0.0.1:{connection.port}/postgres"
    assert (after.running, after.pid, after.port) == (False, None, connection.port)


def test_reset_empties_the_server_and_keeps_its_url(embedded: EmbeddedServer) -> None:
    url = embedded.start().url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create database precious")
    assert embedded.reset().url == url
    assert databases(url) == {"postgres", "template0", "template1"}


def test_remove_leaves_nothing(embedded: EmbeddedServer) -> None:
    connection = embedded.start()
    home = embedded.data.parent
    embedded.remove()
    assert not home.exists()
    assert not connection.socket.exists()


def test_url_needs_a_running_server_and_a_known_user(embedded: EmbeddedServer) -> None:
    with pytest.raises(ServerUnreachable, match="gatepost db start"):
        embedded.url()
    with pytest.raises(UsageError, match="choose deployer or postgres"):
        embedded.url("somebody")
    assert "/a%20b" in embedded.start(database="a b").url


def test_system_binaries_serve_as_well(make_server) -> None:
    from gatepost.postgres.binaries import find_binaries

    try:
        version = find_binaries(source="system").major
    except UsageError:
        pytest.skip("this machine has no PostgreSQL of its own")
    with psycopg.connect(make_server(version=version, source="system").start().url) as connection:
        assert str(connection.info.server_version // 10000) == version


def test_two_projects_do_not_meet(project: Path, make_server) -> None:
    one, other = make_server(project / "one"), make_server(project / "other")
    first, second = one.start(), other.start()
    assert first.port != second.port
    assert first.password != second.password
    one.stop()
    psycopg.connect(second.url).close()


def test_two_versions_do_not_meet(make_server) -> None:
    assert make_server(version="16").start().port != make_server(version="18").start().port


def test_long_path_gets_a_short_socket_folder(project: Path, make_server) -> None:
    embedded = make_server(project / ("deep" * 20) / "it's here")
    connection = embedded.start("postgres")
    assert len(bytes(connection.socket)) < 60
    assert stat.S_IMODE(connection.socket.stat().st_mode) == 0o700
    psycopg.connect(connection.url, host=str(connection.socket)).close()


def test_path_that_pg_ctl_does_not_take_is_refused(project: Path, make_server) -> None:
    with pytest.raises(UsageError, match="move the project"):
        make_server(project / "$HOME").start()
