"""Whose a row is: users and guests see and write their own, and nobody can say that it is another's."""

import json
from typing import Any

import psycopg
import pytest
from fix_platform import Actor, Stage
from people import ADA, BO

GUEST, OTHER_GUEST = "guest-one", "guest-two"
INSERT = "insert into students (name) values (%(name)s) returning id, user_id::text, client_id, owner"
NAMES = "select name from students where name ~ '^Own' order by name"


class Claims(Actor):
    """Somebody whose token has these claims, whatever they are."""

    def __init__(self, stage: Stage, **claims: Any) -> None:
        super().__init__(stage.service.connection, json.dumps(claims))

    def _execute(self, statement: Any, arguments: Any) -> psycopg.Cursor[Any]:
        self.connection.execute("set local role authenticated")
        self.connection.execute("select set_config('request.jwt.claims', %s, true)", [self.user])
        return self.connection.execute(statement, arguments or None)


@pytest.fixture
def guest(stage: Stage) -> Actor:
    return Claims(stage, client_id=GUEST, is_anonymous=True)


@pytest.fixture
def people(stage: Stage, guest: Actor) -> dict[str, Actor]:
    """Each with a row of their own."""
    found = {
        "Own ada": stage.as_user(ADA),
        "Own bo": stage.as_user(BO),
        "Own guest": guest,
        "Own other": Claims(stage, client_id=OTHER_GUEST),
    }
    for name, actor in found.items():
        actor.run(INSERT, name=name)
    return found


def test_everybody_sees_their_own(people: dict[str, Actor]) -> None:
    for name, actor in people.items():
        assert actor.run(NAMES) == [{"name": name}]


def test_a_row_is_marked_with_its_owner(stage: Stage, guest: Actor) -> None:
    (mine,) = stage.as_user(ADA).run(INSERT, name="x")
    assert (mine["user_id"], mine["owner"]) == (ADA, ADA)
    (its,) = guest.run(INSERT, name="x")
    assert (its["user_id"], its["client_id"], its["owner"]) == (None, GUEST, f"guest:{GUEST}")


def test_a_guest_called_like_a_user_is_not_that_user(stage: Stage) -> None:
    impostor = Claims(stage, client_id=ADA, is_anonymous=True)
    assert impostor.run("select from students") == []


def test_neither_user_nor_guest_sees_and_writes_nothing(stage: Stage) -> None:
    nobody = Claims(stage)
    assert nobody.run("select from students") == []
    nobody.denied(INSERT, name="x")


def test_a_guests_claim_of_another_guest_is_worth_nothing(stage: Stage, people: dict[str, Actor]) -> None:
    sly = Claims(stage, client_id=GUEST, guest_client_id=OTHER_GUEST)
    assert sly.run(NAMES) == [{"name": "Own guest"}]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into students (name, user_id) values ('x', %(bo)s)",
        "insert into students (name, user_id, client_id) values ('x', null, 'guest-one')",
        "update students set user_id = %(bo)s where name = 'Own ada'",
        "update students set user_id = null where name = 'Own ada'",
        "update students set owner = %(bo)s where name = 'Own ada'",
        "update students set changed_in = '1' where name = 'Own ada'",
        "insert into students (name, owner) values ('x', %(bo)s)",
    ],
)
def test_nobody_gives_a_row_to_another(people: dict[str, Actor], statement: str) -> None:
    people["Own ada"].denied(statement, bo=BO)  # type: ignore[arg-type]


def test_versions_only_grow(stage: Stage) -> None:
    ada = stage.as_user(ADA)
    (row,) = ada.run(INSERT, name="x")
    for given, kept in ((0, 2), (1, 3), (10, 10), (10, 11)):
        ada.run(
            "update students set name = name || 'x', version = %(v)s where id = %(id)s", v=given, id=row["id"]
        )
        (found,) = ada.run("select version from students where id = %(id)s", id=row["id"])
        assert found["version"] == kept


def test_a_users_delete_is_a_tombstone_and_a_services_is_not(stage: Stage) -> None:
    ada = stage.as_user(ADA)
    (row,) = ada.run(INSERT, name="x")
    ada.run("delete from students where id = %(id)s", id=row["id"])
    (found,) = ada.run("select deleted, version from students where id = %(id)s", id=row["id"])
    assert found == {"deleted": True, "version": 2}
    assert stage.service.count("delete from students where id = %(id)s", id=row["id"]) == 1


def test_with_a_user_go_the_users_rows(stage: Stage) -> None:
    service = stage.service
    (user,) = service.run("insert into users (email) values ('gone@acme.example') returning id::text")
    leaver = stage.as_user(user["id"])
    leaver.run(INSERT, name="x")
    service.run("delete from users where id = %(id)s", id=user["id"])
    assert service.run("select from students where owner = %(id)s", id=user["id"]) == []
