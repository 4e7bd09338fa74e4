"""Drafts save themselves: each save once, the last writer wins and learns of it."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest
from fix_platform import Deployed, Stage
from gazette import LETTER, WELCOME
from people import ADA, BO

SAVE = (
    "select version, conflict, repeated, overwritten_version from app.save_post_draft("
    "%(draft)s, %(save)s, %(seen)s, %(title)s, %(body)s, '{}', %(post)s)"
)
DRAFT = "select title, version from post_drafts where id = %(id)s"


def save(
    stage: Stage, user: str, draft: UUID, seen: int, title: str, *, again: UUID | None = None
) -> dict[str, object]:
    (row,) = stage.as_user(user).run(
        SAVE, draft=draft, save=again or uuid4(), seen=seen, title=title, body="…", post=None
    )
    return row


def answer(version: int, overwritten: int | None = None, *, conflict: bool = False, repeated: bool = False):
    return {
        "version": version,
        "conflict": conflict,
        "repeated": repeated,
        "overwritten_version": overwritten,
    }


def test_each_save_is_a_version(stage: Stage) -> None:
    draft = uuid4()
    assert save(stage, BO, draft, 0, "One") == answer(1)
    assert save(stage, BO, draft, 1, "Two") == answer(2)
    assert stage.as_user(BO).run(DRAFT, id=draft) == [{"title": "Two", "version": 2}]


def test_the_same_save_again_has_the_same_answer_and_changes_nothing(stage: Stage) -> None:
    draft, first, second = uuid4(), uuid4(), uuid4()
    save(stage, BO, draft, 0, "One", again=first)
    save(stage, BO, draft, 0, "Two", again=second)
    assert save(stage, BO, draft, 0, "One", again=first) == answer(1, repeated=True)
    assert save(stage, BO, draft, 0, "Two", again=second) == answer(2, 1, conflict=True, repeated=True)
    assert stage.as_user(BO).run(DRAFT, id=draft) == [{"title": "Two", "version": 2}]


def test_the_last_writer_wins_and_what_was_overwritten_is_kept(stage: Stage) -> None:
    draft = uuid4()
    save(stage, BO, draft, 0, "Common")
    assert save(stage, BO, draft, 1, "At the desk") == answer(2)
    assert save(stage, BO, draft, 1, "On the phone") == answer(3, 2, conflict=True)
    assert stage.as_user(BO).run(DRAFT, id=draft) == [{"title": "On the phone", "version": 3}]
    lost = "select title from post_draft_saves where draft_id = %(id)s and version = 2"
    assert stage.as_user(BO).run(lost, id=draft) == [{"title": "At the desk"}]


def test_a_draft_is_its_authors_alone(stage: Stage) -> None:
    draft = uuid4()
    save(stage, BO, draft, 0, "Bo's")
    assert save(stage, ADA, draft, 0, "Ada's, by chance of the same id") == answer(1)
    assert stage.as_user(BO).run(DRAFT, id=draft) == [{"title": "Bo's", "version": 1}]
    assert stage.as_user(ADA).count("select from post_draft_saves") == 1
    stage.as_user(None).denied(SAVE, draft=draft, save=uuid4(), seen=0, title="", body="", post=None)
    stage.anonymous.denied("select from post_drafts")


def test_a_draft_of_a_post_is_of_ones_own(stage: Stage) -> None:
    arguments = {"save": uuid4(), "seen": 0, "title": "", "body": ""}
    assert stage.as_user(BO).count(SAVE, draft=uuid4(), post=LETTER, **arguments) == 1
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        stage.as_user(BO).run(SAVE, draft=uuid4(), post=WELCOME, **arguments)


def test_history_is_written_by_saving_alone(stage: Stage) -> None:
    save(stage, BO, uuid4(), 0, "One")
    bo = stage.as_user(BO)
    bo.denied("update post_draft_saves set conflict = false")
    bo.denied("delete from post_draft_saves")


@pytest.mark.parametrize("same", [True, False])
def test_concurrent_saves_are_one_after_the_other(clone: Deployed, same: bool) -> None:
    draft, only = uuid4(), uuid4()

    def one(number: int) -> dict[str, object]:
        with clone.connect() as connection:
            return save(Stage(connection), BO, draft, 0, f"{number}", again=only if same else None)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    if same:
        assert sorted(a["repeated"] for a in answers) == [False] + [True] * 7
        assert {a["version"] for a in answers} == {1}
    else:
        assert sorted(a["version"] for a in answers) == list(range(1, 9))
        assert sum(a["conflict"] for a in answers) == 7


def test_old_saves_go_but_for_the_newest(clone: Deployed) -> None:
    draft = uuid4()
    with clone.connect() as connection:
        for number in range(5):
            save(Stage(connection), BO, draft, number, f"{number}")
        connection.commit()
    with clone.superuser() as connection:
        connection.execute("update post_draft_saves set saved_at = now() - interval '8 days'")
    with clone.connect() as connection:
        service = Stage(connection).service
        trim = "select app.trim_post_draft_saves(kept => %(kept)s, batch => %(batch)s) as n"
        assert [service.run(trim, kept=2, batch=2)[0]["n"] for _ in range(3)] == [2, 1, 0]
        rows = service.run("select version from post_draft_saves order by version")
        assert [row["version"] for row in rows] == [4, 5]
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="give at least 1 day"):
            service.run("select app.trim_post_draft_saves('1 hour')")
