"""The Pulumi CLI's events, as the embedded engine tells them."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from gatepost.engine.model import KEPT, Drift, Op, StepEvent, urn_name, urn_type
from gatepost.observer import Observer, planned

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent, StepEventMetadata, StepEventStateMetadata

_OPS = frozenset(get_args(Op))
_MARKUP = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
_DECLARED = ("same", "update", "create", "create-replacement")
STACK = "pulumi:pulumi:Stack"


@dataclass
class PlanFile:
    """The file to which the provider's process writes its plans, read as far as it has grown."""

    path: Path
    observer: Observer
    _read: int = 0

    def read(self) -> None:
        """Pass on the plans that were written since."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                plan = json.loads(line)
                self.observer.plan(plan["urn"], planned(plan, plan["operation"]))


@dataclass
class Steps:
    """Turns the CLI's events into ours."""

    observer: Observer
    preview: bool
    plans: PlanFile | None = None
    changes: Counter[str] = field(default_factory=Counter)
    events: list[StepEvent] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    drifts: list[Drift] = field(default_factory=list)
    restated: dict[str, list[str]] = field(default_factory=dict)
    declared: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    """The inputs of Gatepost's objects that stay, are changed or made, by provider and URN."""
    _started: dict[str, float] = field(default_factory=dict)

    def hear(self, event: EngineEvent) -> None:
        """Take in one event, in the order in which the CLI sends them."""
        if self.plans:
            self.plans.read()
        if event.resource_pre_event:
            self._begin(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            self._end(event.res_outputs_event.metadata)
        elif event.res_op_failed_event:
            self._fail(event.res_op_failed_event.metadata)
        elif event.diagnostic_event:
            self._diagnose(event.diagnostic_event)
        elif event.summary_event:
            self.changes.update({str(op): n for op, n in event.summary_event.resource_changes.items()})

    def _begin(self, step: StepEventMetadata) -> None:
        self._started[step.urn] = time.perf_counter()
        parent = step.new.parent if step.new else step.old.parent if step.old else ""
        above = (urn_type(parent), urn_name(parent)) if parent else None
        self.observer.belongs(urn_type(step.urn), urn_name(step.urn), above)
        if step.op == "same" and step.old and step.new:
            self._note_options(step, step.old, step.new)
        if step.op == "refresh" and step.old and step.new is None:
            self._note_drift(step)
        if step.new and step.op in _DECLARED and urn_type(step.urn).startswith("gatepost:index:"):
            of_provider = self.declared.setdefault(step.new.provider.rpartition("::")[0], {})
            of_provider[step.urn] = step.new.inputs or {}
        if self.preview:
            self._emit(step, "planned" if step.op != "same" else "done")
        elif step.op != "same":
            self._emit(step, "started")

    def _end(self, step: StepEventMetadata) -> None:
        if step.op in ("update", "delete", "refresh") and self.preview:
            self._note_drift(step)
        if not self.preview:
            self._emit(step, "done")

    def _fail(self, step: StepEventMetadata) -> None:
        self._emit(step, "failed")

    def _emit(self, step: StepEventMetadata, status: Any) -> None:
        op: Any = step.op if step.op in _OPS else "update"
        seconds = time.perf_counter() - self._started.get(step.urn, time.perf_counter())
        diff = sorted(step.detailed_diff or step.diffs or ())
        kept = KEPT if op == "delete" and step.old and step.old.retain_on_delete else ""
        event = StepEvent(step.urn, urn_type(step.urn), urn_name(step.urn), op, status, seconds, diff, kept)
        self.events.append(event)
        self.observer.step(event)

    def _note_drift(self, step: StepEventMetadata) -> None:
        old = dict(step.old.outputs or {}) if step.old else {}
        new = dict(step.new.outputs or {}) if step.new and step.op != "delete" else None
        if old != new and urn_type(step.urn) != STACK:
            self.drifts.append(Drift(step.urn, old, new))

    def _note_options(
        self, step: StepEventMetadata, old: StepEventStateMetadata, new: StepEventStateMetadata
    ) -> None:
        """Note what only the state will have anew, of that which the CLI tells."""
        told = {
            "urn": old.urn != new.urn,
            "protect": bool(old.protect) != bool(new.protect),
            "retainOnDelete": bool(old.retain_on_delete) != bool(new.retain_on_delete),
        }
        if fields := [name for name, changed in told.items() if changed]:
            self.restated[step.urn] = fields

    def _diagnose(self, found: Any) -> None:
        text = _MARKUP.sub("", found.message).strip()
        if found.severity == "error" and text:
            self.errors.append((found.urn or "", text))
        elif found.severity == "warning" and not found.ephemeral:
            self.warnings.append(text)
        if text and not found.ephemeral:
            self.observer.message(found.severity, text)
