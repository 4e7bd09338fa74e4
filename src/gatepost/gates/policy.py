"""`gates.yaml`: which gates the stacks of an environment must pass, and with what settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gatepost.errors import UsageError
from gatepost.gates.gate import Gate
from gatepost.gates.settings import check
from gatepost.stack_files import read_yaml

FILE = "gates.yaml"


@dataclass(frozen=True)
class Required:
    """A gate, and its settings."""

    gate: Gate
    options: Mapping[str, Any] = field(default_factory=dict)

    def with_options(self, **given: Any) -> Required:
        """Return the gate with settings that are given here and known to it.

        :raises UsageError: one of them is not what it may be.
        """
        known = {name: one for name, one in given.items() if one is not None and name in self.gate.options}
        check(known, f"gate {self.gate.name}")
        return replace(self, options={**self.options, **known})


def known() -> dict[str, Gate]:
    """Return every gate by its name, in the order in which they are run: the quick ones first."""
    from gatepost.gates.benchmark.gate import BenchmarkGate
    from gatepost.gates.hazards import HazardGate
    from gatepost.gates.history.gate import HistoryGate
    from gatepost.gates.lint.gate import LintGate
    from gatepost.gates.load import LoadGate
    from gatepost.gates.preflight import PreflightGate
    from gatepost.gates.proofs import IsolationGate, PlansGate
    from gatepost.gates.rehearsal.gate import RehearsalGate
    from gatepost.gates.verification import VerificationGate

    gates: tuple[Gate, ...] = (
        PreflightGate(),
        LintGate(),
        HazardGate(),
        VerificationGate(),
        IsolationGate(),
        PlansGate(),
        RehearsalGate(),
        BenchmarkGate(),
        HistoryGate(),
        LoadGate(),
    )
    return {gate.name: gate for gate in gates}


def required(root: Path, environment: str) -> list[Required]:
    """Return the gates that an environment needs, in their order.

    :raises UsageError: there is no policy, none for this environment, or it names an unknown gate or setting.
    """
    file = root / FILE
    if not file.exists():
        raise UsageError(f"{file} does not exist: list the gates of each environment in it, or name them")
    given = read_yaml(file)
    if environment not in given:
        raise UsageError(f"{file} says nothing of {environment}: there are {', '.join(sorted(given))}")
    return [_required(one, f"{file}, {environment}") for one in given[environment] or []]


def named(names: Iterable[str], root: Path, environment: str) -> list[Required]:
    """Return the gates of these names, with the settings that the environment gives them.

    :raises UsageError: there is no such gate, or the policy is wrong.
    """
    policy = required(root, environment) if (root / FILE).exists() else []
    settings = {one.gate.name: one for one in policy}
    return [settings.get(name) or Required(gate_named(name)) for name in names]


def _required(entry: Any, where: str) -> Required:
    if isinstance(entry, str):
        return Required(gate_named(entry))
    if not isinstance(entry, dict) or len(entry) != 1:
        raise UsageError(f"{where}: expected a gate's name, or its name with settings, got {entry!r}")
    ((name, options),) = entry.items()
    if not isinstance(options, dict | None):
        raise UsageError(f"{where}, {name}: expected settings, got {options!r}")
    return _check(Required(gate_named(name), options or {}), where)


def gate_named(name: str) -> Gate:
    """Return the gate of this name.

    :raises UsageError: there is none.
    """
    gates = known()
    if name not in gates:
        raise UsageError(f'no gate is called "{name}": there are {", ".join(gates)}')
    return gates[name]


def _check(one: Required, where: str) -> Required:
    unknown = [name for name in one.options if name not in one.gate.options]
    if unknown:
        knows = ", ".join(one.gate.options) or "none"
        raise UsageError(f"{where}: gate {one.gate.name} has no setting {', '.join(unknown)}: it has {knows}")
    check(one.options, f"{where}, {one.gate.name}")
    return one
