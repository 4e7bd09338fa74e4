"""pgbench on one server: the rate and the latencies that no client can better."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fix_populated import identity_of
from psycopg.sql import SQL, Literal

from gatepost.plans.draws import Drawn
from gatepost.postgres.binaries import find_binaries
from gatepost.queries import Query
from gatepost.session.statement import compiled


@dataclass(frozen=True)
class Limit:
    """What pgbench reached."""

    rate: float
    """Transactions a second."""
    p50: float
    """Milliseconds."""
    p99: float


def script_of(query: Query, drawn: Drawn) -> str:
    """The identity and the query, as the session sends them: one pipeline, one transaction."""
    identity = identity_of(query, drawn)
    identify = SQL(
        "select set_config('role', {role}, true), set_config('request.jwt.claims', {claims}, true),"
        " set_config('app.user_id', '', true), set_config('app.organization_id', '', true);"
    ).format(role=Literal(identity.role), claims=Literal(_claims(identity)))
    return "\n".join(
        ["\\startpipeline", identify.as_string(None), _with_literals(query, drawn) + ";", "\\endpipeline", ""]
    )


def _claims(identity: Any) -> str:
    import json

    return json.dumps(dict(identity.claims))


def _with_literals(query: Query, drawn: Drawn) -> str:
    arguments = query.arguments(drawn.subjects, **drawn.values)
    found = compiled(query, arguments)
    statement = found.sql.decode()
    for number, name in reversed(list(enumerate(found.names, 1))):
        statement = statement.replace(f"${number}", Literal(arguments[name]).as_string(None))
    lines = (line.partition("--")[0] for line in statement.splitlines())
    return " ".join(" ".join(lines).split())


def run(url: str, script: str, *, seconds: float = 2, clients: int = 1) -> Limit:
    """Run a script with prepared statements for some seconds."""
    parts = urlsplit(url)
    with tempfile.TemporaryDirectory(prefix="gatepost-pgbench-") as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script)
        command = [str(find_binaries("18").program("pgbench")), "--no-vacuum", "--protocol=prepared"]
        command += [f"--file={file}", f"--client={clients}", f"--time={seconds:g}"]
        environment = {
            "PGHOST": unquote(parts.hostname or ""),
            "PGPORT": str(parts.port),
            "PGUSER": parts.username or "",
            "PGPASSWORD": unquote(parts.password or ""),
            "PGDATABASE": parts.path[1:],
        }
        command += ["--log", f"--log-prefix={folder}/log"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        took = sorted(
            int(line.split()[2]) / 1000
            for log in Path(folder).glob("log.*")
            for line in log.read_text().splitlines()
        )
    return Limit(len(took) / seconds, took[len(took) // 2], took[int(len(took) * 0.99)])
