"""Every column that refers to a user says what becomes of it, and who made a row can be erased."""

import psycopg
import pytest
from fix_platform import Deployed, Stage
from people import ADA, BO

MAKERS = "select created_by::text, updated_by::text, updated_at, display_name from users where id = %(id)s"


@pytest.fixture
def made_by_bo(stage: Stage) -> Stage:
    """Ada's account, changed last by Bo's hand."""
    service = stage.as_user(BO, "service_role")
    service.run("insert into users (id, email) values (%(id)s, 'new@acme.example')", id=NEW)
    return stage


NEW = "00000000-0000-4000-8000-0000000000f1"


def test_a_service_erases_who_made_a_row_and_nothing_else_changes(made_by_bo: Stage) -> None:
    service = made_by_bo.service
    before = service.run(MAKERS, id=NEW)[0]
    assert (before["created_by"], before["updated_by"]) == (BO, BO)
    service.run("update users set created_by = null where id = %(id)s", id=NEW)
    assert service.run(MAKERS, id=NEW) == [{**before, "created_by": None}]
    service.run("update users set updated_by = null where id = %(id)s", id=NEW)
    assert service.run(MAKERS, id=NEW) == [{**before, "created_by": None, "updated_by": None}]


def test_nobody_rewrites_who_made_a_row(made_by_bo: Stage) -> None:
    before = made_by_bo.service.run(MAKERS, id=NEW)
    forge = "update users set created_by = %(by)s, updated_by = %(by)s where id = %(id)s"
    assert made_by_bo.service.count(forge, by=ADA, id=NEW) == 1
    assert made_by_bo.as_user(ADA, "service_role").count(forge, by=None, id=NEW) == 1
    assert made_by_bo.service.run(MAKERS, id=NEW) == before


def test_users_do_not_see_what_is_registered(stage: Stage) -> None:
    assert stage.service.count("select from app.personal_data where table_name = 'public.users'") == 3
    stage.as_user(ADA).denied("select from app.personal_data")
    stage.service.denied("delete from app.personal_data")


@pytest.mark.parametrize(
    "row",
    [
        ("memberships", "user_id", "delete", "a table without its schema"),
        ("public.x", "user_id", "shred", "an unknown way of erasing"),
        ("public.x", "user_id", "keep", "short"),
    ],
)
def test_a_registration_that_says_too_little_is_refused(platform: Deployed, row: tuple[str, ...]) -> None:
    with platform.superuser() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("insert into app.personal_data values (%s, %s, %s, %s)", row)
