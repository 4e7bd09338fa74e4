"""Who the database takes somebody for, and what they see of people and organizations."""

import json

import psycopg
import pytest
from fix_platform import Deployed, Stage
from people import ACME, ADA, BO, CLEO, DAN, EVE, GLOBEX, INITECH

WHO = "select app.current_user_id()::text as user, app.current_organization_id()::text as organization"


@pytest.mark.parametrize(
    ("settings", "user", "organization"),
    [
        ({}, None, None),
        ({"request.jwt.claims": json.dumps({"sub": ADA, "organization_id": ACME})}, ADA, ACME),
        ({"app.user_id": ADA, "app.organization_id": ACME}, ADA, ACME),
        ({"request.jwt.claims": json.dumps({"sub": BO}), "app.user_id": ADA}, BO, None),
        ({"request.jwt.claims": "", "app.user_id": ""}, None, None),
        ({"request.jwt.claims": json.dumps({"sub": ""})}, None, None),
    ],
)
def test_identity(
    platform: Deployed, settings: dict[str, str], user: str | None, organization: str | None
) -> None:
    with platform.connect() as connection:
        connection.execute("set local role authenticated")
        for name, setting in settings.items():
            connection.execute("select set_config(%s, %s, true)", [name, setting])
        assert connection.execute(WHO).fetchone() == {"user": user, "organization": organization}


def test_identity_ends_with_the_transaction(platform: Deployed) -> None:
    with platform.connect() as connection:
        connection.execute("select set_config('app.user_id', %s, true)", [ADA])
        connection.commit()
        connection.execute("set local role authenticated")
        assert connection.execute(WHO).fetchone() == {"user": None, "organization": None}


def test_nonsense_is_an_error_and_not_nobody(platform: Deployed) -> None:
    with platform.connect() as connection:
        connection.execute("set local role authenticated")
        connection.execute("select set_config('request.jwt.claims', '{\"sub\": \"ada\"}', true)")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute(WHO)


def test_authenticator_alone_may_nothing(platform: Deployed) -> None:
    with platform.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select from integrations")


@pytest.mark.parametrize(
    ("user", "organizations", "people"),
    [
        (ADA, {ACME}, {ADA, BO}),
        (BO, {ACME, GLOBEX}, {ADA, BO, CLEO, DAN}),
        (EVE, {INITECH}, {EVE}),
        (None, set(), set()),
    ],
)
def test_people_see_their_organizations(
    stage: Stage, user: str | None, organizations: set[str], people: set[str]
) -> None:
    actor = stage.as_user(user)
    assert {row["id"] for row in actor.run("select id::text from organizations")} == organizations
    assert {row["id"] for row in actor.run("select id::text from users")} == people
    rows = actor.run("select distinct organization_id::text as id from memberships")
    assert {row["id"] for row in rows} == organizations


def test_people_rename_only_themselves(stage: Stage) -> None:
    rename = "update users set display_name = 'New' where id = %(id)s"
    assert stage.as_user(BO).count(rename, id=BO) == 1
    assert stage.as_user(BO).count(rename, id=ADA) == 0
    stage.as_user(BO).denied("update users set email = 'x@y.example' where id = %(id)s", id=BO)


def test_admins_rename_their_organization(stage: Stage) -> None:
    rename = "update organizations set name = 'New' where id = %(id)s"
    assert stage.as_user(ADA).count(rename, id=ACME) == 1
    assert stage.as_user(BO).count(rename, id=ACME) == 0
    assert stage.as_user(ADA).count(rename, id=GLOBEX) == 0


INVITE = "insert into memberships (organization_id, user_id, role) values (%(o)s, %(u)s, 'member')"


def test_admins_manage_members(stage: Stage) -> None:
    assert stage.as_user(ADA).count(INVITE, o=ACME, u=EVE) == 1
    promote = "update memberships set role = 'admin' where organization_id = %(o)s and user_id = %(u)s"
    assert stage.as_user(ADA).count(promote, o=ACME, u=EVE) == 1
    remove = "delete from memberships where organization_id = %(o)s and user_id = %(u)s"
    assert stage.as_user(ADA).count(remove, o=ACME, u=EVE) == 1


def test_nobody_lets_themselves_in(stage: Stage) -> None:
    stage.as_user(EVE).denied(INVITE, o=ACME, u=EVE)
    stage.as_user(BO).denied(INVITE, o=ACME, u=EVE)
    promote = "update memberships set role = 'admin' where user_id = %(u)s"
    assert stage.as_user(BO).count(promote, u=BO) == 0
    stage.as_user(ADA).denied(
        "update memberships set organization_id = %(o)s where user_id = %(u)s", o=GLOBEX, u=ADA
    )


@pytest.mark.parametrize("email", ["ADA@acme.example", "nobody", "a b@c.example"])
def test_addresses(stage: Stage, email: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityError):
        stage.service.run("insert into users (email) values (%(email)s)", email=email)
