"""Every operation of the platform's API, from its own OpenAPI document, so that a new one cannot escape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import md5
from typing import Any
from uuid import UUID

from fix_web import platform_app
from people import ACME, ACME_EMAIL, ADA

from gatepost.session import Database

PUBLIC = {
    "GET /api/health",
    "GET /api/health/engagement-events",
    "GET /api/health/feature-flags",
    "GET /api/health/integrations",
    "GET /api/health/persistence",
    "GET /api/health/post-creation",
    "GET /api/system-status",
}
"""What everybody may ask without a token."""
OF_ADA = {
    "organization_id": ACME,
    "integration_id": ACME_EMAIL,
    "user_id": ADA,
    "collective_id": "00000000-0000-4000-8000-0000000002c2",
    "post_id": "00000000-0000-4000-8000-0000000003b1",
    "event_id": str(UUID(md5(f"demo event {ADA}0-0".encode(), usedforsecurity=False).hexdigest())),
}
"""What stands in a path: things that Ada may see and Eve may not."""


@dataclass(frozen=True)
class Operation:
    """A method and a path's template."""

    method: str
    path: str
    described: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        return not self.described.get("security")

    @property
    def is_stream(self) -> bool:
        """Whether the answer never ends."""
        return any(
            "text/event-stream" in answer.get("content", {})
            for answer in self.described["responses"].values()
        )

    def address(self, ids: Mapping[str, str]) -> str:
        """The path with its parameters filled in."""
        names = [one["name"] for one in self.described.get("parameters", ()) if one["in"] == "path"]
        return self.path.format(**{name: ids.get(name, ACME_EMAIL) for name in names})


@cache
def document() -> dict[str, Any]:
    """The platform's OpenAPI document; no database is needed for it."""
    with Database("postgresql://nobody@127.0.0.1:1/none") as nowhere:
        return platform_app(nowhere).openapi()


def operations() -> Iterator[Operation]:
    """Every operation."""
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            yield Operation(method.upper(), path, described)


ALL = sorted(operations(), key=lambda one: one.name)
CLOSED = [one for one in ALL if not one.is_public]
ANSWERED = [one for one in CLOSED if not one.is_stream]
