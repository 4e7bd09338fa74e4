"""The database that objects are deployed to."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


class Provider(pulumi.ProviderResource):
    """A connection to one database, and how changes to it are made.

    :param role: the role that owns what is created; the session starts with `set role`.
    :param approve: hazards that this deployment accepts: `["DELETES_DATA:public.posts"]`.
    :param environment: `local`, `dev`, `staging` or `production`; seeds are refused in the last two.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        host: pulumi.Input[str],
        database: pulumi.Input[str],
        username: pulumi.Input[str],
        password: pulumi.Input[str] | None = None,
        port: pulumi.Input[str] = "5432",
        sslmode: pulumi.Input[str] = "prefer",
        role: pulumi.Input[str] | None = None,
        approve: Sequence[str] = (),
        environment: str = "local",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "host": host,
            "port": port,
            "username": username,
            "password": None if password is None else pulumi.Output.secret(password),
            "database": database,
            "sslmode": sslmode,
            "role": role,
            "approve": ",".join(approve) or None,
            "environment": environment,
        }
        given = {name: value for name, value in inputs.items() if value is not None}
        super().__init__("gatepost", resource_name, given, opts)
