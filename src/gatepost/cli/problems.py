"""Failures as people and as programs read them."""

from __future__ import annotations

import json
import sys
from typing import Any

from gatepost.cli.display import Screen
from gatepost.errors import GatepostError
from gatepost.words import kind_of


def report(error: GatepostError) -> None:
    """Print a failure to standard error: each failed resource, where it is declared, and why."""
    from gatepost.engine.model import DeploymentFailed

    screen = Screen()
    failures = failed_resources(error)
    if not failures:
        first, *rest = str(error).splitlines() or [""]
        screen.err.print(f"error: {first}", style="bold red", soft_wrap=True)
        for line in rest:
            screen.err.print(f"  {line}", soft_wrap=True)
        return
    for one in failures:
        place = f" ({one['where']})" if one["where"] else ""
        screen.err.print(f"error: {one['kind']} {one['name']}{place}", style="bold red", soft_wrap=True)
        for line in str(one["message"]).splitlines():
            screen.err.print(f"  {line}", soft_wrap=True)
    if isinstance(error, DeploymentFailed) and error.skipped:
        count = len(error.skipped)
        depend, were = ("depends", "was") if count == 1 else ("depend", "were")
        screen.err.print(f"{count} more {depend} on this and {were} left alone", style="dim")
    if isinstance(error, DeploymentFailed) and error.result.undone:
        screen.err.print("all was taken back: nothing has changed")


def failed_resources(error: GatepostError) -> list[dict[str, Any]]:
    """Return the resources that failed, with the place of their declaration and the reason."""
    from gatepost.engine.model import DeploymentFailed, urn_name, urn_type

    if not isinstance(error, DeploymentFailed):
        return []
    return [
        {
            "urn": failure.urn,
            "kind": kind_of(urn_type(failure.urn)),
            "name": urn_name(failure.urn),
            "where": failure.where,
            "message": _without_label(str(failure.error) or type(failure.error).__name__),
        }
        for failure in error.failures
    ]


def _without_label(message: str) -> str:
    """Drop the resource's label that the provider puts before its reason: it stands above already."""
    label, separator, reason = message.partition('": ')
    kind, quote, name = label.partition('"')
    return reason if separator and quote and '"' not in name and " " in kind and ":" not in kind else message


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document to standard output."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def as_json(error: GatepostError) -> dict[str, Any]:
    """Return a failure as data."""
    from gatepost.engine.model import DeploymentFailed

    return {
        "kind": type(error).__name__,
        "message": str(error),
        "exit_code": error.exit_code,
        "resources": failed_resources(error),
        **({"undone": True} if isinstance(error, DeploymentFailed) and error.result.undone else {}),
    }


_READING = frozenset({"preview", "drift", "verify", "prove isolation", "prove plans"})
_DEPLOYING = frozenset({"up", "refresh", "destroy", "deploy"})


def interrupted(operation: str, *, atomic: bool) -> str:
    """Return what Ctrl-C left behind."""
    if atomic:
        return "interrupted: all was taken back, nothing has changed"
    if operation in _READING:
        return "interrupted: the database was only read"
    if operation in _DEPLOYING:
        return "interrupted: what was done is in the state, the next deployment goes on from there"
    return "interrupted"
