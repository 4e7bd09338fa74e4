"""What a deployment tells while it runs: steps, planned statements, the program's messages, features."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatepost.engine.model import StepEvent

FEATURE = "gatepost:index:Feature"
_COMPONENTS = frozenset({FEATURE, "gatepost:index:TenantTable", "pulumi:pulumi:Stack"})


def _nothing(*_arguments: object) -> None:
    """Take no notice."""


@dataclass(frozen=True)
class Planned:
    """The plan of one resource as plain data: statements with their locks, and hazards."""

    operation: str
    statements: list[dict[str, Any]]
    hazards: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Observer:
    """Collects what the display needs; the listeners hear it at once, from any thread."""

    on_step: Callable[[StepEvent], None] = _nothing
    on_plan: Callable[[str, Planned], None] = _nothing
    on_message: Callable[[str, str], None] = _nothing
    on_progress: Callable[[str, str], None] = _nothing
    plans: dict[str, list[Planned]] = field(default_factory=lambda: defaultdict(list))
    features: dict[tuple[str, str], str] = field(default_factory=dict)
    """The feature of a resource, by its type and name."""
    order: list[tuple[str, str]] = field(default_factory=list)
    """Type and name of every resource, in the order of the program."""

    def step(self, event: StepEvent) -> None:
        """Pass on a step of something that the database has."""
        if event.type not in _COMPONENTS:
            self.on_step(event)

    def plan(self, urn: str, planned: Planned) -> None:
        """Keep and pass on a plan."""
        self.plans[urn].append(planned)
        self.on_plan(urn, planned)

    def progress(self, urn: str, seen: str) -> None:
        """Pass on how far a statement that takes long has come."""
        self.on_progress(urn, seen)

    def message(self, severity: str, text: str, _urn: str = "") -> None:
        """Pass on what the program logs."""
        self.on_message(severity, text.strip())

    def belongs(self, kind: str, name: str, parent: tuple[str, str] | None) -> None:
        """Note a resource's feature: its own name if it is one, else its parent's."""
        self.order.append((kind, name))
        if kind == FEATURE:
            self.features[kind, name] = name
        elif parent in self.features:
            self.features[kind, name] = self.features[parent]

    def feature_of(self, event: StepEvent) -> str:
        """Return a resource's feature; without one, the package that it comes from."""
        if (event.type, event.name) in self.features:
            return self.features[event.type, event.name]
        if event.op == "delete" and self.order:
            return "no longer declared"
        return package_of(event.type)


def package_of(kind: str) -> str:
    """Return a type's package: `postgresql` of `postgresql:index/role:Role`."""
    parts = kind.split(":")
    return parts[2] if parts[:2] == ["pulumi", "providers"] else parts[0]


def is_shown(event: StepEvent) -> bool:
    """Return whether the event concerns something that the database has."""
    return event.type not in _COMPONENTS


def planned(data: Mapping[str, Any], operation: str) -> Planned:
    """Return a plan from its JSON."""
    return Planned(operation, list(data["statements"]), list(data["hazards"]))
