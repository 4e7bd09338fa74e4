"""The stack's configuration, typed: every key, what it means, and a clear error for what is wrong."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pulumi
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from gatepost.errors import UsageError

PROJECT = Path(__file__).resolve().parent.parent
NAMESPACE = "platform"


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )


class Server(_Model):
    """Where the PostgreSQL server is, and the deployer who connects to it."""

    host: str = Field(min_length=1)
    port: int = Field(default=5432, ge=1, le=65535)
    username: str = Field(default="deployer", min_length=1)
    password: Any = Field(repr=False)
    """A `str` (local) or a secret `pulumi.Output[str]` (everywhere else)."""
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = "verify-full"
    maintenance_database: str = "postgres"
    """The database that exists before the first deployment; roles and databases are made from there."""


class Passwords(_Model):
    """The passwords of the login roles; None where the platform provides the role."""

    authenticator: Any = Field(default=None, repr=False)
    monitor: Any = Field(repr=False)


class Settings(_Model):
    """What differs from stack to stack."""

    environment: Literal["local", "dev", "staging", "production"]
    database: str = Field(default="platform", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    shape: Literal["plain", "supabase"] = "plain"
    """`supabase`: database, API roles and `auth` schema exist; the deployer is no superuser."""
    approve: tuple[str, ...] = ()
    """Names of hazards that this stack's deployments accept."""
    read_statistics: bool = False
    """Let the monitor see other sessions; the deployer needs `pg_read_all_stats` with admin option."""
    persistence_release: int = 2
    """Which release of persistence is deployed: 1 is how it began, see `infra/persistence_releases.py`."""
    server: Server
    passwords: Passwords

    @property
    def has_demo_data(self) -> bool:
        """Whether development rows belong here."""
        return self.environment in ("local", "dev")

    @model_validator(mode="after")
    def _plain_server_needs_an_authenticator(self) -> Settings:
        if self.shape == "plain" and self.passwords.authenticator is None:
            command = f"pulumi config set --secret {NAMESPACE}:authenticatorPassword …"
            raise ValueError(f"{NAMESPACE}:authenticatorPassword is missing: {command}")
        return self

    @model_validator(mode="after")
    def _supabase_brings_its_database(self) -> Settings:
        if self.shape == "supabase" and self.database != self.server.maintenance_database:
            raise ValueError(
                f'shape "supabase" deploys into the database that exists:'
                f' set database to "{self.server.maintenance_database}", not "{self.database}"'
            )
        return self


def load() -> Settings:
    """Return the running stack's settings.

    :raises UsageError: names each key that is missing or wrong and how to set it.
    """
    given = _configured()
    try:
        environment = given.get("environment", pulumi.get_stack())
        server = _local_server() if environment == "local" else _pick(given, Server)
        passwords = _passwords(environment, server, given)
        return Settings.model_validate(
            {
                "readStatistics": environment == "local" and "GATEPOST_DATABASE_URL" not in os.environ,
                **given,
                "environment": environment,
                "server": server,
                "passwords": passwords,
            }
        )
    except ValidationError as error:
        raise UsageError(_explain(error)) from None


def api_url(settings: Settings) -> pulumi.Output[str] | None:
    """Return the URL of the API's login role, secret; None where the platform provides the role."""
    server, password = settings.server, settings.passwords.authenticator
    if password is None:
        return None
    return pulumi.Output.secret(password).apply(
        lambda word: (
            f"postgresql://authenticator:{quote(word, safe='')}@{server.host}:{server.port}"
            f"/{settings.database}?sslmode={server.sslmode}"
        )
    )


def _refuse_unknown(known: Collection[str]) -> None:
    config = pulumi.runtime.config
    for key in {**config.get_config_env(), **config.CONFIG.get()}:
        namespace, _, name = key.partition(":")
        if namespace == NAMESPACE and name not in known:
            raise UsageError(f"{key} is no setting of this project: there are {', '.join(sorted(known))}")


_SECRETS = ("password", "authenticatorPassword", "monitorPassword")
_OBJECTS = ("approve", "readStatistics")


def _configured() -> dict[str, Any]:
    config = pulumi.Config(NAMESPACE)
    plain = (*_aliases(Settings), *_aliases(Server))
    _refuse_unknown({*plain, *_SECRETS})
    given: dict[str, Any] = {
        key: config.get_object(key) if key in _OBJECTS else config.get(key)
        for key in plain
        if key != "password"
    }
    given |= {key: config.get_secret(key) for key in _SECRETS}
    return {key: value for key, value in given.items() if value is not None}


def _aliases(model: type[BaseModel]) -> list[str]:
    return [to_camel(name) for name in model.model_fields if name not in ("server", "passwords")]


def _pick(given: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    return {key: given.pop(key) for key in _aliases(model) if key in given}


def _passwords(environment: str, server: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if environment == "local":
        return {name: derive_password(server["password"], name) for name in Passwords.model_fields}
    keys = {name: f"{name}Password" for name in Passwords.model_fields}
    return {name: given.pop(key) for name, key in keys.items() if key in given}


def derive_password(deployer_password: str, login: str) -> str:
    """Return a local login role's password: nothing to ask for, nothing to keep."""
    return hmac.new(deployer_password.encode(), login.encode(), hashlib.sha256).hexdigest()[:32]


_NO_URL = "GATEPOST_DATABASE_URL is no URL of a server: give postgresql://user:password@host:port/database"


def _local_server() -> dict[str, Any]:
    url = os.environ.get("GATEPOST_DATABASE_URL") or _embedded_url()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{_NO_URL} ({error})") from None
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = query.get("host") or host
    if parts.scheme not in ("postgresql", "postgres") or not host:
        raise UsageError(_NO_URL)
    return {
        "host": host,
        "port": port or 5432,
        "username": unquote(parts.username or "postgres"),
        "password": unquote(parts.password or ""),
        "sslmode": query.get("sslmode", "prefer"),
        "maintenanceDatabase": parts.path.removeprefix("/") or "postgres",
    }


def _embedded_url() -> str:
    from gatepost.postgres.embedded import EmbeddedServer

    return EmbeddedServer(PROJECT / ".gatepost").url(user="deployer")


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        path = [str(part) for part in problem["loc"]]
        key = f"{path[1]}Password" if path[:1] == ["passwords"] else (path[-1] if path else "")
        secret = " --secret" if key in _SECRETS else ""
        if problem["type"] == "missing":
            lines.append(f"{NAMESPACE}:{key} is missing: pulumi config set{secret} {NAMESPACE}:{key} …")
        else:
            shown = "" if secret else f", got {problem['input']!r}"
            lines.append(f"{NAMESPACE}:{key}: {problem['msg'].lower()}{shown}" if key else problem["msg"])
    return "the stack's configuration is not right:\n  " + "\n  ".join(lines)
