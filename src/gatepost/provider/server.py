"""Serves the provider to the Pulumi CLI."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import grpc
from pulumi.provider.experimental import server

from gatepost.errors import GatepostError
from gatepost.postgres.plan import Plan
from gatepost.provider.gate import OnPlan
from gatepost.provider.provider import GatepostProvider

_METHODS = ("CheckConfig", "DiffConfig", "Configure", "Check", "Diff", "Create", "Read", "Update", "Delete")


def main() -> None:
    """Serve until the CLI ends; plans go to the file that `GATEPOST_PLAN_FILE` names, one JSON line each.

    The command `gatepost`, which names one, has planned the deletes itself; of the CLI nobody knows.
    """
    file = os.environ.get("GATEPOST_PLAN_FILE")
    provider = (
        GatepostProvider(plan_writer(Path(file)), gathers=True) if file else GatepostProvider(foresees=False)
    )
    for name in _METHODS:
        method = getattr(server.ProviderServicer, name)
        setattr(server.ProviderServicer, name, _without_traceback(method))
    try:
        server.main(sys.argv[1:], version("gatepost"), provider)
    finally:
        provider.close()


def _without_traceback(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Answer our own errors with their message: the SDK would add a Python traceback to it."""

    async def answer(self: server.ProviderServicer, request: Any, context: Any) -> Any:
        try:
            return await method(self, request, context)
        except Exception as error:
            if isinstance(error.__context__, GatepostError):
                await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error.__context__))
            raise

    return answer


def plan_writer(file: Path) -> OnPlan:
    """Return a listener that appends each plan to `file`."""
    lock = Lock()

    def write(urn: str, operation: str, plan: Plan) -> None:
        line = json.dumps({"urn": urn, "operation": operation, **plan.as_json()})
        with lock, file.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    return write
