"""The lives of databases, schemas, extensions, memberships and privileges, one database for all of a test."""

import pytest

from gatepost import errors


@pytest.fixture
def owner(stack):
    return stack.create("Role", "owner", name='app "owner"')["name"]


@pytest.fixture
def service(stack):
    return stack.create("Role", "service", name="service")["name"]


@pytest.fixture
def database(stack, owner):
    return stack.create("Database", "appdb", name='app"db', owner=owner)["name"]


@pytest.fixture
def schema(stack, database, owner):
    return stack.create("Schema", "app", name="a pp", database=database, owner=owner)["name"]


def outputs(made):
    return {key: made[key] for key in made.outputs}


def test_database_outputs(stack, owner):
    made = stack.create(
        "Database", "appdb", name='app"db', owner=owner, encoding="UTF8", template="template0"
    )
    assert outputs(made) == {
        "__pulumi_raw_state_delta": {"obj": {}}, "allowConnections": True, "alterObjectOwnership": False,
        "connectionLimit": -1, "encoding": "UTF8", "id": 'app"db', "isTemplate": False,
        "lcCollate": made["lcCollate"], "lcCtype": made["lcCtype"], "name": 'app"db', "owner": owner,
        "tablespaceName": "pg_default", "template": "template0",
    }  # fmt: skip
    assert made.id == 'app"db'
    assert not stack.diff(made).changes


def test_database_changes_in_place(stack, pg, owner):
    made = stack.create("Database", "appdb", name="appdb", owner=owner)
    other = stack.create("Role", "other", name="other")
    oid = pg.query("select oid from pg_database where datname = 'appdb'")
    stack.update(
        made, name="renamed", owner="other", connectionLimit=9, isTemplate=True, alterObjectOwnership=True
    )
    assert pg.query(
        "select oid, pg_get_userbyid(datdba), datconnlimit, datistemplate from pg_database"
        " where datname = 'renamed'"
    ) == [(oid[0][0], "other", 9, True)]
    assert made["id"] == "renamed"
    stack.update(made, owner=owner)
    stack.delete(made)
    stack.delete(other)


def test_database_refresh(stack, pg, owner):
    made = stack.create("Database", "appdb", name="appdb", owner=owner, encoding="utf-8")
    assert not stack.diff(made).changes
    pg.query("alter database appdb connection limit 3")
    assert stack.refresh(made)
    assert stack.diff(made).diffs == ["connectionLimit"]
    pg.query("drop database appdb")
    assert not stack.refresh(made)
    stack.delete(made)


def test_database_replacement_deletes_first(stack, owner):
    made = stack.create("Database", "appdb", name="appdb", owner=owner)
    difference = stack.diff(made, encoding="LATIN1", lcCollate="C")
    assert sorted(difference.replaces) == ["encoding", "lcCollate"] or difference.replaces == ["encoding"]
    assert difference.delete_before_replace
    assert difference.detailed_diff["encoding"].kind.name == "UPDATE_REPLACE"


def test_database_exists(stack, database, owner):
    with pytest.raises(errors.ObjectExists, match=r'Database "again": .*already exists.*import_='):
        stack.create("Database", "again", name=database, owner=owner)


def test_database_without_a_right_leaves_no_membership(stack, owner):
    with pytest.raises(errors.GatepostError, match='Database "bad"'):
        stack.create("Database", "bad", name="bad", owner=owner, encoding="nonsense")


def test_schema_outputs(stack, database, owner):
    made = stack.create("Schema", "app", name="app", database=database, owner=owner)
    assert outputs(made) == {
        "__pulumi_raw_state_delta": {
            "obj": {"ps": {"policies": {"arr": {}}}, "renamed": {"policies": "policy"}}
        }, "database": database, "dropCascade": False, "id": f"{database}.app", "ifNotExists": True,
        "name": "app", "owner": owner, "policies": [],
    }  # fmt: skip


def test_schema_life(stack, pg, database, owner, service):
    made = stack.create("Schema", "app", name="app", database=database, owner=owner)
    stack.update(made, name="app2", owner=service)
    owner_of = "select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'app2'"
    assert pg.query(owner_of, database=database) == [(service,)]
    pg.query("alter schema app2 owner to postgres", database=database)
    assert stack.refresh(made)
    assert stack.diff(made).diffs == ["owner"]
    pg.query(f"alter schema app2 owner to {service}", database=database)
    pg.query("create table app2.t ()", database=database)
    with pytest.raises(
        errors.StatementFailed, match=r"table app2.t depends on schema app2.*drop or reassign"
    ):
        stack.delete(made)
    stack.refresh(made)
    stack.update(made, dropCascade=True)
    stack.delete(made)
    assert not stack.refresh(made)
    stack.delete(made)


