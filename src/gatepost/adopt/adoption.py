"""Adoption from end to end: read the database, write the program, take all into a state, prove it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from gatepost.adopt import astray, cycles, database, dump, program, report, serial
from gatepost.adopt.program import Program
from gatepost.engine.deployment import Deployment
from gatepost.engine.model import Project, Result
from gatepost.engine.program import program_file
from gatepost.engines import in_folder
from gatepost.errors import StatementFailed, UsageError
from gatepost.postgres.connect import Target, connect, translating
from gatepost.stacks import Stack


@dataclass(frozen=True)
class Adopted:
    """What came of an adoption."""

    root: Path
    program: Program
    unchanged: int
    """The resources that a preview found as they are declared."""


def adopt(url: str, root: Path, project: str) -> Adopted:
    """Write a program for the database of `url` into the empty folder `root`, and its state.

    Nothing is changed in the database.

    :raises UsageError: the folder has a program already, or the URL is none.
    :raises StatementFailed: a preview of what was written found something to do.
    """
    target = target_of(url)
    if (root / "Pulumi.yaml").exists() or (root / "infra").exists():
        raise UsageError(f"{root} has a program already: give an empty folder with --into")
    with connect(target) as connection, translating(f"reading {target}"):
        found = database.read(connection)
        found.astray = astray.find(connection)
    found.statements = dump.statements(found, target)
    serial.fold(found)
    cycles.cut(found)
    made = program.write(found, project, target.username)
    made.files["ADOPTED.md"] = report.text(found, made)
    for name, text in made.files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    with _environment("GATEPOST_DATABASE_URL", url):
        stack = Stack(root, "local")
        _deployment(stack, taking_over=True).up(in_folder(stack, program_file(stack.program)))
        seen = _deployment(stack, taking_over=False).preview(in_folder(stack, program_file(stack.program)))
    if changes := _changes(seen):
        raise StatementFailed(
            f"the program in {root} is not yet what the database has: {', '.join(changes)};"
            " `gatepost preview --sql` shows why"
        )
    return Adopted(root, made, seen.changes["same"])


def target_of(url: str) -> Target:
    """Return the target that a URL names.

    :raises UsageError: it names none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname:
        raise UsageError("DATABASE_URL is to be postgresql://user:password@host:port/database")
    return Target(
        host=parts.hostname,
        port=port,
        username=unquote(parts.username or "postgres"),
        password=unquote(parts.password) if parts.password else None,
        database=unquote(parts.path.removeprefix("/")) or "postgres",
        sslmode=parse_qs(parts.query).get("sslmode", ["prefer"])[-1],
    )


def _deployment(stack: Stack, *, taking_over: bool) -> Deployment:
    from gatepost.adopt.state import TakingOver, TakingOverSurroundings
    from gatepost.engine.postgresql.provider import PostgresqlProvider
    from gatepost.provider.provider import GatepostProvider

    providers: dict[str, Any] = {"gatepost": GatepostProvider, "postgresql": PostgresqlProvider}
    if taking_over:
        providers = {"gatepost": TakingOver, "postgresql": TakingOverSurroundings}
    return Deployment(
        Project(stack.project, stack.root),
        stack.name,
        backend=stack.backend,
        passphrase=stack.passphrase,
        config={},
        providers=providers,
    )


def _changes(result: Result) -> list[str]:
    return [
        f"{event.op} {event.type.rpartition(':')[2]} {event.name}"
        for event in result.steps
        if event.op != "same"
    ]


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
