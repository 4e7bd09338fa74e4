"""Sharing a post with collectives: who may, who sees it, who takes it back."""

import psycopg
import pytest
from fix_platform import Stage
from gazette import DIARY, EXPERIMENT, GAZETTE, LETTER, MINUTES, NOTES, NOWHERE, UNFINISHED, WELCOME, WORKSHOP
from people import ADA, BO, CLEO, DAN, EVE
from psycopg.types.json import Jsonb

SEEN = "select post_id::text as post, collective_id::text as collective from post_collectives"
SHARE = "insert into post_collectives (post_id, collective_id, status) values (%(p)s, %(c)s, 'published')"
SET = "update post_collectives set status = %(status)s where post_id = %(p)s and collective_id = %(c)s"
REMOVE = "delete from post_collectives where post_id = %(p)s and collective_id = %(c)s"
COUNT = "select get_post_collective_count(%(p)s) as n"

IN_GAZETTE = {(WELCOME, GAZETTE), (LETTER, GAZETTE)}
IN_WORKSHOP = {(WELCOME, WORKSHOP), (EXPERIMENT, WORKSHOP)}
HIDDEN = {(LETTER, WORKSHOP)}


@pytest.mark.parametrize(
    ("user", "seen"),
    [
        (ADA, IN_GAZETTE | IN_WORKSHOP),
        (BO, IN_GAZETTE | IN_WORKSHOP | HIDDEN),
        (CLEO, IN_GAZETTE | IN_WORKSHOP | HIDDEN),
        (DAN, IN_GAZETTE | IN_WORKSHOP),
        (EVE, {(MINUTES, NOTES)}),
        (None, set()),
    ],
)
def test_who_sees_where_posts_are_shared(stage: Stage, user: str | None, seen: set[tuple[str, str]]) -> None:
    assert {tuple(row.values()) for row in stage.as_user(user).run(SEEN)} == seen


def test_visitors_see_the_page_of_a_public_collective(stage: Stage) -> None:
    assert {tuple(row.values()) for row in stage.anonymous.run(SEEN)} == IN_GAZETTE
    stage.anonymous.denied("select sharing_settings from post_collectives")


@pytest.mark.parametrize(("user", "post"), [(BO, UNFINISHED), (DAN, DIARY)])
def test_authors_share_where_they_may_post(stage: Stage, user: str, post: str) -> None:
    assert stage.as_user(user).count(SHARE, p=post, c=WORKSHOP) == 1
    (row,) = stage.service.run("select author_id::text from post_collectives where post_id = %(p)s", p=post)
    assert row == {"author_id": user}


@pytest.mark.parametrize(
    ("user", "post", "collective"),
    [
        (DAN, DIARY, GAZETTE),
        (BO, UNFINISHED, NOTES),
        (BO, UNFINISHED, NOWHERE),
        (EVE, MINUTES, GAZETTE),
    ],
)
def test_nobody_shares_where_they_may_not_post(stage: Stage, user: str, post: str, collective: str) -> None:
    stage.as_user(user).denied(SHARE, p=post, c=collective)


def test_nobody_signed_in_shares_nothing(stage: Stage) -> None:
    stage.as_user(None).denied(SHARE, p=WELCOME, c=NOTES)
    stage.anonymous.denied(SHARE, p=WELCOME, c=NOTES)


@pytest.mark.parametrize("post", [DIARY, WELCOME, NOWHERE])
def test_another_authors_post_is_like_one_that_does_not_exist(stage: Stage, post: str) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        stage.as_user(CLEO).run(SHARE, p=post, c=WORKSHOP)
    assert refused.value.diag.constraint_name == "post_collectives_post_id_fkey"


@pytest.mark.parametrize("column", ["author_id", "origin", "created_by", "created_at"])
def test_nobody_claims_to_be_another_author(stage: Stage, column: str) -> None:
    insert = psycopg.sql.SQL(
        "insert into post_collectives (post_id, collective_id, {}) values ({}, {}, null)"
    )
    values = (psycopg.sql.Identifier(column), psycopg.sql.Literal(WELCOME), psycopg.sql.Literal(GAZETTE))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stage.as_user(ADA).run(insert.format(*values))