def test_schema_that_exists_is_taken_over_unless_told_not_to(stack, pg, database, owner):
    pg.query("create schema app", database=database)
    with pytest.raises(errors.ObjectExists, match='Schema "app": schema "app" already exists'):
        stack.create("Schema", "app", name="app", database=database, owner=owner, ifNotExists=False)
    pg.query('alter schema app owner to "app ""owner"""', database=database)
    assert stack.create("Schema", "app", name="app", database=database)["owner"] == owner


def test_schema_of_a_dropped_database_is_gone(stack, pg, database, owner):
    made = stack.create("Schema", "app", name="app", database=database, owner=owner)
    pg.query('drop database "app""db"')
    assert not stack.refresh(made)
    stack.delete(made)


def test_schema_policies_are_refused(stack):
    failures = stack.check("Schema", "app", name="app", policies=[{"role": "x", "usage": True}]).failures
    assert [failure.property for failure in failures] == ["policies"]


def test_extension(stack, pg, database):
    available = pg.query("select 1 from pg_available_extensions where name = 'citext'")
    if not available:
        with pytest.raises(errors.StatementFailed, match=r'Extension "citext".*install it on the server'):
            stack.create("Extension", "citext", name="citext", database=database)
        return
    made = stack.create("Extension", "citext", name="citext", database=database)
    assert outputs(made) == {
        "__pulumi_raw_state_delta": {"obj": {}}, "createCascade": False, "database": database,
        "dropCascade": False, "id": f"{database}.citext", "name": "citext", "schema": "public",
        "version": made["version"],
    }  # fmt: skip
    assert stack.refresh(made)
    assert not stack.diff(made).changes
    stack.delete(made)
    assert not stack.refresh(made)


def test_grant_role(stack, pg, owner, service):
    made = stack.create("GrantRole", "membership", role=service, grantRole=owner)
    assert outputs(made) == {
        "__pulumi_raw_state_delta": {"obj": {}}, "grantRole": owner, "id": f"{service}_{owner}_false",
        "role": service, "withAdminOption": False,
    }  # fmt: skip
    difference = stack.diff(made, withAdminOption=True)
    assert difference.replaces == ["withAdminOption"]
    assert difference.delete_before_replace
    assert not stack.diff(made, role="other").delete_before_replace
    by = " granted by deployer" if pg.version >= 16 else ""
    pg.query('revoke "app ""owner""" from service' + by)
    assert not stack.refresh(made)
    stack.delete(made)


def test_grant_role_made_by_somebody_else_is_revoked_all_the_same(stack, pg, owner, service):
    made = stack.create("GrantRole", "membership", role=service, grantRole=owner)
    pg.query('grant "app ""owner""" to service')
    stack.provider, mine = type(stack)(pg, "postgres").provider, stack.provider
    stack.delete(made)
    stack.provider = mine
    assert pg.query("select pg_has_role('service', %s, 'member')", owner) == [(False,)]


def test_grant_role_to_the_deployer_is_not_what_creating_the_role_gave(stack, pg, owner):
    made = stack.create("GrantRole", "mine", role="deployer", grantRole=owner)
    assert made["withAdminOption"] is False
    stack.refresh(made)
    assert not stack.diff(made).changes
    stack.delete(made)
    assert not stack.refresh(made)


def test_default_privileges(stack, pg, database, schema, owner, service):
    made = stack.create(
        "DefaultPrivileges", "tables", database=database, objectType="table", owner=owner,
        privileges=["SELECT", "INSERT"], role=service, schema=schema,
    )  # fmt: skip
    assert outputs(made) == {
        "__pulumi_raw_state_delta": {"obj": {"ps": {"privileges": {"arr": {}}}}}, "database": database,
        "id": f"{service}_{database}_{schema}_{owner}_table", "objectType": "table", "owner": owner,
        "privileges": ["INSERT", "SELECT"], "role": service, "schema": schema, "withGrantOption": False,
    }  # fmt: skip
    assert not stack.diff(made).changes
    stack.update(made, privileges=["SELECT"])
    pg.query(
        'alter default privileges for role "app ""owner""" in schema "a pp"'
        " grant delete on tables to service",
        database=database,
    )
    stack.refresh(made)
    assert stack.diff(made).diffs == ["privileges"]
    stack.update(made)
    stack.update(made, privileges=["ALL"])
    stack.refresh(made)
    assert not stack.diff(made).changes
    stack.delete(made)
    assert not stack.refresh(made)


def test_default_privileges_of_public_without_schema(stack, database, owner):
    made = stack.create(
        "DefaultPrivileges",
        "none",
        database=database,
        objectType="function",
        owner=owner,
        privileges=[],
        role="public",
    )
    assert made.id == f"public_{database}_noschema_{owner}_function"
    assert made["privileges"] is None
    assert stack.refresh(made)
    assert not stack.diff(made).changes


