"""`gatepost types`: typed definitions of the deployed database, written or compared."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from gatepost.addresses import deployer_url
from gatepost.cli.deploy import Options, open_stack
from gatepost.errors import DriftFound, UsageError
from gatepost.postgres.connect import Target, connect
from gatepost.types import RENDERERS, read

_SHOWN = 20


def types(
    options: Options,
    language: str,
    *,
    schemas: Sequence[str],
    output: Path | None,
    check: bool,
    database_url: str | None,
) -> None:
    """Write the definitions to `output`, else to standard output; with `check` only compare.

    :raises DriftFound: `check`, and the file is not what would be written.
    """
    if check and output is None:
        raise UsageError("--check compares a file: name it with --output")
    made = _rendered(language, _target(options, database_url), schemas)
    if output is None:
        sys.stdout.write(made)
    elif check:
        _compare(output, made, language)
    elif not output.exists() or output.read_text(encoding="utf-8") != made:
        output.write_text(made, encoding="utf-8")


def _rendered(language: str, target: Target, schemas: Sequence[str]) -> str:
    with closing(connect(target)) as connection:
        return RENDERERS[language](read(connection, schemas))


def _compare(output: Path, made: str, language: str) -> None:
    found = output.read_text(encoding="utf-8") if output.exists() else ""
    if found == made:
        return
    lines = list(
        difflib.unified_diff(found.splitlines(), made.splitlines(), str(output), "database", "", "", 1)
    )
    more = f"\n… {len(lines) - _SHOWN} more lines" if len(lines) > _SHOWN else ""
    raise DriftFound(
        f"{output} is not what is deployed: run `gatepost types {language} --output {output}`\n"
        + "\n".join(line.rstrip("\n") for line in lines[:_SHOWN])
        + more
    )


def _target(options: Options, database_url: str | None) -> Target:
    if database_url is None:
        stack = open_stack(options)
        if not stack.is_local:
            raise UsageError(
                f'stack "{stack.name}" has a server of its own: give --database-url, whose role needs to see'
                " the catalog only"
            )
        database_url = deployer_url(stack)
    parts = urlsplit(database_url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise UsageError("--database-url: expected postgresql://user:password@host:port/database")
    return Target(
        host=parts.hostname or "localhost",
        port=parts.port or 5432,
        username=unquote(parts.username or ""),
        database=unquote(parts.path.strip("/")),
        password=unquote(parts.password or ""),
        sslmode=parse_qs(parts.query).get("sslmode", ["prefer"])[-1],
    )
