"""The provider's own settings: as declared, as stored, and as a server to connect to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from gatepost.engine.postgresql.connection import Server
from gatepost.engine.postgresql.values import Plain, Properties, is_unknown, plain, plain_map, wire
from gatepost.errors import UnsupportedFeature, UsageError
from gatepost.postgres.connect import Target

VERSION = "3.18.2"
"""The version of `pulumi-postgresql` whose state this provider reads and writes."""

_SECRET = "password"  # noqa: S105
_SUPPORTED = (
    "host", "port", "username", "password", "database", "databaseUsername", "sslmode", "sslMode", "superuser",
    "connectTimeout", "maxConnections", "expectedVersion", "scheme",
)  # fmt: skip
_UNSUPPORTED = (
    "awsRdsIamAuth", "awsRdsIamProfile", "awsRdsIamRegion", "awsRdsIamProviderRoleArn", "azureIdentityAuth",
    "azureTenantId", "gcpIamImpersonateServiceAccount", "clientcert", "sslrootcert",
)  # fmt: skip


def stored(inputs: Properties) -> Properties:
    """Return the settings as the state holds them: strings, the password a secret, the plugin's version."""
    result = {
        key: _as_text(value, secret=key == _SECRET or value.contains_secret())
        for key, value in inputs.items()
        if not key.startswith("__") and value.value is not None
    }
    result.setdefault("version", wire(VERSION))
    return result | {"__internal": inputs.get("__internal", wire({}))}


def _as_text(value: PropertyValue, *, secret: bool) -> PropertyValue:
    content = plain(value)
    return wire(content if isinstance(content, str) else json.dumps(content), secret=secret)


def problems(inputs: Properties) -> Iterator[tuple[str, str]]:
    """Yield (setting, reason) for settings that cannot be right."""
    for key, value in plain_map(inputs).items():
        if key not in (*_SUPPORTED, *_UNSUPPORTED, "version", "pluginDownloadURL"):
            yield key, f"is no setting of the postgresql provider: it has {', '.join(_SUPPORTED)}"
        elif key in ("port", "connectTimeout", "maxConnections") and not _is_number(value):
            yield key, f'got "{value}", want a whole number'
        elif key in ("superuser",) and str(value).lower() not in ("true", "false") and not is_unknown(value):
            yield key, f'got "{value}", want true or false'


def _is_number(value: Any) -> bool:
    return is_unknown(value) or str(value).removeprefix("-").isdigit()


def server(inputs: Properties) -> Server:
    """Return the server that the settings name; what they leave out comes from libpq's variables.

    Raise `UsageError` for a setting that is not known yet, `UnsupportedFeature` for one of the CLI only.
    """
    values = plain_map(inputs)
    for key, value in values.items():
        if is_unknown(value):
            raise UsageError(
                f'postgresql provider: "{key}" is not known yet: deploy what it comes from first'
            )
    _refuse_unsupported(values)
    environment = os.environ.get
    target = Target(
        host=values.get("host") or environment("PGHOST") or "localhost",
        port=int(values.get("port") or environment("PGPORT") or 5432),
        username=values.get("username") or environment("PGUSER") or "postgres",
        password=values.get("password") or environment("PGPASSWORD"),
        database=values.get("database") or environment("PGDATABASE") or "postgres",
        sslmode=values.get("sslmode") or values.get("sslMode") or environment("PGSSLMODE") or "prefer",
    )
    superuser = str(values.get("superuser", environment("PGSUPERUSER") or True))
    return Server(target, superuser=superuser.lower() == "true")


def _refuse_unsupported(values: Plain) -> None:
    used = [key for key in _UNSUPPORTED if str(values.get(key, "")).lower() not in ("", "false")]
    if values.get("scheme", "postgres") != "postgres":
        used.append("scheme")
    if used:
        raise UnsupportedFeature(
            f"postgresql provider: the embedded engine does not support {', '.join(used)}:"
            " leave it out (libpq's variables such as PGSSLROOTCERT work), or deploy with the Pulumi CLI"
        )
