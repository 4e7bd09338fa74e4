"""Every change of an association is written down with it, by nobody's leave, and stays as it was written."""

import json

import psycopg
import pytest
from fix_platform import Deployed, Stage
from gazette import GAZETTE, LETTER, UNFINISHED, WELCOME, WORKSHOP
from people import ADA, BO, CLEO, DAN, EVE

NEWEST = (
    "select action, outcome, post_id::text as post, collective_id::text as collective,"
    " author_id::text as author, user_id::text as by, database_role as role, source, detail"
    " from post_collective_audit_log where id > %(after)s order by collective_id"
)
LAST = "select coalesce(max(id), 0) as id from post_collective_audit_log"
SHARE = "insert into post_collectives (post_id, collective_id, sharing_settings) values (%(p)s, %(c)s, %(s)s)"
SECRET = "a-secret-that-nobody-logs"
REFUSED = (
    "insert into post_collective_audit_log (action, outcome, database_role, source, error_code, user_id)"
    " values ('create', %(outcome)s, 'authenticated', %(source)s, %(code)s, %(user)s)"
)


def last(stage: Stage) -> object:
    return stage.service.run(LAST)[0]["id"]


def test_creation_is_written_down(stage: Stage) -> None:
    after = last(stage)
    stage.as_user(BO).run(
        "insert into post_collectives (post_id, collective_id, sharing_settings)"
        " values (%(p)s, %(a)s, %(s)s), (%(p)s, %(b)s, %(s)s)",
        p=UNFINISHED,
        a=GAZETTE,
        b=WORKSHOP,
        s=json.dumps({"note": SECRET}),
    )
    rows = stage.service.run(NEWEST, after=after)
    assert [row["collective"] for row in rows] == [GAZETTE, WORKSHOP]
    assert rows[0] == {
        "action": "create",
        "outcome": "succeeded",
        "post": UNFINISHED,
        "collective": GAZETTE,
        "author": BO,
        "by": BO,
        "role": "authenticated",
        "source": "trigger",
        "detail": {"status": "published"},
    }


def test_change_is_written_down_without_values(stage: Stage) -> None:
    after = last(stage)
    stage.as_user(CLEO).run(
        "update post_collectives set status = 'rejected', sharing_settings = %(s)s"
        " where post_id = %(p)s and collective_id = %(c)s",
        p=LETTER,
        c=GAZETTE,
        s=json.dumps({"note": SECRET}),
    )
    (row,) = stage.service.run(NEWEST, after=after)
    assert (row["action"], row["by"], row["author"]) == ("update", CLEO, BO)
    assert row["detail"] == {
        "status": "rejected",
        "status_before": "published",
        "changed": ["status", "sharing_settings"],
    }


def test_removal_is_written_down_by_whatever_way(stage: Stage) -> None:
    after = last(stage)
    stage.as_user(ADA).run("delete from posts where id = %(p)s", p=WELCOME)
    stage.service.run("delete from collectives where id = %(c)s", c=GAZETTE)
    rows = stage.service.run(NEWEST, after=after)
    assert [(row["action"], row["post"], row["by"], row["role"]) for row in rows] == [
        ("remove", WELCOME, ADA, "authenticated"),
        ("remove", LETTER, None, "service_role"),
        ("remove", WELCOME, ADA, "authenticated"),
    ]


def test_what_changes_nothing_writes_nothing(stage: Stage) -> None:
    after = last(stage)
    stage.as_user(EVE).run("delete from post_collectives where post_id = %(p)s", p=WELCOME)
    share = (
        "insert into post_collectives (post_id, collective_id) values (%(p)s, %(c)s) on conflict do nothing"
    )
    stage.as_user(ADA).run(share, p=WELCOME, c=GAZETTE)
    assert stage.service.run(NEWEST, after=after) == []


