"""The life of a role."""

import pytest
from pulumi.provider.experimental.property_value import PropertyValue

from gatepost import errors

SECRET = PropertyValue("pä'\\s$1\"s", is_secret=True)
RENAMED = {"renamed": {"searchPaths": "search_path"}}


def test_outputs_are_those_of_the_go_plugin(stack):
    made = stack.create("Role", "app_owner", name="app_owner")
    assert made.id == "app_owner"
    assert {key: made.inputs[key].value for key in made.inputs if key != "__defaults"} == {
        "connectionLimit": -1, "encryptedPassword": True, "inherit": True, "name": "app_owner",
        "validUntil": "infinity",
    }  # fmt: skip
    assert {key: made[key] for key in made.outputs} == {
        "__pulumi_raw_state_delta": {"obj": RENAMED}, "assumeRole": "", "bypassRowLevelSecurity": False,
        "connectionLimit": -1, "createDatabase": False, "createRole": False, "encrypted": None,
        "encryptedPassword": True, "id": "app_owner", "idleInTransactionSessionTimeout": 0, "inherit": True,
        "login": False, "name": "app_owner", "password": None, "passwordWo": None, "passwordWoVersion": None,
        "replication": False, "roles": None, "searchPaths": None, "skipDropRole": False,
        "skipReassignOwned": False, "statementTimeout": 0, "superuser": False, "validUntil": "infinity",
    }  # fmt: skip
    assert made.outputs["password"].is_secret
    assert made.outputs["passwordWo"].is_secret


def test_password_logs_in_and_is_nowhere_in_clear(stack, pg):
    pg.query("alter system set log_statement = 'all'")
    pg.query("select pg_reload_conf()")
    made = stack.create("Role", "service", name='ser"vice', login=True, password=SECRET)
    pg.query("alter system reset log_statement")
    pg.query("select pg_reload_conf()")
    assert made.outputs["password"] == SECRET
    pg.log_in('ser"vice', SECRET.value)
    assert "CREATE ROLE" in pg.log().upper()
    assert "pä" not in pg.log()
    assert not any("SCRAM" in statement or "pä" in statement for statement in stack.statements)


def test_settings_and_memberships(stack, pg):
    stack.create("Role", "a", name="a")
    stack.create("Role", "b", name="b")
    made = stack.create(
        "Role", "service", name="service", login=True, roles=["b", "a"], searchPaths=["$user", "public"],
        statementTimeout=1500, idleInTransactionSessionTimeout=60_000, assumeRole="a", connectionLimit=3,
    )  # fmt: skip
    assert made["roles"] == ["a", "b"]
    assert made["searchPaths"] == ["$user", "public"]
    assert made["statementTimeout"] == 1500
    assert made["__pulumi_raw_state_delta"]["obj"]["ps"] == {"roles": {"arr": {}}, "searchPaths": {"arr": {}}}
    assert not stack.diff(made).changes
    assert stack.refresh(made)
    assert not stack.diff(made).changes
    stack.update(made, roles=["b"], statementTimeout=None, searchPaths=["app"], assumeRole=None, login=False)
    config = pg.query("select rolconfig, rolcanlogin from pg_roles where rolname = 'service'")
    assert config == [
        (["search_path=app", "idle_in_transaction_session_timeout=60000"], False)
    ] or config == [(["idle_in_transaction_session_timeout=60000", "search_path=app"], False)]
    assert made["roles"] == ["b"]


def test_memberships_granted_elsewhere_stay_when_none_are_declared(stack, pg):
    stack.create("Role", "owner", name="owner")
    made = stack.create("Role", "service", name="service")
    stack.create("GrantRole", "membership", role="service", grantRole="owner")
    stack.refresh(made)
    assert not stack.diff(made).changes
    stack.update(made, connectionLimit=4)
    assert pg.query("select pg_has_role('service', 'owner', 'member')") == [(True,)]