def test_grant_on_schema(stack, pg, database, schema, service):
    made = stack.create(
        "Grant",
        "use",
        database=database,
        objectType="schema",
        privileges=["USAGE", "CREATE"],
        role=service,
        schema=schema,
    )
    assert outputs(made) == {
        "__pulumi_raw_state_delta": {"obj": {"ps": {"privileges": {"arr": {}}}}}, "columns": None,
        "database": database, "id": f"{service}_{database}_{schema}_schema", "objectType": "schema",
        "objects": None, "privileges": ["CREATE", "USAGE"], "role": service, "schema": schema,
        "withGrantOption": False,
    }  # fmt: skip
    stack.update(made, privileges=["USAGE"])
    assert pg.query("select has_schema_privilege('service', 'a pp', 'create')", database=database) == [
        (False,)
    ]
    pg.query('revoke usage on schema "a pp" from service', database=database)
    stack.refresh(made)
    assert stack.diff(made).diffs == ["privileges"]
    stack.update(made)
    assert stack.diff(made, role="other").delete_before_replace
    stack.delete(made)
    assert pg.query("select has_schema_privilege('service', 'a pp', 'usage')", database=database) == [
        (False,)
    ]


def test_grant_on_database(stack, pg, database, service):
    made = stack.create(
        "Grant", "connect", database=database, objectType="database", privileges=["CREATE"], role=service
    )
    assert made.id == f"{service}_{database}_database"
    assert made["schema"] is None
    assert pg.query("select has_database_privilege('service', %s, 'create')", database) == [(True,)]
    stack.delete(made)
    assert pg.query("select has_database_privilege('service', %s, 'create')", database) == [(False,)]


@pytest.mark.parametrize(
    ("inputs", "holds"),
    [
        (
            {"objectType": "table", "privileges": ["ALL"]},
            "has_table_privilege('service', 'a b.t'::regclass, 'delete')",
        ),
        (
            {"objectType": "table", "privileges": ["SELECT"], "objects": ["t", "u"]},
            "has_table_privilege('service', 'a b.u'::regclass, 'select')",
        ),
        (
            {"objectType": "column", "privileges": ["UPDATE"], "objects": ["t"], "columns": ["i", "j j"]},
            "has_column_privilege('service', 'a b.t'::regclass, 'j j', 'update')",
        ),
        (
            {"objectType": "sequence", "privileges": ["USAGE"], "objects": ["t_i_seq"]},
            "has_sequence_privilege('service', 'a b.t_i_seq'::regclass, 'usage')",
        ),
        (
            {"objectType": "function", "privileges": ["EXECUTE"], "objects": ["f(int, text[])"]},
            "has_function_privilege('service', 'a b.f(int, text[])'::regprocedure, 'execute')",
        ),
    ],
)
def test_grant_on_objects(stack, pg, database, schema, service, inputs, holds):
    holds = holds.replace("a b.", '"a pp".')
    for statement in (
        'create table "a pp".t (i serial, "j j" int)',
        'create table "a pp".u (i int)',
        "create function \"a pp\".f(int, text[]) returns int language sql as 'select 1'",
        'revoke execute on function "a pp".f from public',
    ):
        pg.query('set role "app ""owner"""; ' + statement, database=database)
    made = stack.create("Grant", "objects", database=database, role=service, schema=schema, **inputs)
    names = [*sorted(inputs.get("objects", [])), *inputs.get("columns", [])]
    assert made.id == "_".join([service, database, schema, inputs["objectType"], *names])
    assert pg.query(f"select {holds}", database=database) == [(True,)]
    stack.refresh(made)
    assert not stack.diff(made).changes
    stack.delete(made)
    assert pg.query(f"select {holds}", database=database) == [(False,)]
    made = stack.create("Grant", "objects", database=database, role=service, schema=schema, **inputs)
    pg.query('drop schema "a pp" cascade', database=database)
    assert not stack.refresh(made)
    stack.delete(made)


def test_grant_that_the_server_ignores_is_an_error(stack, pg, database, service):
    pg.query("create schema foreign_one; create table foreign_one.t (); ", database=database)
    with pytest.raises(errors.PermissionMissing, match='Grant "no"'):
        stack.create(
            "Grant",
            "no",
            database=database,
            objectType="schema",
            privileges=["USAGE"],
            role=service,
            schema="foreign_one",
        )


@pytest.mark.parametrize(
    ("inputs", "prop"),
    [
        ({"objectType": "table", "privileges": ["SELECT"]}, "schema"),
        ({"objectType": "table", "privileges": ["select"], "schema": "s"}, "privileges"),
        ({"objectType": "view", "privileges": ["SELECT"], "schema": "s"}, "objectType"),
        ({"objectType": "schema", "privileges": ["USAGE"], "schema": "s", "objects": ["x"]}, "objects"),
        ({"objectType": "table", "privileges": ["SELECT"], "schema": "s", "columns": ["x"]}, "columns"),
        ({"objectType": "schema", "schema": "s"}, "privileges"),
    ],
)
def test_grant_check_refuses(stack, inputs, prop):
    failures = stack.check("Grant", "grant", database="d", role="r", **inputs).failures
    assert [failure.property for failure in failures] == [prop]
