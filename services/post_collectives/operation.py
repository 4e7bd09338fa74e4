"""One call of a service: who wants what, and the id under which all of it is written down."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from gatepost.session import Identity
from services.post_collectives.errors import ForeignUser, NotSignedIn
from services.post_collectives.models import Action


@dataclass
class Operation:
    """One call, as the caller gave it: nothing of it is trusted yet."""

    action: Action
    caller: Identity
    post_id: object = None
    collective_ids: object = ()
    name: str | None = None
    """What it is called in measurements, where the action says too little."""
    is_audited: bool = True
    """Whether a failure belongs in the audit log of associations."""
    attempts: int = 0
    id: UUID = field(default_factory=uuid4)
    began: float = field(default_factory=time.perf_counter)

    @property
    def milliseconds(self) -> float:
        """Since it began."""
        return (time.perf_counter() - self.began) * 1000

    @property
    def post(self) -> UUID | None:
        """The post, where what was given is an id."""
        return id_or_none(self.post_id)

    @property
    def collective(self) -> UUID | None:
        """The collective, where there is just one."""
        given = self._collectives()
        return id_or_none(given[0]) if len(given) == 1 else None

    @property
    def detail(self) -> dict[str, Any]:
        """Numbers for the audit log."""
        return {"collectives": len(self._collectives()), "attempts": self.attempts}

    def _collectives(self) -> list[object]:
        given = self.collective_ids
        return list(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else [given]

    def acting_for(self, user_id: UUID) -> Identity:
        """Return the identity that acts: the user's own; a service acts in the user's name.

        :raises ForeignUser: the caller is somebody else.
        :raises NotSignedIn: nobody has signed in.
        """
        if self.caller.role == "service_role":
            return Identity.user(user_id, operation_id=str(self.id))
        if self.caller.user_id is None:
            raise NotSignedIn
        if self.caller.user_id != user_id:
            raise ForeignUser
        return replace(self.caller, claims={**self.caller.claims, "operation_id": str(self.id)})


def id_or_none(given: object) -> UUID | None:
    """Return the UUID that was given, None where it is none."""
    if isinstance(given, UUID):
        return given
    try:
        return UUID(given) if isinstance(given, str) else None
    except ValueError:
        return None
