"""The guide's statements on flags, what they refuse, and the history that each leaves."""

import psycopg
import pytest
from fix_platform import Stage
from people import ADA, BO

GUIDE_CREATES = (
    "insert into feature_flags (name, enabled) values ('persistence_v2', true)"
    " on conflict (name) do update set enabled = true"
)
GUIDE_CANARY = "update feature_flags set enabled = true, rollout_percentage = 5 where name = 'persistence_v2'"
GUIDE_EVERYBODY = (
    "update feature_flags set enabled = true, rollout_percentage = 100 where name = 'persistence_v2'"
)
GUIDE_ROLLS_BACK = "update feature_flags set enabled = false where name = 'persistence_v2'"
GUIDE_READS = "select * from feature_flags where name = 'persistence_v2'"


def test_the_guides_rollout(stage: Stage) -> None:
    service = stage.service
    for statement, enabled, share in (
        (GUIDE_CREATES, True, 0),
        (GUIDE_CANARY, True, 5),
        (GUIDE_EVERYBODY, True, 100),
        (GUIDE_ROLLS_BACK, False, 100),
    ):
        assert service.count(statement) == 1
        (flag,) = service.run(GUIDE_READS)
        assert (flag["enabled"], flag["rollout_percentage"]) == (enabled, share)
        assert flag["created_at"] is not None


def test_the_flags_of_the_guides_are_there(stage: Stage) -> None:
    rows = stage.service.run("select name, enabled from feature_flags")
    assert {row["name"]: row["enabled"] for row in rows} == {
        "multi_collective_posts": True,
        "enhanced_editor": True,
        "collective_validation": True,
        "persistence_v2": False,
    }


def test_a_new_flag_is_for_everybody_once_it_is_enabled(stage: Stage) -> None:
    service = stage.service
    service.run("insert into feature_flags (name, enabled) values ('fresh', true)")
    assert service.run("select app.flag_enabled('fresh', null) as on") == [{"on": True}]


@pytest.mark.parametrize(
    "statement",
    [
        "update feature_flags set rollout_percentage = 100.001",
        "update feature_flags set rollout_percentage = -1",
        "insert into feature_flags (name) values ('No Name')",
        "insert into feature_flags (name) values ('enhanced_editor')",
        "insert into app.feature_flag_segments select id, 'nobody_knows', 1 from feature_flags",
    ],
)
def test_refused(stage: Stage, statement: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityError):
        stage.service.run(statement.encode())  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["name", "salt", "version", "created_at"])
def test_nobody_changes_what_decides_who_comes_first(stage: Stage, column: str) -> None:
    stage.service.denied(f"update feature_flags set {column} = default".encode())  # type: ignore[arg-type]


@pytest.mark.parametrize("table", ["feature_flags", "app.segments", "app.segment_members"])
def test_flags_are_the_services_business(stage: Stage, table: str) -> None:
    stage.as_user(ADA).denied(f"select from {table}".encode())  # type: ignore[arg-type]
    stage.as_user(ADA).denied("select app.flag_enabled('persistence_v2', 'x')")


def test_every_version_is_kept_with_who_and_why(stage: Stage) -> None:
    service = stage.as_user(BO, "service_role")
    history = (
        "select c.version, c.actor_id::text as actor, c.database_role as role, c.reason,"
        " c.definition ->> 'rollout_percentage' as share, c.definition -> 'segments' as segments"
        " from app.feature_flag_changes as c join feature_flags as f on f.id = c.flag_id"
        " where f.name = 'persistence_v2' order by c.version"
    )
    before = service.run(history)
    assert before[-1]["segments"] == {"staff": 100}
    service.run("select set_config('app.change_reason', 'canary', true)")
    service.run(GUIDE_CANARY)
    service.run("update app.feature_flag_segments set rollout_percentage = 50")
    added = service.run(history)[len(before) :]
    version = before[-1]["version"]
    told = {"actor": BO, "role": "service_role", "reason": "canary", "share": "5.000"}
    assert added == [
        {"version": version + 1, "segments": {"staff": 100}, **told},
        {"version": version + 2, "segments": {"staff": 50}, **told},
    ]


def test_a_removed_flag_keeps_its_history(stage: Stage) -> None:
    service = stage.service
    (flag,) = service.run(GUIDE_READS)
    service.run("delete from feature_flags where name = 'persistence_v2'")
    rows = service.run(
        "select definition from app.feature_flag_changes where flag_id = %(id)s and version > %(version)s",
        id=flag["id"],
        version=flag["version"],
    )
    assert [row["definition"] for row in rows] == [None]


@pytest.mark.parametrize("statement", ["delete from", "update", "truncate"])
def test_history_cannot_be_rewritten(stage: Stage, statement: str) -> None:
    changed = " set version = 0" if statement == "update" else ""
    for actor in (stage.service, stage.as_user(ADA)):
        actor.denied(f"{statement} app.feature_flag_changes{changed}".encode())  # type: ignore[arg-type]
