"""`gatepost serve` and `gatepost token`: the API of a stack, and tokens to try it with."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatepost.addresses import api_url, server_log
from gatepost.cli.deploy import Command, Options, open_stack
from gatepost.cli.display import Screen
from gatepost.errors import UsageError

if TYPE_CHECKING:
    from gatepost.session import Identity
    from gatepost.stacks import Stack
    from gatepost.web import Verifier


@dataclass(frozen=True)
class Address:
    """Where to listen, and how many connections to use."""

    host: str
    port: int
    connections: int
    log_level: str = "info"


def serve(options: Options, address: Address) -> int:
    """Serve the project's API until Ctrl-C."""
    from gatepost.session import Database
    from gatepost.web import create_app
    from gatepost.web import serve as server
    from gatepost.web.clock import Clock, Surroundings

    command = Command("serve", options)
    with command.opened() as engine:
        stack = command.stack
        application = server.load(stack.root)
        verifier = verifier_of(stack)
        url = api_url(stack, engine)
    log = server_log(stack)
    with (
        closing(server.listen(address.host, address.port)) as listening,
        Database(url, max_size=address.connections, opening=application.opening) as database,
    ):
        app = create_app(
            database,
            verifier,
            application.routers,
            title=application.title,
            maintenance=application.maintenance,
        )
        server.log_to_standard_error(address.log_level)
        with Clock(application.jobs, Surroundings(database, log), application.jobs_every):
            server.run(app, listening, lambda: _tell(command.screen, stack, listening.getsockname()))
    command.screen.line("stopped")
    return 0


def _tell(screen: Screen, stack: Stack, address: Sequence[object]) -> None:
    host, port = str(address[0]), address[1]
    shown = f"[{host}]" if ":" in host else host
    screen.line(f"{stack.project}/{stack.name} is served at http://{shown}:{port} (documentation: /docs)")


def verifier_of(stack: Stack) -> Verifier:
    """Return what verifies tokens; a local stack has a secret of its own where none is set."""
    from gatepost.web.tokens import JWKS, SECRET, Verifier

    environment = dict(os.environ)
    if stack.is_local and not environment.get(SECRET) and not environment.get(JWKS):
        environment[SECRET] = _local_secret(stack)
    return Verifier.from_environment(environment)


def _local_secret(stack: Stack) -> str:
    file = stack.folder / "jwt_secret"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        making = file.with_suffix(f".{os.getpid()}")
        making.touch(0o600)
        making.write_text(secrets.token_urlsafe(48))
        making.replace(file)
    return file.read_text().strip()


def token(options: Options, user: str | None, role: str, minutes: int, organization: str | None) -> None:
    """Print a token for a local or development stack.

    :raises UsageError: the stack is shared, or user and role do not go together.
    """
    from gatepost.web.tokens import mint

    stack = open_stack(options)
    if stack.is_shared:
        raise UsageError(
            f'stack "{stack.name}" is {stack.environment}: its tokens come from its identity provider;'
            " `gatepost token` is for local and dev"
        )
    verifier = verifier_of(stack)
    if verifier.secret is None:
        raise UsageError(
            "the stack's tokens are signed with a private key elsewhere: set GATEPOST_JWT_SECRET"
        )
    made = mint(
        verifier.secret,
        _identity(user, role, organization),
        seconds=minutes * 60,
        audience=verifier.audience,
        issuer=verifier.issuer,
    )
    sys.stdout.write(f"{made}\n")


def _identity(user: str | None, role: str, organization: str | None) -> Identity:
    from gatepost.session import Identity

    if role == "authenticated":
        if user is None:
            raise UsageError("whose token? give --user <uuid>, or --role service_role or anon")
        return Identity.user(user, **({"organization_id": organization} if organization else {}))
    if user is not None or organization is not None:
        raise UsageError(f"role {role} is nobody's: leave out --user and --organization")
    if role not in ("service_role", "anon"):
        raise UsageError(f"role {role!r}: choose authenticated, service_role or anon")
    return Identity.service() if role == "service_role" else Identity.anonymous()
