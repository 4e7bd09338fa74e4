"""A Supabase-shaped target: roles, `auth` and default privileges are there, the deployer is no superuser."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fix_platform import Deployed, Stage, deploy, resources_in
from people import ACME, ADA, BO, CLEO, GLOBEX
from servers import Server, as_user, at

SHAPE = Path(__file__).with_name("supabase_shape.sql")
PASSWORD = "supabase-test"


@pytest.fixture(scope="module")
def supabase(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A server of its own, prepared like a Supabase project's, with the platform deployed to it."""
    with server.fresh() as opened:
        prepare(opened)
        url = at(as_user(opened.superuser_url, "project_owner", PASSWORD), "project")
        backend = tmp_path_factory.mktemp("supabase")
        deploy(url, backend, {"platform:shape": "supabase", "platform:database": "project"})
        passwords = {"authenticator": PASSWORD, "monitor": ""}
        yield Deployed(opened, "project", passwords, resources_in(backend))


def prepare(server: Server) -> None:
    """Make what Supabase brings; `project_owner` stands for its role `postgres`."""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(
            "create role project_owner login createdb createrole bypassrls password 'supabase-test'"
        )
        connection.execute("create database project owner project_owner template template0")
    with psycopg.connect(at(server.superuser_url, "project"), autocommit=True) as connection:
        connection.execute(SHAPE.read_bytes())


@pytest.fixture
def project(supabase: Deployed) -> Iterator[Stage]:
    with supabase.connect() as connection:
        connection.execute("select 1")
        yield Stage(connection)
        connection.rollback()


def test_nothing_of_supabase_is_declared(supabase: Deployed) -> None:
    declared = {one["inputs"]["name"] for one in supabase.resources if one["type"].endswith(":Role")}
    assert declared == {"app_owner", "app_definer", "app_monitor", "monitor"}
    kinds = {one["type"].rpartition(":")[2] for one in supabase.resources}
    assert not kinds & {"Database", "Extension"}


@pytest.mark.parametrize(
    ("user", "organizations"), [(ADA, {ACME}), (BO, {ACME, GLOBEX}), (CLEO, {GLOBEX}), (None, set())]
)
def test_isolation(project: Stage, user: str | None, organizations: set[str]) -> None:
    for table in ("integrations", "workflow_execution_logs", "integration_dashboard", "memberships"):
        query = psycopg.sql.SQL("select distinct organization_id::text as id from {}")
        rows = project.as_user(user).run(query.format(psycopg.sql.Identifier(table)))
        assert {row["id"] for row in rows} == organizations


def test_our_identity_is_supabases(project: Stage) -> None:
    (row,) = project.as_user(ADA).run("select app.current_user_id() = auth.uid() as same")
    assert row["same"] is True


def test_admins_change_their_own_and_no_others(project: Stage) -> None:
    rename = "update integrations set name = 'x' where organization_id = %(o)s"
    assert project.as_user(ADA).count(rename, o=ACME) == 3
    assert project.as_user(ADA).count(rename, o=GLOBEX) == 0
    assert project.as_user(BO).count(rename, o=ACME) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "select from integrations",
        "select from users",
        "select from integration_dashboard",
        "insert into workflow_execution_logs (organization_id, workflow) values (gen_random_uuid(), 'w')",
        "select app.current_user_id()",
    ],
)
def test_default_privileges_let_anonymous_in_nowhere(project: Stage, statement: str) -> None:
    project.anonymous.denied(statement)


def test_default_privileges_did_exist(supabase: Deployed) -> None:
    """Without this, the tests above would prove nothing."""
    with psycopg.connect(
        at(as_user(supabase.superuser_url, "project_owner", PASSWORD), "project")
    ) as connection:
        connection.execute("create table public.stranger (id int)")
        row = connection.execute(
            "select has_table_privilege('anon', 'public.stranger', 'truncate')"
        ).fetchone()
        connection.rollback()
    assert row == (True,)


def test_no_finding_but_what_supabase_is(supabase: Deployed) -> None:
    with supabase.superuser() as connection:
        assert connection.execute("select * from monitoring.security_findings()").fetchall() == []


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_no_api_role_may_truncate(supabase: Deployed, role: str) -> None:
    with supabase.superuser() as connection:
        rows = connection.execute(
            "select oid::regclass::text as table from pg_class where relkind = 'r'"
            " and pg_get_userbyid(relowner) = 'app_owner' and has_table_privilege(%s, oid, 'truncate')",
            [role],
        ).fetchall()
    assert rows == []
