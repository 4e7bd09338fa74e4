"""The settings of a provider, as the program or the stack gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.provider import CheckFailure

from gatepost.errors import UsageError
from gatepost.postgres.approvals import Approvals
from gatepost.postgres.budget import budget_of
from gatepost.postgres.connect import Target
from gatepost.provider.values import UNKNOWN


def failures(given: Mapping[str, Any]) -> list[CheckFailure]:
    """Return what cannot be right; what is not known yet may be."""
    known = {name: value for name, value in given.items() if value != UNKNOWN}
    required = [name for name in ("host", "username", "database") if not given.get(name)]
    found = [CheckFailure(name, f"{name} is missing: set it on the Provider") for name in required]
    if not str(known.get("port") or "5432").isdigit():
        found.append(CheckFailure("port", f"port must be a number, got {given['port']!r}"))
    try:
        budget_of(known)
    except UsageError as error:
        found.append(CheckFailure("", str(error)))
    try:
        Approvals.parse(known.get("approve"))
    except UsageError as error:
        found.append(CheckFailure("approve", str(error)))
    return found


def listed(*texts: str | None) -> tuple[str, ...]:
    """Return the members of lists that are written with commas."""
    members = ",".join(text for text in texts if text).split(",")
    return tuple(member.strip() for member in members if member.strip())


def target(given: Mapping[str, Any]) -> Target:
    """Return where to connect."""
    return Target(
        host=given["host"],
        port=int(given.get("port") or 5432),
        username=given["username"],
        password=given.get("password"),
        database=given["database"],
        sslmode=given.get("sslmode") or "prefer",
        role=given.get("role"),
    )
