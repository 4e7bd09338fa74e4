"""The database that objects are deployed to."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

_BUDGETS = ("lockTimeout", "statementTimeout", "lockBudget", "validateBudget", "concurrentBudget")


class Provider(pulumi.ProviderResource):
    """A connection to one database, and how changes to it are made.

    :param host: the server's name or address.
    :param database: the database's name.
    :param username: the role that signs in.
    :param password: its password; kept secret.
    :param port: the server's port.
    :param sslmode: as libpq takes it: `disable`, `prefer`, `require`, `verify-full`.
    :param role: the role that owns what is created; the session starts with `set role`.
    :param approve: hazards that this deployment accepts: `["DELETES_DATA:public.posts"]`.
    :param environment: `local`, `dev`, `staging` or `production`; seeds are refused in the last two.
    :param existing: what SQL may name although this provider does not declare it: `["auth.*", "public.old"]`.
        Without it, a table, function or type that nothing declares is refused before anything connects,
        and `verify` fails for roles, members and grants that nothing declares: `["backup_*"]`.
    :param lock_timeout: seconds that one try waits for a lock, and everybody behind it: 0.8.
    :param statement_timeout: seconds that a statement may run which others wait for: 300.
    :param lock_budget: seconds for all tries to get a lock: 60.
    :param validate_budget: seconds that the validation of a constraint may take: 7200.
    :param concurrent_budget: seconds that a concurrent build may take, its waits included: 7200.
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
        existing: Sequence[str] = (),
        lock_timeout: float | None = None,
        statement_timeout: float | None = None,
        lock_budget: float | None = None,
        validate_budget: float | None = None,
        concurrent_budget: float | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = {"host": host, "port": port, "database": database, "sslmode": sslmode}
        inputs: dict[str, pulumi.Input[str] | None] = {
            **where,
            "username": username,
            "role": role,
            "password": None if password is None else pulumi.Output.secret(password),
            "approve": ",".join(approve) or None,
            "environment": environment,
            "existing": ",".join(existing) or None,
        }
        budgets = (lock_timeout, statement_timeout, lock_budget, validate_budget, concurrent_budget)
        for name, seconds in zip(_BUDGETS, budgets, strict=True):
            inputs[name] = None if seconds is None else f"{seconds:g}"
        given = {name: value for name, value in inputs.items() if value is not None}
        super().__init__("gatepost", resource_name, given, opts)
