"""What surrounds the tables: database, roles, schemas and who may enter them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_postgresql as postgresql

from gatepost.resources import Provider
from infra.settings import Settings

OWNER = "app_owner"
"""Owns every object; nobody logs in as it."""
DEFINER = "app_definer"
"""Runs the `security definer` functions: it has just the rows and columns that they need."""
MONITOR = "app_monitor"
"""Reads health and findings, no tenant's rows."""
ANONYMOUS = "anon"
USER = "authenticated"
SERVICE = "service_role"
API_ROLES = (ANONYMOUS, USER, SERVICE)

ENTER, ENTER_AND_OWN = ("USAGE",), ("CREATE", "USAGE")
SCHEMAS = {
    "app": {DEFINER: ENTER_AND_OWN, USER: ENTER, SERVICE: ENTER, MONITOR: ENTER},
    "monitoring": {MONITOR: ENTER_AND_OWN, SERVICE: ENTER},
}
"""Who enters a schema; PostgreSQL asks that the owner of a function in it may also create there."""


class ServerSetup:
    """All that the pulumi-postgresql provider declares."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._supabase = settings.shape == "supabase"
        self._made: list[pulumi.Resource] = []
        server = settings.server
        self._provider = postgresql.Provider(
            "server",
            host=server.host,
            port=server.port,
            username=server.username,
            password=pulumi.Output.secret(server.password),
            database=server.maintenance_database,
            sslmode=server.sslmode,
            superuser=False,
        )
        self._declare_roles()
        self._database = self._declare_database()
        self._declare_schemas()

    def target(self) -> Provider:
        """Return the provider of tables and functions, which waits for all of this."""
        server = self._settings.server
        return Provider(
            "target",
            host=server.host,
            port=str(server.port),
            username=server.username,
            password=server.password,
            database=self._database,
            sslmode=server.sslmode,
            role=OWNER,
            approve=self._settings.approve,
            environment=self._settings.environment,
            opts=pulumi.ResourceOptions(depends_on=self._made),
        )

    def _declare_roles(self) -> None:
        for name in (DEFINER, MONITOR, *(() if self._supabase else API_ROLES)):
            self._role(name, roles=["pg_read_all_stats"] if self._reads_statistics(name) else None)
        self._role(OWNER, roles=[DEFINER, MONITOR])
        if not self._supabase:
            self._login("authenticator", self._settings.passwords.authenticator, API_ROLES)
        self._login("monitor", self._settings.passwords.monitor, [MONITOR])
        self._let_deployer_act_as([OWNER, *(() if self._supabase else API_ROLES)])

    def _reads_statistics(self, name: str) -> bool:
        return name == MONITOR and self._settings.read_statistics

    def _role(self, name: str, **attributes: Any) -> None:
        self._made.append(postgresql.Role(name, name=name, opts=self._next(), **attributes))

    def _login(self, name: str, password: pulumi.Input[str], roles: Sequence[str]) -> None:
        """Declare a role that logs in and has no right of its own but those of `roles`.

        The authenticator inherits nothing: each request takes on one role with `set role`.
        """
        self._role(
            name,
            roles=list(roles),
            login=True,
            inherit=name != "authenticator",
            password=pulumi.Output.secret(password),
            statement_timeout=30_000,
            idle_in_transaction_session_timeout=60_000,
        )

    def _let_deployer_act_as(self, roles: Sequence[str]) -> None:
        """It makes objects as their owner, and verifies them as those who use them."""
        deployer = self._settings.server.username
        for name in roles:
            # PostgreSQL 16 gives who creates a role its administration too: that is no difference to mend.
            as_made = pulumi.ResourceOptions(ignore_changes=["withAdminOption"])
            opts = pulumi.ResourceOptions.merge(self._next(), as_made)
            grant = postgresql.GrantRole(f"{deployer}_in_{name}", role=deployer, grant_role=name, opts=opts)
            self._made.append(grant)

    def _declare_database(self) -> pulumi.Input[str]:
        name = self._settings.database
        if self._supabase:
            self._grant("database", name, OWNER, ("CREATE",))
            self._grant("schema", name, OWNER, ENTER_AND_OWN, schema="public")
            return name
        keep = self._settings.environment in ("staging", "production")
        database = postgresql.Database(
            name, name=name, owner=OWNER, encoding="UTF8", template="template0", opts=self._next(protect=keep)
        )
        self._made.append(database)
        # Every role may connect to a new database: take that back, then let in who logs in.
        for role, privileges in {
            "public": (),
            "authenticator": ("CONNECT",),
            "monitor": ("CONNECT",),
        }.items():
            self._grant("database", database.name, role, privileges)
        return database.name

    def _declare_schemas(self) -> None:
        for name, entrants in SCHEMAS.items():
            schema = postgresql.Schema(
                name, name=name, database=self._database, owner=OWNER, opts=self._next()
            )
            self._made.append(schema)
            for role, privileges in entrants.items():
                self._grant("schema", self._database, role, privileges, schema=name)
        # A function that somebody makes by hand is nobody's to call until it is granted.
        closed = postgresql.DefaultPrivileges(
            "functions_for_nobody",
            database=self._database,
            owner=OWNER,
            role="public",
            object_type="function",
            privileges=[],
            opts=self._next(),
        )
        self._made.append(closed)

    def _grant(
        self,
        kind: str,
        database: pulumi.Input[str],
        role: str,
        privileges: Sequence[str],
        schema: str | None = None,
    ) -> None:
        grant = postgresql.Grant(
            f"{role}_on_{kind}_{schema or 'database'}",
            database=database,
            object_type=kind,
            role=role,
            schema=schema,
            privileges=list(privileges),
            opts=self._next(),
        )
        self._made.append(grant)

    def _next(self, protect: bool | None = None) -> pulumi.ResourceOptions:
        """One after the other: what changes together fails with "tuple concurrently updated"."""
        return pulumi.ResourceOptions(
            provider=self._provider, depends_on=self._made[-1:], protect=protect or None
        )
