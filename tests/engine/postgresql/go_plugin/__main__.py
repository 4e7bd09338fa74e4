"""Every one of the seven types, with and without its optional inputs."""

import json
import os

import pulumi
import pulumi_postgresql as postgresql

settings = json.loads(os.environ["POSTGRESQL_SETTINGS"])
password = pulumi.Output.secret(settings.pop("password"))
target = postgresql.Provider("target", **settings, password=password)
pulumi.runtime.register_stack_transformation(
    lambda args: (
        pulumi.ResourceTransformationResult(
            args.props,
            pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(provider=target)),
        )
        if args.type_.startswith("postgresql:")
        else None
    )
)

owner = postgresql.Role("app_owner", name="app_owner")
service = postgresql.Role(
    "service",
    name="service",
    login=True,
    password=pulumi.Output.secret("pä'\\ss"),
    roles=["app_owner"],
    search_paths=["app", "public"],
    statement_timeout=1000,
    idle_in_transaction_session_timeout=60_000,
    connection_limit=5,
    opts=pulumi.ResourceOptions(depends_on=[owner]),
)
plain = postgresql.Role(
    "plain", name="plain", login=True, password="clear", roles=[], bypass_row_level_security=True
)
database = postgresql.Database("appdb", name="appdb", owner=owner.name, encoding="UTF8", template="template0")
generated = postgresql.Database("generated", connection_limit=3, is_template=True)
schema = postgresql.Schema("app", name="app", database=database.name, owner=owner.name)
other = postgresql.Schema("other", database=database.name, if_not_exists=False, drop_cascade=True)
if os.environ["POSTGRESQL_EXTENSION"]:
    postgresql.Extension("extension", name=os.environ["POSTGRESQL_EXTENSION"], database=database.name)
auditor = postgresql.Role("auditor", name="auditor")
member = postgresql.GrantRole("member", role=auditor.name, grant_role=plain.name)
admin = postgresql.GrantRole("admin", role=auditor.name, grant_role=owner.name, with_admin_option=True)
on_tables = postgresql.DefaultPrivileges(
    "on_tables",
    database=database.name,
    object_type="table",
    owner=owner.name,
    privileges=["SELECT", "INSERT"],
    role=service.name,
    schema=schema.name,
)
none = postgresql.DefaultPrivileges(
    "none", database=database.name, object_type="function", owner=owner.name, privileges=[], role="public"
)
grants = {
    "schema": {"privileges": ["USAGE", "CREATE"], "schema": schema.name, "role": service.name},
    "database": {"privileges": ["CONNECT"], "with_grant_option": True, "role": plain.name},
    "table": {"privileges": ["ALL"], "schema": schema.name, "role": plain.name},
}
previous = []
for object_type, inputs in grants.items():
    opts = pulumi.ResourceOptions(depends_on=previous)
    grant = postgresql.Grant(
        object_type, object_type=object_type, database=database.name, opts=opts, **inputs
    )
    previous = [grant]
