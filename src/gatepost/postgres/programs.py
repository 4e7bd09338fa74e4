"""PostgreSQL's own programs, pg_dump and psql among them, run against a server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gatepost.errors import GatepostError, UsageError
from gatepost.postgres.binaries import find_binaries
from gatepost.postgres.connect import Target


def dumped(target: Target, version: int, *options: str, major: str | None = None) -> str:
    """Return what pg_dump says of a database.

    :param version: the server's, as `server_version_num` has it.
    :param major: the version of pg_dump, where another server is to understand it.
    :raises UsageError: no pg_dump is there that knows the server's version, or it fails.
    """
    return run("pg_dump", target, options, version=version, major=major, failure=UsageError)


def run(
    program: str,
    target: Target,
    options: Sequence[str],
    *,
    given: str = "",
    version: int = 0,
    major: str | None = None,
    failure: type[GatepostError],
) -> str:
    """Run a program, connected to `target` by its environment, and return what it printed.

    :param given: what it reads from standard input.
    :param version: the oldest that it may be, as `server_version_num` has it.
    :raises GatepostError: of the class `failure`, with the program's own reason.
    """
    settings = {
        "PGHOST": target.host,
        "PGPORT": str(target.port),
        "PGUSER": target.username,
        "PGPASSWORD": target.password or "",
        "PGDATABASE": target.database,
        "PGSSLMODE": target.sslmode,
        "PGOPTIONS": "",
    }
    command = [str(path_of(program, version, major)), *options]
    done = subprocess.run(
        command,
        env={**os.environ, **settings},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise failure(f"{target}: {program} failed: {_reason(done.stderr)}")
    return done.stdout


def path_of(program: str, version: int = 0, major: str | None = None) -> Path:
    """Return a program that is at least as new as a server: the wheel's, else the system's.

    :raises UsageError: there is none.
    """
    if major is not None:
        return find_binaries(major).program(program)
    for source in ("wheel", "system"):
        try:
            binaries = find_binaries(source=source)
            if int(binaries.major) >= version // 10000:
                return binaries.program(program)
        except UsageError:
            continue
    raise UsageError(f"no {program} for PostgreSQL {version // 10000} is installed")


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line.partition("ERROR:")[2] or line.partition("error:")[2] for line in lines]
    return next((one.strip() for one in told if one), lines[0] if lines else "no word")