def test_an_operation_has_its_id(stage: Stage) -> None:
    operation = "00000000-0000-4000-8000-00000000beef"
    after = last(stage)
    claims = json.dumps({"sub": BO, "operation_id": operation})
    service = stage.service
    connection = service.connection
    connection.execute("set local role authenticated")
    connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
    connection.execute(
        "insert into post_collectives (post_id, collective_id) values (%s, %s)", [UNFINISHED, GAZETTE]
    )
    (row,) = service.run(
        "select operation_id::text, duration_ms > 0 as took from post_collective_audit_log"
        " where id > %(after)s",
        after=after,
    )
    assert row == {"operation_id": operation, "took": True}


def test_content_is_nowhere_in_the_log(stage: Stage) -> None:
    stage.as_user(BO).run(
        "update posts set title = %(t)s, body = %(t)s, status = 'published' where id = %(p)s",
        t=SECRET,
        p=UNFINISHED,
    )
    stage.as_user(BO).run(SHARE, p=UNFINISHED, c=GAZETTE, s=json.dumps({"note": SECRET}))
    stage.as_user(BO).run("update post_collectives set sharing_settings = '{}'")
    stage.as_user(BO).run("delete from post_collectives")
    rows = stage.service.run("select to_jsonb(l)::text as whole from post_collective_audit_log as l")
    assert len(rows) > 4
    assert not [row for row in rows if SECRET in row["whole"]]


@pytest.mark.parametrize(
    ("user", "posts"),
    [
        (ADA, {(GAZETTE, WELCOME), (GAZETTE, LETTER), (WORKSHOP, WELCOME)}),
        (BO, {(GAZETTE, LETTER), (WORKSHOP, LETTER)}),
        (DAN, set()),
        (None, set()),
    ],
)
def test_who_reads_the_log(stage: Stage, user: str | None, posts: set[tuple[str, str]]) -> None:
    read = "select collective_id::text, post_id::text from post_collective_audit_log"
    assert {tuple(row.values()) for row in stage.as_user(user).run(read)} == posts


def test_who_did_it_reads_it(stage: Stage) -> None:
    stage.as_user(BO).run(
        "delete from post_collectives where post_id = %(p)s and collective_id = %(c)s", p=WELCOME, c=WORKSHOP
    )
    mine = "select from post_collective_audit_log where user_id = %(me)s and action = 'remove'"
    assert stage.as_user(BO).count(mine, me=BO) == 1


@pytest.mark.parametrize("role", ["app_owner", "service_role", "postgres"])
@pytest.mark.parametrize(
    "statement",
    [
        "update post_collective_audit_log set outcome = 'failed', error_code = 'x'",
        "delete from post_collective_audit_log",
        "truncate post_collective_audit_log",
    ],
)
def test_the_log_is_append_only_for_everybody(platform: Deployed, role: str, statement: str) -> None:
    with platform.superuser() as connection:
        connection.execute(psycopg.sql.SQL("set role {}").format(psycopg.sql.Identifier(role)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.parametrize("source", ["service", "trigger", "server_log"])
def test_services_write_down_no_success(stage: Stage, source: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
        stage.service.run(REFUSED, outcome="succeeded", source=source, code=None, user=ADA)


def test_services_write_down_what_was_refused(stage: Stage) -> None:
    assert stage.service.count(REFUSED, outcome="refused", source="service", code="x", user=ADA) == 1
    stage.service.denied(REFUSED, outcome="refused", source="trigger", code="x", user=ADA)
    stage.as_user(ADA).denied(REFUSED, outcome="refused", source="service", code="x", user=ADA)


def test_the_guides_integrity_check(stage: Stage) -> None:
    counted = stage.service.run(
        "SELECT COUNT(*) FROM post_collective_audit_logs WHERE created_at > NOW() - INTERVAL '1 hour';"
    )
    assert counted[0]["count"] >= 6
    assert stage.as_user(DAN).count("select from post_collective_audit_logs") == 0
