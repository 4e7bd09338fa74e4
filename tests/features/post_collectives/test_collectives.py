"""Who sees a collective, who runs it, and who may post to it."""

import pytest
from fix_platform import Stage
from gazette import GAZETTE, NOTES, NOWHERE, WORKSHOP
from people import ADA, BO, CLEO, DAN, EVE

ALL_SEEN = "select id::text from collectives"
POSTABLE = "select collective_id::text as id from get_user_postable_collectives(%(user)s)"
CAN_POST = "select can_user_post_to_collective(%(user)s, %(collective)s) as may"
ADD = "insert into collective_members (collective_id, user_id, role) values (%(c)s, %(u)s, %(role)s)"
PROMOTE = "update collective_members set role = %(role)s where collective_id = %(c)s and user_id = %(u)s"
REMOVE = "delete from collective_members where collective_id = %(c)s and user_id = %(u)s"


@pytest.mark.parametrize(
    ("user", "seen"),
    [(ADA, {GAZETTE, WORKSHOP}), (DAN, {GAZETTE, WORKSHOP}), (EVE, {GAZETTE, NOTES}), (None, {GAZETTE})],
)
def test_members_see_theirs_and_everybody_the_public(stage: Stage, user: str | None, seen: set[str]) -> None:
    assert {row["id"] for row in stage.as_user(user).run(ALL_SEEN)} == seen


def test_visitors_see_the_public(stage: Stage) -> None:
    assert [row["id"] for row in stage.anonymous.run(ALL_SEEN)] == [GAZETTE]


@pytest.mark.parametrize(("user", "seen"), [(ADA, {GAZETTE, WORKSHOP}), (EVE, {NOTES}), (None, set())])
def test_members_see_each_other_and_nobody_else(stage: Stage, user: str | None, seen: set[str]) -> None:
    rows = stage.as_user(user).run("select distinct collective_id::text as id from collective_members")
    assert {row["id"] for row in rows} == seen


def test_visitors_see_no_members(stage: Stage) -> None:
    stage.anonymous.denied("select from collective_members")


@pytest.mark.parametrize(
    ("user", "postable"),
    [
        (ADA, [GAZETTE, WORKSHOP]),
        (BO, [GAZETTE, WORKSHOP]),
        (CLEO, [GAZETTE, WORKSHOP]),
        (DAN, [WORKSHOP]),
        (EVE, [NOTES]),
    ],
)
def test_postable_collectives(stage: Stage, user: str, postable: list[str]) -> None:
    asked = stage.as_user(user)
    assert [row["id"] for row in asked.run(POSTABLE, user=user)] == postable
    for collective in (GAZETTE, WORKSHOP, NOTES, NOWHERE):
        may = asked.run(CAN_POST, user=user, collective=collective)[0]["may"]
        assert may is (collective in postable)


def test_others_rights_are_told_to_fellow_members_only(stage: Stage) -> None:
    assert [row["id"] for row in stage.as_user(ADA).run(POSTABLE, user=CLEO)] == [GAZETTE, WORKSHOP]
    assert stage.as_user(EVE).run(POSTABLE, user=CLEO) == []
    assert stage.as_user(EVE).run(CAN_POST, user=CLEO, collective=GAZETTE) == [{"may": False}]
    assert stage.service.run(CAN_POST, user=CLEO, collective=GAZETTE) == [{"may": True}]


@pytest.mark.parametrize(
    ("role", "may"), [("owner", True), ("admin", True), ("editor", True), ("author", True), ("member", False)]
)
def test_a_role_brings_its_posting_right(stage: Stage, role: str, may: bool) -> None:
    stage.as_user(EVE).run(ADD, c=NOTES, u=BO, role=role)
    assert stage.as_user(BO).run(CAN_POST, user=BO, collective=NOTES) == [{"may": may}]


def test_a_new_role_brings_its_posting_right_unless_said_otherwise(stage: Stage) -> None:
    ada = stage.as_user(ADA)
    ada.run(PROMOTE, c=GAZETTE, u=BO, role="member")
    assert ada.run(CAN_POST, user=BO, collective=GAZETTE) == [{"may": False}]
    ada.run(
        "update collective_members set role = 'author', can_post = true where user_id = %(u)s"
        " and collective_id = %(c)s",
        c=GAZETTE,
        u=BO,
    )
    assert ada.run(CAN_POST, user=BO, collective=GAZETTE) == [{"may": True}]
    ada.run("update collective_members set can_post = false where user_id = %(u)s", u=BO)
    assert ada.run(CAN_POST, user=BO, collective=GAZETTE) == [{"may": False}]


def test_who_founds_a_collective_owns_it(stage: Stage) -> None:
    dan = stage.as_user(DAN)
    dan.run("insert into collectives (name, slug) values ('Chess', 'chess')")
    (row,) = dan.run(
        "select m.user_id::text, m.role, m.can_post from collectives as c join collective_members as m"
        " on m.collective_id = c.id where c.slug = 'chess'"
    )
    assert row == {"user_id": DAN, "role": "owner", "can_post": True}
    assert stage.as_user(EVE).run("select from collectives where slug = 'chess'") == []


def test_nobody_founds_one_in_anothers_name(stage: Stage) -> None:
    stage.as_user(DAN).denied(
        "insert into collectives (name, slug, created_by) values ('x', 'x', %(by)s)", by=ADA
    )
    stage.as_user(None).denied("insert into collectives (name, slug) values ('x', 'x')")


@pytest.mark.parametrize(("user", "changed"), [(ADA, 1), (CLEO, 1), (BO, 0), (DAN, 0), (EVE, 0)])
def test_owners_and_administrators_change_settings(stage: Stage, user: str, changed: int) -> None:
    rename = "update collectives set name = 'Renamed' where id = %(id)s"
    assert stage.as_user(user).count(rename, id=GAZETTE) == changed


@pytest.mark.parametrize(("user", "deleted"), [(ADA, 1), (CLEO, 0), (BO, 0), (EVE, 0)])
def test_owners_delete(stage: Stage, user: str, deleted: int) -> None:
    assert stage.as_user(user).count("delete from collectives where id = %(id)s", id=GAZETTE) == deleted


@pytest.mark.parametrize("user", [BO, DAN, EVE])
def test_others_add_nobody(stage: Stage, user: str) -> None:
    stage.as_user(user).denied(ADD, c=GAZETTE, u=EVE, role="member")


def test_administrators_manage_all_but_owners(stage: Stage) -> None:
    cleo = stage.as_user(CLEO)
    assert cleo.count(ADD, c=GAZETTE, u=EVE, role="editor") == 1
    assert cleo.count(PROMOTE, c=GAZETTE, u=BO, role="admin") == 1
    assert cleo.count(REMOVE, c=GAZETTE, u=DAN) == 1
    assert cleo.count(PROMOTE, c=GAZETTE, u=ADA, role="member") == 0
    assert cleo.count(REMOVE, c=GAZETTE, u=ADA) == 0
    cleo.denied(PROMOTE, c=GAZETTE, u=BO, role="owner")
    cleo.denied(PROMOTE, c=GAZETTE, u=CLEO, role="owner")
    assert stage.as_user(ADA).count(PROMOTE, c=GAZETTE, u=CLEO, role="owner") == 1


def test_members_leave_but_change_nothing(stage: Stage) -> None:
    dan = stage.as_user(DAN)
    assert dan.count("update collective_members set can_post = true") == 0
    assert dan.count(REMOVE, c=GAZETTE, u=BO) == 0
    assert dan.count(REMOVE, c=GAZETTE, u=DAN) == 1
