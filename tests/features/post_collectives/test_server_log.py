"""Refused statements of whoever connects directly, from the server's own log, each once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import servers
from fix_platform import PLATFORM, PROJECT, Deployed, deploy, derived_passwords, let_deployer_read_statistics
from fix_workspace import make_workspace, serving
from gazette import BO, GAZETTE, NOTES, UNFINISHED, WELCOME
from servers import FAST, Server, folder_for_server, guarded

from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.session import Database, Identity
from gatepost.web.clock import Surroundings
from services.post_collectives import PostCollectiveError, PostCollectiveService
from services.post_collectives.server_log import Follower, read, record_refusals

SECRET = "a-secret-in-a-statement"
LOGGING = {
    "logging_collector": "on",
    "log_destination": "stderr,jsonlog,csvlog",
    "log_filename": "server.log",
}
RECORDED = (
    "select action, outcome, database_role, error_code, detail, event_key, post_id"
    " from public.post_collective_audit_log where source = 'server_log' order by id"
)


@dataclass(frozen=True)
class Logged:
    """The platform on a server that keeps its log in a folder."""

    platform: Deployed
    folder: Path

    def file(self, kind: str) -> Path:
        return self.folder / f"server.{kind}"

    def position(self) -> int:
        return self.file("json").stat().st_size

    def wait_for(self, marker: str) -> None:
        """Wait until the collector has written a line of its own."""
        with self.platform.superuser() as connection, suppress(psycopg.Error):
            connection.execute(f"select '{marker}'::int".encode())
        deadline = time.monotonic() + 20
        while not all(marker in self.file(kind).read_text() for kind in ("json", "csv")):
            assert time.monotonic() < deadline, "the log's collector did not write"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    root = folder_for_server("gatepost-logged-")
    with guarded("embedded", str(root), "18", "wheel"):
        embedded = EmbeddedServer(root, "18", settings={**FAST, **LOGGING})
        embedded.start()
        server = Server(embedded.url(SUPERUSER), embedded.url(DEPLOYER), pytest.fail)
        let_deployer_read_statistics(server)
        config = {"platform:environment": "local", "platform:readStatistics": "true"}
        deploy(server.deployer_url, tmp_path_factory.mktemp("logged"), config)
        deployed = Deployed(server, PLATFORM, derived_passwords(server.deployer_url), [])
        yield Logged(deployed, embedded.data.parent / "log")


@pytest.fixture
def pool(logged: Logged) -> Iterator[Database]:
    with Database(logged.platform.url("authenticator")) as opened:
        yield opened


Recorded = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def recorded(logged: Logged, pool: Database) -> Recorded:
    """Read the log now, and return what was recorded since the test began."""
    logged.wait_for(f"began {time.monotonic_ns()}")
    record_refusals(pool, PLATFORM, [logged.file("json")])
    before = len(pool.rows(Identity.service(), RECORDED))

    def since() -> list[dict[str, Any]]:
        logged.wait_for(f"seen {time.monotonic_ns()}")
        record_refusals(pool, PLATFORM, [logged.file("json")])
        return pool.rows(Identity.service(), RECORDED)[before:]

    return since


def attempt(logged: Logged, statement: str, user: str = BO, role: str = "authenticated") -> None:
    """Do it by hand, as somebody with psql would; it is refused."""
    with logged.platform.connect(autocommit=True, application_name="psql") as connection:
        connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps({"sub": user})])
        connection.execute(f"set role {role}".encode())
        with pytest.raises(psycopg.Error):
            connection.execute(statement.encode())


SHARE = "insert into post_collectives (post_id, collective_id, sharing_settings) values ('{}', '{}', '{}')"


@pytest.mark.parametrize(
    ("statement", "action", "outcome", "code"),
    [
        (SHARE.format(UNFINISHED, NOTES, json.dumps({"note": SECRET})), "create", "refused", "42501"),
        (SHARE.format(WELCOME, GAZETTE, json.dumps({"note": SECRET})), "create", "refused", "23503"),
        (f"update post_collectives set sharing_settings = '[\"{SECRET}\"]'", "update", "refused", "23514"),
        ("update public.post_collectives set author_id = author_id", "update", "refused", "42501"),
        ("with x as (select 1) delete from post_collectives where 1 / 0 = 1", "remove", "refused", "22012"),
        ("truncate post_collectives", "remove", "refused", "42501"),
        ("copy post_collectives (post_id) from stdin", "create", "failed", "0A000"),
        ("select nothing from post_collectives", "other", "failed", "42703"),
    ],
)
def test_refused_statements_are_recorded_without_their_values(
    logged: Logged, recorded: Recorded, statement: str, action: str, outcome: str, code: str
) -> None:
    attempt(logged, statement)
    (row,) = recorded()
    assert (row["action"], row["outcome"], row["error_code"]) == (action, outcome, code)
    assert (row["database_role"], row["detail"]["application"]) == ("authenticator", "psql")
    assert SECRET not in str(row)
    assert row["post_id"] is None


def test_visitors_are_recorded_too(logged: Logged, recorded: Recorded) -> None:
    attempt(logged, "delete from post_collectives", role="anon")
    assert [row["error_code"] for row in recorded()] == ["42501"]


def test_other_statements_and_other_databases_are_not(logged: Logged, recorded: Recorded) -> None:
    attempt(logged, "update post_collective_audit_log set outcome = 'failed'")
    attempt(logged, "select from users where nothing")
    url = logged.platform.server.superuser_url
    with psycopg.connect(url, autocommit=True) as elsewhere, pytest.raises(psycopg.Error):
        elsewhere.execute("select from post_collectives")
    assert recorded() == []


def test_a_line_is_recorded_once_whoever_reads_it(logged: Logged, pool: Database, recorded: Recorded) -> None:
    attempt(logged, "delete from post_collectives", role="anon")
    assert len(recorded()) == 1
    assert len(recorded()) == 1
    for kind in ("json", "csv"):
        assert record_refusals(pool, PLATFORM, [logged.file(kind)]) == 0


def test_both_formats_say_the_same(logged: Logged, recorded: Recorded) -> None:
    attempt(logged, SHARE.format(UNFINISHED, NOTES, "{}") + '\n -- a line, with "quotes"')
    recorded()
    by_format = [read(logged.file(kind), PLATFORM)[0] for kind in ("json", "csv")]
    assert by_format[0] == by_format[1] != []


def test_what_a_service_wrote_down_is_not_recorded_again(
    logged: Logged, pool: Database, recorded: Recorded
) -> None:
    service = PostCollectiveService(pool)
    for _ in range(3):
        for post, collective in ((UNFINISHED, NOTES), (WELCOME, GAZETTE)):
            with pytest.raises(PostCollectiveError):
                service.create_post_collective_associations(Identity.user(BO), post, BO, [collective])
    assert recorded() == []


def test_who_pretends_to_be_a_service_is_recorded(logged: Logged, pool: Database, recorded: Recorded) -> None:
    with pytest.raises(Exception, match="row-level security"):
        pool.rows(
            Identity.user(BO),
            "insert into public.post_collectives (post_id, collective_id) values (%(p)s, %(c)s)",
            p=UNFINISHED,
            c=NOTES,
        )
    (row,) = recorded()
    assert (row["error_code"], row["detail"]["application"]) == ("42501", "gatepost serve")


def test_a_line_that_is_still_being_written_is_left(
    logged: Logged, recorded: Recorded, tmp_path: Path
) -> None:
    attempt(logged, "delete from post_collectives", role="anon")
    recorded()
    whole = logged.file("json").read_text()
    lines = [line for line in whole.splitlines(keepends=True) if "post_collectives" in line]
    cut = tmp_path / "server.json"
    cut.write_text("".join(lines)[:-1])
    assert len(read(cut, PLATFORM)[0]) == len(read(logged.file("json"), PLATFORM)[0]) - 1
    cut.write_text("no json\n" + "".join(lines))
    assert len(read(cut, PLATFORM)[0]) == len(read(logged.file("json"), PLATFORM)[0])


def test_follower_reads_on_where_it_was_and_a_file_that_began_anew_from_its_beginning(
    logged: Logged, pool: Database, recorded: Recorded, tmp_path: Path
) -> None:
    recorded()
    attempt(logged, "delete from post_collectives", role="anon")
    logged.wait_for(f"followed {time.monotonic_ns()}")
    line = [one for one in logged.file("json").read_text().splitlines() if "post_collectives" in one][-1]
    file, follower = tmp_path / "server.json", Follower()
    file.write_text("of before\n" * 1000)
    follower(Surroundings(pool, str(file)))
    file.write_text(line)
    follower(Surroundings(pool, str(file)))
    before = pool.rows(Identity.service(), RECORDED)
    with file.open("a") as more:
        more.write("\n")
    follower(Surroundings(pool, str(file)))
    assert len(pool.rows(Identity.service(), RECORDED)) == len(before) + 1


def test_nothing_to_follow_is_said_once(pool: Database, caplog: pytest.LogCaptureFixture) -> None:
    follower = Follower()
    for _ in range(2):
        follower(Surroundings(pool, "/nowhere/*.json"))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "GATEPOST_SERVER_LOG" in caplog.text


def test_served_platform_audits_refused_statements_and_runs_what_is_due(
    logged: Logged, pool: Database, tmp_path: Path
) -> None:
    """Nobody reads a log or calls a job here: the API's own process does, as the project's settings say."""
    own = servers.Database(PLATFORM, logged.platform.server.deployer_url, logged.platform.superuser_url)
    workspace = make_workspace(tmp_path, own)
    (workspace.root / "pyproject.toml").write_text((PROJECT / "pyproject.toml").read_text())
    workspace.environment |= {
        "PYTHONPATH": str(PROJECT),
        "GATEPOST_SERVE_DATABASE_URL": logged.platform.url("authenticator"),
        "GATEPOST_SERVER_LOG": str(logged.file("json")),
    }
    with logged.platform.superuser() as connection:
        connection.execute("update app.scheduled_jobs set next_run_at = now(), last_run_at = null")
    before = pool.rows(Identity.service(), RECORDED)
    with serving(workspace):
        attempt(logged, "delete from post_collectives", role="anon")
        deadline = time.monotonic() + 40
        while not (new := pool.rows(Identity.service(), RECORDED)[len(before) :]):
            assert time.monotonic() < deadline, "the refused statement did not come into the audit"
            time.sleep(0.1)
    assert [(row["error_code"], row["detail"]["application"]) for row in new] == [("42501", "psql")]
    with logged.platform.superuser() as connection:
        found = connection.execute("select name, last_run_at, last_error from app.scheduled_jobs").fetchall()
    assert [row for row in found if row["last_run_at"] is None or row["last_error"]] == []
