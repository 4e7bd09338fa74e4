"""The Pulumi CLI as engine, driven through Pulumi's Automation API, with the embedded engine's events."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.automation_events import STACK, PlanFile, Steps
from gatepost.engine.model import SECRET, Drift, Manner, Result, urn_name, urn_type
from gatepost.errors import DeploymentBusy, GatepostError, PassphraseMissing, UsageError
from gatepost.observer import Observer, planned

if TYPE_CHECKING:
    from pulumi.automation import Stack as AutomationStack

    from gatepost.postgres.plan import Plan
    from gatepost.stacks import Stack


class PulumiCliFailed(GatepostError):
    """The Pulumi CLI ended with an error; the message is what it reported, resource by resource."""


@dataclass
class PulumiCli:
    """One stack under the Pulumi CLI."""

    stack: Stack
    observer: Observer
    parallel: int
    manner: Manner = field(default_factory=Manner)
    name: str = "cli"
    approvals: list[str] = field(default_factory=list)

    def preview(self) -> Result:
        """Say what `up` would do."""
        return self._preview(lambda stack, hear: stack.preview(on_event=hear, **self._deploying))

    def up(self) -> Result:
        """Bring about what the program declares."""
        return self._run(lambda stack, hear: stack.up(on_event=hear, **self._deploying))

    def refresh(self) -> Result:
        """Take over into the state what the database has now."""
        return self._run(lambda stack, hear: stack.refresh(on_event=hear, **self._options))

    def drift(self) -> list[Drift]:
        """Return what is not as it was deployed."""
        steps = Steps(self.observer, preview=True)
        self._perform(lambda stack, hear: stack.preview_refresh(on_event=hear, **self._options), steps)
        return steps.drifts

    def exported(self) -> list[dict[str, Any]]:
        """Return the resources of the state, their secrets in clear."""
        quiet = Steps(self.observer, preview=True)
        exported = self._perform(lambda stack, _hear: stack.export_stack(), quiet)
        return list((exported.deployment or {}).get("resources", ()))

    def saved(self) -> dict[str, Any]:
        """Return the state as `pulumi stack export` writes it, its secrets sealed."""
        quiet = Steps(self.observer, preview=True)
        found: dict[str, Any] = self._perform(lambda stack, _hear: _export(stack), quiet)
        return found

    def destroy(self, *, preview: bool = False) -> Result:
        """Delete everything of the stack, or only say what that would be."""
        if preview:
            return self._preview(lambda stack, hear: stack.preview_destroy(on_event=hear, **self._options))
        return self._run(lambda stack, hear: stack.destroy(on_event=hear, **self._options))

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the stack's outputs."""
        found = self._perform(lambda stack, _hear: stack.outputs(), Steps(self.observer, preview=True))
        return {
            name: SECRET if output.secret and not show_secrets else output.value
            for name, output in found.items()
        }

    def settings(self) -> Mapping[str, str]:
        """Return the stack's configuration with its secrets in clear, whoever keeps them."""
        found = self._perform(lambda stack, _hear: stack.get_all_config(), Steps(self.observer, preview=True))
        return {key: value.value for key, value in found.items()}

    @property
    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"parallel": self.parallel, "color": "never"}
        options["suppress_outputs"] = True
        if self.manner.atomic:
            raise UsageError(
                "--atomic is the embedded engine's, as the Pulumi CLI saves after each resource:"
                " leave it out, or give --engine embedded"
            )
        if self.manner.targets:
            options["target"] = [_as_pattern(name) for name in self.manner.targets]
        return options

    @property
    def _deploying(self) -> dict[str, Any]:
        dependents = {"target_dependents": True} if self.manner.dependents else {}
        return {**self._options, **dependents, "refresh": self.manner.refresh}

    def _run(self, operation: Callable[[AutomationStack, Any], Any], steps: Steps | None = None) -> Result:
        steps, started = steps or Steps(self.observer, preview=False), time.perf_counter()
        self._perform(operation, steps)
        outputs = {} if steps.preview else self.outputs()
        seconds = time.perf_counter() - started
        return Result(dict(steps.changes), outputs, steps.events, seconds, steps.warnings, steps.restated)

    def _preview(self, operation: Callable[[AutomationStack, Any], Any]) -> Result:
        """Preview, and plan the deletes too: the CLI asks no provider about them."""
        steps = Steps(self.observer, preview=True)
        result = self._run(operation, steps)
        deleted = {step.urn for step in result.steps if step.op in ("delete", "delete-replaced")}
        kept = (step.type for step in result.steps if step.urn not in deleted)
        declares = any(kind.startswith("gatepost:index:") for kind in kept)
        if deleted:
            from gatepost.planned_deletes import plan_deletes

            staying = {step.urn for step in result.steps if step.op in ("same", "update")}
            plan_deletes(
                self.exported(),
                deleted,
                self._note_plan,
                declares=declares,
                staying=staying,
                declared=steps.declared,
            )
        return result

    def _note_plan(self, urn: str, operation: str, plan: Plan) -> None:
        self.observer.plan(urn, planned(plan.as_json(), operation))

    def _perform(self, operation: Callable[[AutomationStack, Any], Any], steps: Steps) -> Any:
        require_pulumi()
        from pulumi.automation import CommandError

        with tempfile.TemporaryDirectory(prefix="gatepost-plans-") as folder:
            plans = Path(folder) / "plans.jsonl"
            steps.plans = PlanFile(plans, self.observer)
            try:
                return operation(self._open(plans), steps.hear)
            except CommandError as error:
                raise _explain(error, steps) from None
            finally:
                steps.plans.read()

    def _open(self, plans: Path) -> AutomationStack:
        from pulumi.automation import LocalWorkspaceOptions, create_or_select_stack

        environment = {"GATEPOST_PLAN_FILE": str(plans), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        if url := self.stack.backend_url:
            environment["PULUMI_BACKEND_URL"] = url
            _make_folder(url)
        if "PULUMI_CONFIG_PASSPHRASE_FILE" not in os.environ and self.stack.is_local:
            environment["PULUMI_CONFIG_PASSPHRASE"] = self.stack.passphrase()
        options = LocalWorkspaceOptions(work_dir=str(self.stack.root), env_vars=environment)
        return create_or_select_stack(stack_name=self.stack.name, work_dir=str(self.stack.root), opts=options)


def require_pulumi() -> None:
    """Reject a machine without the Pulumi CLI.

    :raises UsageError: says how to install it.
    """
    if shutil.which("pulumi") is None:
        raise UsageError(
            "the Pulumi CLI is not on PATH, and it is the engine of shared stacks: install it"
            " (curl -fsSL https://get.pulumi.com | sh, or brew install pulumi/tap/pulumi),"
            " or use --engine embedded"
        )


def _as_pattern(name: str) -> str:
    """Return a target as the CLI takes it: a URN, or a pattern of one."""
    return name.replace("*", "**") if name.startswith("urn:") else f"**::{name.replace('*', '**')}"


def _export(stack: AutomationStack) -> dict[str, Any]:
    """Export a state with its secrets sealed, which the Automation API's own export does not offer."""
    space = stack.workspace
    command = ["stack", "export", "--stack", stack.name]
    done = space.pulumi_command.run(command, space.work_dir, dict(space.env_vars))
    exported: dict[str, Any] = json.loads(done.stdout)
    return exported


def _make_folder(url: str) -> None:
    if url.startswith("file://"):
        Path(url.removeprefix("file://").replace("~", str(Path.home()), 1)).mkdir(parents=True, exist_ok=True)


def _explain(error: Exception, steps: Steps) -> GatepostError:
    """Return one clear error: the resources' own messages, or what the CLI wrote last."""
    text = str(error)
    if "currently locked" in text:
        return DeploymentBusy(_tail(text))
    if ("passphrase" in text and "incorrect" in text) or "PULUMI_CONFIG_PASSPHRASE" in text:
        return PassphraseMissing(f"the Pulumi CLI wants the stack's passphrase: {_tail(text)}")
    lines = [_named(urn, message) for urn, message in steps.errors if urn_type(urn) != STACK]
    lines = lines or [message for _, message in steps.errors] or [_tail(text)]
    return PulumiCliFailed("\n".join(dict.fromkeys(lines)))


def _named(urn: str, message: str) -> str:
    return f"{urn_type(urn)} {urn_name(urn)}: {message}" if urn else message


def _tail(text: str) -> str:
    """Return the CLI's own error out of what the Automation API makes of it."""
    stderr = text.partition("stderr:")[2] or text
    lines = [line.strip().removeprefix("error: ") for line in stderr.splitlines() if line.strip()]
    return " ".join(line for line in lines if not line.startswith("warning:"))[:2000]
