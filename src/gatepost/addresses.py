"""Where the database of a stack is, and as whom one gets in: the deployer, or with the login of the API."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gatepost.errors import UsageError
from gatepost.postgres.cluster import DEPLOYER
from gatepost.postgres.embedded import EmbeddedServer

if TYPE_CHECKING:
    from gatepost.engines import Engine
    from gatepost.stacks import Stack

OWN = "GATEPOST_DATABASE_URL"
"""Names a server of one's own to a local stack."""
API = "GATEPOST_SERVE_DATABASE_URL"
SERVER_LOG = "GATEPOST_SERVER_LOG"
"""The files of the log of the API's server, as a pattern."""
OUTPUT = "api_url"
"""The stack's output with the URL of the API's login role."""


def embedded_server(stack: Stack) -> EmbeddedServer | None:
    """Return the embedded server that is the stack's target; None where it has another."""
    return EmbeddedServer(stack.folder) if stack.is_local and not os.environ.get(OWN) else None


def deployer_url(stack: Stack, user: str = DEPLOYER, database: str | None = None) -> str:
    """Return the URL, with the password, of the database that was deployed; an embedded server is started."""
    name = database or database_of(stack)
    if own := os.environ.get(OWN):
        return urlsplit(own)._replace(path=f"/{name}").geturl()
    server = EmbeddedServer(stack.folder)
    server.start()
    return server.url(user, name)


def database_of(stack: Stack) -> str:
    """Return the database that was deployed, or the one that every server has."""
    own = urlsplit(os.environ.get(OWN, "")).path.removeprefix("/")
    return deployed_database(stack) or own or "postgres"


def deployed_database(stack: Stack) -> str | None:
    """Return the database that the stack's outputs name; None where nothing was deployed or none is named."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        latest = json.loads(stack.state_file.read_text())["checkpoint"]["latest"]
        for resource in latest["resources"]:
            if resource["type"] == "pulumi:pulumi:Stack":
                return str(resource["outputs"]["database"])
    return None


def api_url(stack: Stack, engine: Engine) -> str:
    """Return the URL of the API's login role: GATEPOST_SERVE_DATABASE_URL, or what was deployed.

    :raises UsageError: nothing was deployed, or the program does not say which login the API has.
    """
    if given := os.environ.get(API):
        return given
    found = engine.outputs(show_secrets=True).get(OUTPUT)
    if not found:
        raise UsageError(
            f'stack "{stack.name}" has no output `{OUTPUT}`: deploy it with `gatepost up`,'
            f" or set {API} to the URL of the API's login role"
        )
    parts = urlsplit(str(found))
    if embedded_server(stack):
        # the embedded server may have moved to another port since
        address = urlsplit(deployer_url(stack)).netloc.rpartition("@")[2]
        parts = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{address}")
    return parts.geturl()


def server_log(stack: Stack) -> str:
    """Return the pattern of the server's log files: GATEPOST_SERVER_LOG, or an embedded server's own."""
    if given := os.environ.get(SERVER_LOG):
        return given
    server = embedded_server(stack)
    return str(server.data.parent / "log" / "*.json") if server and not os.environ.get(API) else ""
