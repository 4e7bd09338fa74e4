"""The statements of the persistence guide, as they are printed but for the form of a user's id."""

import pytest
from fix_platform import Stage
from people import ADA, BO

SHARED = ("students", "groups", "attendance_records", "completed_makeup_sessions", "archived_terms")
ADDED = ("user_id", "deleted", "updated_at", "client_id", "version", "metadata")
VERIFY_MIGRATION = """
SELECT
  table_name,
  column_name,
  data_type,
  is_nullable
FROM information_schema.columns
WHERE table_name IN ('students', 'groups', 'attendance_records', 'completed_makeup_sessions',
    'archived_terms')
  AND column_name IN ('user_id', 'deleted', 'updated_at', 'client_id', 'version', 'metadata')
ORDER BY table_name, column_name
"""


def test_every_table_has_the_new_structure(stage: Stage) -> None:
    rows = stage.service.run(VERIFY_MIGRATION)
    found = {(row["table_name"], row["column_name"]): row["data_type"] for row in rows}
    types = ("uuid", "boolean", "timestamp with time zone", "text", "bigint", "jsonb")
    assert found == {
        (table, column): type_ for table in SHARED for column, type_ in zip(ADDED, types, strict=True)
    }


def test_triggers_set_updated_at(stage: Stage) -> None:
    service = stage.service
    service.run("INSERT INTO students (name, profile_id) VALUES ('Test Student', 'test-profile-id')")
    query = "SELECT name, updated_at, version FROM students WHERE name = 'Test Student'"
    (made,) = service.run(query)
    assert made["updated_at"] is not None
    service.run(
        "UPDATE students SET created_at = '2020-01-01', updated_at = null WHERE name = 'Test Student'"
    )
    (changed,) = service.run(query)
    assert changed["updated_at"] is not None
    assert changed["version"] == made["version"] + 1


def test_a_user_id_can_be_given(stage: Stage) -> None:
    stage.as_user(ADA).run(
        "INSERT INTO students (name, profile_id, user_id) VALUES ('Test User', 'test-profile', %(me)s)",
        me=ADA,
    )
    query = "SELECT name FROM students WHERE user_id = %(me)s and name = 'Test User'"
    assert len(stage.as_user(ADA).run(query, me=ADA)) == 1
    assert stage.as_user(BO).run(query, me=ADA) == []


@pytest.mark.parametrize("table", ["students", "groups"])
def test_orphans_are_counted(stage: Stage, table: str) -> None:
    count = f"SELECT COUNT(*) FROM {table} WHERE user_id IS NULL".encode()
    before = stage.service.run(count)[0]["count"]  # type: ignore[arg-type]
    stage.service.run(
        f"insert into {table} (name, profile_id) values ('Lost', 'never-claimed')".encode()  # type: ignore[arg-type]
    )
    assert stage.service.run(count)[0]["count"] == before + 1  # type: ignore[arg-type]


def test_orphans_say_why(stage: Stage) -> None:
    service = stage.service
    query = "select table_name, reason from app.orphans"
    before = service.run(query)
    service.run("insert into students (name, profile_id) values ('Lost', 'never-claimed')")
    ada = stage.as_user(ADA)
    ada.run("insert into students (name, group_id) values ('In no group', gen_random_uuid())")
    ada.run("insert into attendance_records (student_id, held_on) values (gen_random_uuid(), current_date)")
    added = [row for row in service.run(query) if row not in before]
    assert sorted((row["table_name"], row["reason"]) for row in added) == [
        ("attendance_records", "its student is not there"),
        ("students", "its group is not there"),
        ("students", "nobody owns it"),
    ]
