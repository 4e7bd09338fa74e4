"""URNs: how a resource's name is made, and by which former names it may be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gatepost.engine.model import qualified_type, urn_name, urn_type
from gatepost.engine.resource import STACK_TYPE


@dataclass(frozen=True, slots=True)
class Alias:
    """A former identity: a whole URN, or the parts that differ from the present ones."""

    urn: str = ""
    name: str = ""
    type: str = ""
    project: str = ""
    stack: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True, slots=True)
class Namer:
    """Make the URNs of one stack."""

    project: str
    stack: str

    def urn(self, kind: str, name: str, parent: str = "", project: str = "", stack: str = "") -> str:
        """Return the URN of a resource; the stack does not count as a parent."""
        chain = qualified_type(parent) if parent else ""
        whole = kind if chain in ("", STACK_TYPE) else f"{chain}${kind}"
        return f"urn:pulumi:{stack or self.stack}::{project or self.project}::{whole}::{name}"

    def aliases(
        self, kind: str, name: str, parent: str, declared: Iterable[Alias], renamed: Mapping[str, str]
    ) -> list[str]:
        """Return the URNs under which a resource may stand in the state.

        `renamed` gives the former URN of each resource that was itself found under an alias: its children had
        it in their URNs too.
        """
        found = [self._collapse(kind, name, parent, alias, renamed) for alias in declared]
        former = renamed.get(parent)
        if former is not None:
            own = self.urn(kind, name, parent)
            found += [self._inherited(child, parent, former) for child in (own, *found)]
        return list(dict.fromkeys(found))

    def _collapse(self, kind: str, name: str, parent: str, alias: Alias, renamed: Mapping[str, str]) -> str:
        if alias.urn:
            return alias.urn
        above = "" if alias.no_parent else renamed.get(alias.parent, alias.parent) or parent
        return self.urn(alias.type or kind, alias.name or name, above, alias.project, alias.stack)

    def _inherited(self, child: str, parent: str, former: str) -> str:
        name, parent_name = urn_name(child), urn_name(parent)
        if name.startswith(parent_name):
            name = urn_name(former) + name[len(parent_name) :]
        return self.urn(urn_type(child), name, former)
