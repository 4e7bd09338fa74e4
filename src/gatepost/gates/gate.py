"""What every gate has: a name, a judgement of a stack, and cases on which it proves itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gatepost.gates.verdict import Outcome, Trial

if TYPE_CHECKING:
    from gatepost.stacks import Stack


def _nothing(_text: str) -> None:
    """Take no notice."""


@dataclass(frozen=True)
class Site:
    """What a gate works on."""

    stack: Stack
    options: Mapping[str, Any] = field(default_factory=dict)
    """The gate's own settings, from the policy file and the command line."""
    tell: Callable[[str], None] = _nothing
    """Takes a sentence about what goes on."""

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.stack.root

    def option(self, name: str, default: Any) -> Any:
        """Return a setting of the gate."""
        return self.options.get(name, default)


class Gate(Protocol):
    """A named check with a verdict."""

    name: str
    about: str
    """One sentence: what passing it means."""
    options: Mapping[str, str]
    """The settings that it knows, each with its meaning."""
    of_deployed: bool
    """Whether it judges what is deployed, rather than what would be: a deployment asks it afterwards."""

    def judge(self, site: Site) -> Outcome:
        """Return the verdict on a stack.

        Any `GatepostError` that it raises is the verdict `error`.
        """

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Yield its trials: nothing changed passes, an injected fault fails, no data is inconclusive.

        :param folder: an empty folder for what the trials write.
        """


def trials_of(gate: Gate) -> list[Trial]:
    """Run a gate's self-test in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"gatepost-{gate.name}-") as folder:
        return list(gate.self_test(Path(folder)))
