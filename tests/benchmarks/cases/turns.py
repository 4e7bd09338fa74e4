"""What a benchmark of an operation or a function is: whom it asks for, what it does, and its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gatepost import targets
from gatepost.session import Identity
from gatepost.targets import Target

SERVICE = Identity.service()


@dataclass(frozen=True)
class Turn:
    """One round: the feature's subjects."""

    subjects: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.subjects[name]

    @property
    def caller(self) -> Identity:
        """The member who asks."""
        claims = {"organization_id": str(self["organization"])} if "organization" in self.subjects else {}
        return Identity.user(self["member"], **claims)


@dataclass(frozen=True)
class Case:
    """An operation: `work` is measured, with what `setup` returned if there is one."""

    work: Callable[..., object]
    target: Target = targets.ANSWER
    setup: Callable[[Turn], object] | None = None
    rounds: int = 100


@dataclass(frozen=True)
class Run:
    """A function: a statement that runs it, taken back; the subjects are its parameters."""

    sql: str
    role: str = "authenticated"
    target: Target = targets.FUNCTION
    before: tuple[str, ...] = ()
    """Statements that make it possible; they are not measured."""
    guest: str | None = None
    """Whose rows the member takes over."""
    is_counted: bool = True
    """Whether the server counts its calls: not of one that raises."""
    rounds: int = 100