def test_rename_keeps_the_password_and_the_role(stack, pg):
    made = stack.create("Role", "service", name="service", login=True, password=SECRET)
    oid = pg.query("select oid from pg_roles where rolname = 'service'")
    stack.update(made, name="service_2")
    assert pg.query("select oid from pg_roles where rolname = 'service_2'") == oid
    pg.log_in("service_2", SECRET.value)
    assert stack.refresh(made)
    assert made["name"] == "service_2"


def test_changed_password_is_an_update_that_shows_no_password(stack, pg):
    made = stack.create("Role", "service", name="service", login=True, password=SECRET)
    stack.update(made, password=PropertyValue("other", is_secret=True))
    pg.log_in("service", "other")
    assert "other" not in "".join(stack.statements)


def test_refresh_shows_drift_and_update_mends_it(stack, pg):
    made = stack.create("Role", "service", name="service", statementTimeout=1000)
    pg.query("alter role service createdb connection limit 7")
    pg.query("alter role service set statement_timeout = '3s'")
    assert stack.refresh(made)
    assert sorted(stack.diff(made).diffs) == ["connectionLimit", "createDatabase", "statementTimeout"]
    assert made["statementTimeout"] == 3000
    stack.update(made)
    assert pg.query("select rolcreatedb, rolconnlimit from pg_roles where rolname = 'service'") == [
        (False, -1)
    ]


def test_valid_until_in_other_words_is_the_same(stack):
    made = stack.create("Role", "service", name="service", validUntil="2040-01-01")
    stack.refresh(made)
    assert not stack.diff(made).changes
    stack.update(made, validUntil=None)
    assert made["validUntil"] == "infinity"


def test_gone_is_gone(stack, pg):
    made = stack.create("Role", "service", name="service")
    pg.query("drop role service")
    assert not stack.refresh(made)
    stack.delete(made)


def test_delete_hands_over_what_the_role_owns(stack, pg):
    made = stack.create("Role", "service", name="service")
    pg.query("create schema owned authorization service")
    pg.query("grant create on database postgres to deployer")
    stack.delete(made)
    assert pg.query("select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'owned'") == [
        ("deployer",)
    ]
    pg.query("drop schema owned")
    pg.query("revoke create on database postgres from deployer")


def test_delete_names_what_is_in_the_way(stack, pg):
    made = stack.create("Role", "service", name="service", skipReassignOwned=True)
    pg.query("create schema owned authorization service")
    with pytest.raises(
        errors.StatementFailed, match=r'role:Role "service": .*schema owned.*drop or reassign'
    ):
        stack.delete(made)
    pg.query("drop schema owned")


def test_existing_role_is_not_taken_over_in_silence(stack, pg):
    pg.query("create role service")
    with pytest.raises(
        errors.ObjectExists, match=r'Role "svc": role "service" already exists.*import_="service"'
    ):
        stack.create("Role", "svc", name="service")
    pg.query("drop role service")


def test_deployer_may_not_make_superusers(stack):
    with pytest.raises(errors.PermissionMissing, match='Role "root"'):
        stack.create("Role", "root", name="root", superuser=True)


def test_generated_name_stays(stack):
    made = stack.create("Role", "service")
    assert made.id.startswith("service-")
    assert len(made.id) == len("service-") + 7
    assert "name" in [item.value for item in made.inputs["__defaults"].value]
    assert not stack.diff(made).changes


@pytest.mark.parametrize(
    ("inputs", "prop"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"name": 5}, "name"),
        ({"name": "x", "login": "yes"}, "login"),
        ({"name": "x", "connectionLimit": -2}, "connectionLimit"),
        ({"name": "x", "connectionLimit": 1.5}, "connectionLimit"),
        ({"name": "x", "roles": "a"}, "roles"),
        ({"name": "x", "encryptedPassword": False}, "encryptedPassword"),
        ({"name": "x", "passwordWo": "p"}, "passwordWoVersion"),
        ({"name": "x", "searchPaths": ["a, b"]}, "searchPaths"),
    ],
)
def test_check_refuses(stack, inputs, prop):
    assert prop in [failure.property for failure in stack.check("Role", "role", **inputs).failures]
