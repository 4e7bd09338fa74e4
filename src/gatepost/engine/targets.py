"""Which resources a deployment is limited to, and what must not be left half-done by that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from gatepost.engine.model import urn_name
from gatepost.engine.resource import PROVIDER_PREFIX, STACK_TYPE, Resource
from gatepost.errors import UsageError


@dataclass
class Targets:
    """The resources that may change: by URN, by name, or by a URN or name with `*`; without any, all."""

    given: Sequence[str] = ()
    dependents: bool = False
    """Whether what depends on a target is one too."""
    _found: set[str] = field(default_factory=set)
    _met: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    """The URNs that are declared, do not exist, and are no targets."""

    def __bool__(self) -> bool:
        return bool(self.given)

    def include(self, urn: str, needs: Iterable[str]) -> bool:
        """Tell whether a resource may change, given what it needs."""
        if not self.given:
            return True
        met = [name for name in self.given if _matches(urn, name)]
        self._met.update(met)
        if met or (self.dependents and not self._found.isdisjoint(needs)):
            self._found.add(urn)
            return True
        return False

    def chosen(self, condemned: Iterable[Resource], all_: Iterable[Resource]) -> list[Resource]:
        """Return those of the condemned that go, in their order.

        Raises `UsageError` if a resource that stays depends on one that goes.
        """
        gone = [one for one in condemned if self.include(one.urn, one.references)]
        if not self.given:
            return gone
        urns = {one.urn for one in gone if not one.delete}
        for one in all_:
            needed = urns & one.references
            if one.urn not in urns and needed and not one.delete:
                raise UsageError(
                    f"{urn_name(min(needed))} cannot go while {urn_name(one.urn)}, which needs it, stays:"
                    " target that too, or give --target-dependents"
                )
        return gone

    def require_met(self) -> None:
        """Raise `UsageError` for targets that named nothing."""
        unmet = [name for name in self.given if name not in self._met]
        if unmet:
            raise UsageError(
                f"no resource is called {', '.join(unmet)}: give a URN or a name, * stands for anything"
            )


def is_always_due(kind: str) -> bool:
    """Tell whether a type of resource is dealt with whatever the targets are."""
    return kind == STACK_TYPE or kind.startswith(PROVIDER_PREFIX)


def _matches(urn: str, name: str) -> bool:
    return fnmatchcase(urn, name) or fnmatchcase(urn_name(urn), name)
