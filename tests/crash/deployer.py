"""Deploys the program in processes that can be killed: all is imported once, each deployment is forked.

Reads a line of JSON a deployment; answers with its process and, when that has ended, with its exit status.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import deployed_program
import psycopg  # noqa: F401 imported before the fork, as is all that the deployment needs

from gatepost.engine import Deployment, Project
from gatepost.engine.postgresql.provider import PostgresqlProvider
from gatepost.engine.session import Session  # noqa: F401
from gatepost.errors import GatepostError
from gatepost.provider.provider import GatepostProvider


def deploy(
    version: str, port: int, extension: str, backend: str, verb: str, out: str, *, ordered: bool
) -> None:
    """Do what `verb` says and write what came of it to `out`."""
    deployment = Deployment(
        Project("crash", Path(__file__).parent),
        "local",
        backend=Path(backend),
        passphrase=lambda: "crash",
        config={},
        providers={"gatepost": GatepostProvider, "postgresql": PostgresqlProvider},
        parallel=1 if ordered else 8,
    )
    found: dict[str, Any] = {}
    try:
        if verb == "destroy":
            result = deployment.destroy()
        else:
            run = deployment.up if verb == "up" else deployment.preview
            result = run(lambda: deployed_program.declare(version, port, extension, ordered=ordered))
        found = {"changes": result.changes, "warnings": result.warnings}
    except GatepostError as error:
        found = {"error": f"{type(error).__name__}: {error}"}
    except BaseException:  # noqa: BLE001 the test fails with it
        found = {"traceback": traceback.format_exc()}
    Path(out).write_text(json.dumps(found))


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        process = os.fork()
        if process == 0:
            os.environ["GATEPOST_APPROVE"] = task.pop("approve")
            deploy(**task)
            os._exit(0)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