def test_authors_hide_and_moderators_reject(stage: Stage) -> None:
    bo, ada, dan = stage.as_user(BO), stage.as_user(ADA), stage.as_user(DAN)
    assert bo.count(SET, p=LETTER, c=GAZETTE, status="hidden") == 1
    assert ada.count(SET, p=LETTER, c=GAZETTE, status="published") == 0
    assert bo.count(SET, p=LETTER, c=GAZETTE, status="published") == 1
    assert dan.count(SET, p=LETTER, c=GAZETTE, status="rejected") == 0
    bo.denied(SET, p=LETTER, c=GAZETTE, status="rejected")
    assert ada.count(SET, p=LETTER, c=GAZETTE, status="rejected") == 1
    assert bo.count(SET, p=LETTER, c=GAZETTE, status="published") == 0
    assert bo.count(REMOVE, p=LETTER, c=GAZETTE) == 0
    assert dan.count("select from posts where id = %(id)s", id=LETTER) == 0
    assert ada.count(SET, p=LETTER, c=GAZETTE, status="published") == 1


def test_who_may_not_post_any_more_publishes_nothing(stage: Stage) -> None:
    stage.as_user(ADA).run("delete from collective_members where user_id = %(u)s", u=BO)
    stage.as_user(BO).denied(SET, p=LETTER, c=GAZETTE, status="hidden")
    assert stage.as_user(BO).count(REMOVE, p=LETTER, c=GAZETTE) == 1


@pytest.mark.parametrize(("user", "removed"), [(BO, 1), (ADA, 1), (CLEO, 1), (DAN, 0), (EVE, 0)])
def test_authors_and_moderators_take_back(stage: Stage, user: str, removed: int) -> None:
    assert stage.as_user(user).count(REMOVE, p=LETTER, c=GAZETTE) == removed


@pytest.mark.parametrize("column", ["post_id", "collective_id", "author_id", "origin"])
def test_an_association_stays_what_it_is(stage: Stage, column: str) -> None:
    change = psycopg.sql.SQL("update post_collectives set {0} = {0}").format(psycopg.sql.Identifier(column))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stage.as_user(ADA).run(change)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status": "pending"}, "post_collectives_status_check"),
        ({"sharing_settings": Jsonb([])}, "post_collectives_sharing_settings_check"),
        ({"sharing_settings": Jsonb({"x": "y" * 5000})}, "post_collectives_sharing_settings_check"),
        ({"display_order": -1}, "post_collectives_display_order_check"),
    ],
)
def test_what_an_association_may_be(stage: Stage, values: dict[str, object], constraint: str) -> None:
    ((column, value),) = values.items()
    change = psycopg.sql.SQL("update post_collectives set {} = %(value)s where post_id = %(p)s")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        stage.service.run(change.format(psycopg.sql.Identifier(column)), p=WELCOME, value=value)
    assert refused.value.diag.constraint_name == constraint


def test_a_service_shares_in_the_authors_name(stage: Stage) -> None:
    stage.service.run(SHARE, p=DIARY, c=GAZETTE)
    (row,) = stage.service.run("select author_id::text from post_collectives where post_id = %(p)s", p=DIARY)
    assert row == {"author_id": DAN}
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="does not exist"):
        stage.service.run(SHARE, p=NOWHERE, c=GAZETTE)


@pytest.mark.parametrize(("user", "count"), [(ADA, 2), (DAN, 2), (EVE, 0), (None, 0)])
def test_count_tells_what_the_caller_sees(stage: Stage, user: str | None, count: int) -> None:
    assert stage.as_user(user).run(COUNT, p=WELCOME) == [{"n": count}]


def test_count_counts_what_is_published(stage: Stage) -> None:
    assert stage.as_user(BO).run(COUNT, p=LETTER) == [{"n": 1}]
    assert stage.service.run(COUNT, p=NOWHERE) == [{"n": 0}]


def test_a_post_takes_its_associations_along(stage: Stage) -> None:
    stage.as_user(ADA).run("delete from posts where id = %(id)s", id=WELCOME)
    assert stage.service.run(COUNT, p=WELCOME) == [{"n": 0}]
