"""On whose behalf a transaction runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args
from uuid import UUID

from gatepost.errors import UsageError

Role = Literal["anon", "authenticated", "service_role"]
ROLES: tuple[Role, ...] = get_args(Role)
_LONGEST_CLIENT_ID = 200


@dataclass(frozen=True)
class Identity:
    """A database role, and the claims that its policies read; equal for equal role and claims.

    Make one with `Identity.user`, `Identity.guest`, `Identity.service` or `Identity.anonymous`.
    """

    role: Role
    claims: Mapping[str, Any] = field(repr=False)
    """What `request.jwt.claims` is set to; `sub` is the user's id."""
    text: str = field(init=False, repr=False, compare=False)
    """The claims as JSON."""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise UsageError(f"role {self.role!r}: an identity has one of {', '.join(ROLES)}")
        claims = dict(self.claims)
        object.__setattr__(self, "claims", MappingProxyType(claims))
        object.__setattr__(self, "text", _json(claims))

    @classmethod
    def user(cls, user_id: UUID | str, **claims: Any) -> Identity:
        """Return a signed-in user's identity; `claims` are further ones, such as `organization_id`.

        :raises UsageError: `user_id` is no UUID, or a claim is no JSON.
        """
        return cls("authenticated", {**claims, "sub": _uuid(user_id), "role": "authenticated"})

    @classmethod
    def guest(cls, client_id: str) -> Identity:
        """Return the identity of somebody without an account, whose token names `client_id` and nobody else.

        :raises UsageError: `client_id` is no text of 1 to 200 characters.
        """
        if not isinstance(client_id, str) or not 1 <= len(client_id) <= _LONGEST_CLIENT_ID:
            raise UsageError(f"client id {client_id!r}: expected 1 to {_LONGEST_CLIENT_ID} characters")
        return cls("authenticated", {"client_id": client_id, "is_anonymous": True, "role": "authenticated"})

    @classmethod
    def service(cls) -> Identity:
        """Return a background service's identity: no user, every tenant."""
        return cls("service_role", {"role": "service_role"})

    @classmethod
    def anonymous(cls) -> Identity:
        """Return the identity of somebody who has not signed in."""
        return cls("anon", {"role": "anon"})

    @property
    def guest_id(self) -> str | None:
        """The guest's name, None for an account, a service or nobody."""
        name = self.claims.get("client_id")
        return str(name) if name and self.role == "authenticated" and "sub" not in self.claims else None

    @property
    def user_id(self) -> UUID | None:
        """The signed-in user, None for a service or nobody."""
        subject = self.claims.get("sub")
        return UUID(subject) if subject else None


def _uuid(given: UUID | str) -> str:
    try:
        return str(given if isinstance(given, UUID) else UUID(given))
    except (ValueError, TypeError, AttributeError):
        raise UsageError(f"user id {given!r}: expected a UUID") from None


def _json(claims: Mapping[str, Any]) -> str:
    try:
        return json.dumps(claims, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"claims: expected what JSON can hold: {error}") from None
