"""`gatepost db`: the embedded server of the project, and how to get into the database."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gatepost.addresses import OWN, database_of, deployer_url
from gatepost.cli.deploy import Options, agreed, open_stack
from gatepost.cli.display import Screen
from gatepost.cli.problems import print_json
from gatepost.errors import UsageError
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.stacks import Stack


def start(options: Options) -> None:
    """Start the server."""
    stack, screen = _local(options), Screen()
    server = _server(stack)
    server.start()
    status = server.status()
    screen.line(f"PostgreSQL {status.version} runs on {status.url}")


def stop(options: Options) -> None:
    """Stop the server; its data stay."""
    ran = _server(_local(options)).stop()
    Screen().line("stopped" if ran else "it was not running")


def status(options: Options) -> None:
    """Say whether the server runs, where, and how large it is."""
    stack, screen = _local(options), Screen(json=options.json)
    if own := os.environ.get(OWN):
        _status_of_own(screen, own)
        return
    found = _server(stack).status()
    if options.json:
        print_json({"embedded": True, **asdict(found)})
        return
    where = f"running, process {found.pid}" if found.running else "stopped: `gatepost db start` starts it"
    for name, value in {
        "server": f"PostgreSQL {found.version}, {where}",
        "url": found.url or "none while it is stopped",
        "database": database_of(stack),
        "data": f"{found.data} ({found.size / 1_000_000:.1f} MB)",
    }.items():
        screen.line(f"{name:<9} {value}")


def _status_of_own(screen: Screen, url: str) -> None:
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.username}@{parts.hostname}:{parts.port or 5432}{parts.path}"
    if screen.json:
        print_json({"embedded": False, "url": shown})
    else:
        screen.line(f"server    a server of your own, from {OWN}")
        screen.line(f"url       {shown}")


def reset(options: Options) -> None:
    """Delete the server's data and the local stack's state, which describes them."""
    stack, screen = _local(options), Screen()
    _refuse_own("reset")
    if not options.yes:
        if not screen.can_ask:
            raise UsageError("nobody can be asked here: run `gatepost db reset --yes`")
        if not agreed(screen, f"delete every database in {stack.folder}, and the state of {stack.name}?"):
            raise UsageError("nothing was deleted: the answer was no")
    _forget(stack, _server(stack))
    screen.line("an empty server runs: `gatepost up` deploys to it")


def _forget(stack: Stack, server: EmbeddedServer) -> None:
    from gatepost.engine.model import Project
    from gatepost.engine.state import StateFiles

    files = StateFiles(stack.backend, Project(stack.project, stack.root), stack.name)
    with files.lock():
        server.reset()
        for folder in ("stacks", "gatepost", "backups", "history"):
            _remove(stack, stack.backend / ".pulumi" / folder / stack.project)


def _remove(stack: Stack, folder: Path) -> None:
    for path in (folder / f"{stack.name}.json", folder / f"{stack.name}.journal"):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / stack.name, ignore_errors=True)


def url(options: Options, user: str, database: str | None) -> None:
    """Print the URL of the database, with the password."""
    Screen().line(deployer_url(_local(options), user, database))


def psql(options: Options, user: str, database: str | None, arguments: list[str]) -> None:
    """Become psql, connected as `user`; the password travels in the environment, not in the arguments."""
    stack = _local(options)
    parts = urlsplit(deployer_url(stack, user, database))
    program = _server(stack).binaries.program("psql")
    environment = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
        "PGAPPNAME": "gatepost psql",
    }
    os.execve(program, [str(program), *arguments], {**os.environ, **environment})  # noqa: S606 (no shell is wanted)


def _server(stack: Stack) -> EmbeddedServer:
    return EmbeddedServer(stack.folder)


def _local(options: Options) -> Stack:
    stack = open_stack(options)
    if not stack.is_local:
        raise UsageError(f'stack "{stack.name}" has a server of its own: `gatepost db` is for --stack local')
    return stack


def _refuse_own(verb: str) -> None:
    if os.environ.get(OWN):
        raise UsageError(f"{OWN} names a server of your own: `gatepost db {verb}` is for the embedded one")
