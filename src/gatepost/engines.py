"""The two engines behind one set of verbs, and which of them a stack gets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gatepost.engine.model import Manner
from gatepost.observer import Observer, Planned, planned

if TYPE_CHECKING:
    from pulumi.provider.experimental.provider import Provider

    from gatepost.engine import Deployment
    from gatepost.engine.model import Drift, Result
    from gatepost.postgres.plan import Plan
    from gatepost.stacks import Stack

EngineName = Literal["cli", "embedded"]
_USUAL = Manner()


class Engine(Protocol):
    """What both engines do with a stack; each raises a `GatepostError` when it fails."""

    name: str
    approvals: list[str]
    """Hazards that the program accepts for single objects, as far as the last preview told."""

    def preview(self) -> Result:
        """Say what `up` would do."""

    def up(self) -> Result:
        """Bring about what the program declares."""

    def refresh(self) -> Result:
        """Take over into the state what the database has now."""

    def drift(self) -> list[Drift]:
        """Return what is not as it was deployed."""

    def exported(self) -> list[dict[str, Any]]:
        """Return the resources of the state, their secrets in clear."""

    def saved(self) -> dict[str, Any]:
        """Return the state as `pulumi stack export` writes it, its secrets sealed."""

    def destroy(self, *, preview: bool = False) -> Result:
        """Delete everything of the stack, or only say what that would be."""

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the stack's outputs."""


def choose(
    stack: Stack, given: EngineName | None, observer: Observer, parallel: int, manner: Manner = _USUAL
) -> Engine:
    """Return the engine that is given; else the Pulumi CLI where others work on the stack too."""
    if (given or ("cli" if stack.is_shared else "embedded")) == "cli":
        from gatepost.automation import PulumiCli

        return PulumiCli(stack, observer, parallel, manner)
    return Embedded(stack, observer, parallel, manner)


@dataclass
class Embedded:
    """The engine in this process."""

    stack: Stack
    observer: Observer
    parallel: int
    manner: Manner = field(default_factory=Manner)
    name: str = "embedded"
    approvals: list[str] = field(default_factory=list)

    def preview(self) -> Result:
        """Say what `up` would do."""
        with self._deployment() as deployment:
            return deployment.preview(self._program(), self.manner)

    def up(self) -> Result:
        """Bring about what the program declares."""
        with self._deployment() as deployment:
            return deployment.up(self._program(), self.manner)

    def refresh(self) -> Result:
        """Take over into the state what the database has now."""
        with self._deployment() as deployment:
            return deployment.refresh(self.manner)

    def drift(self) -> list[Drift]:
        """Return what is not as it was deployed."""
        with self._deployment() as deployment:
            return deployment.drift()

    def exported(self) -> list[dict[str, Any]]:
        """Return the resources of the state, their secrets in clear."""
        with self._deployment() as deployment:
            return deployment.exported()

    def saved(self) -> dict[str, Any]:
        """Return the state as `pulumi stack export` writes it, its secrets sealed."""
        with self._deployment() as deployment:
            return deployment.saved()

    def destroy(self, *, preview: bool = False) -> Result:
        """Delete everything of the stack, or only say what that would be."""
        with self._deployment() as deployment:
            return deployment.destroy(preview=preview, manner=self.manner)

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the stack's outputs."""
        with self._deployment(for_outputs=True) as deployment:
            return deployment.outputs(show_secrets=show_secrets)

    @contextmanager
    def _deployment(self, *, for_outputs: bool = False) -> Iterator[Deployment]:
        from gatepost.engine.deployment import Deployment
        from gatepost.engine.model import Project
        from gatepost.stacks import Settings

        stack = self.stack
        settings = Settings({}, frozenset()) if for_outputs else stack.settings()
        yield Deployment(
            Project(stack.project, stack.root),
            stack.name,
            backend=stack.backend,
            passphrase=stack.passphrase,
            config=settings.values,
            secret_config=settings.secret,
            encryption_salt=stack.salt,
            providers={"gatepost": self._gatepost, "postgresql": self._postgresql},
            on_event=self.observer.step,
            on_message=self.observer.message,
            parallel=self.parallel,
        )

    def _gatepost(self) -> Provider:
        from gatepost.provider.provider import GatepostProvider

        return GatepostProvider(
            self._report,
            gathers=True,
            atomic=self.manner.atomic,
            on_approvals=self.approvals.extend,
            on_progress=lambda urn, seen: self.observer.progress(urn, str(seen)),
        )

    def _report(self, urn: str, operation: str, plan: Plan) -> None:
        self.observer.plan(urn, planned(plan.as_json(), operation))

    def _postgresql(self) -> Provider:
        from gatepost.engine.postgresql.provider import PostgresqlProvider

        return PostgresqlProvider(self._report_statement, self._report_mending)

    def _report_statement(self, urn: str, statement: str) -> None:
        self.observer.plan(urn, Planned("apply", [_line(statement)]))

    def _report_mending(self, urn: str, statements: list[str]) -> None:
        self.observer.plan(urn, Planned("mend", [_line(one) for one in statements]))

    def _program(self) -> Callable[[], object]:
        from gatepost.engine.program import program_file

        return in_folder(self.stack, noting_features(program_file(self.stack.program), self.observer))


def _line(statement: str) -> dict[str, Any]:
    return {"sql": statement, "lock": "none", "on": "", "mode": "together", "undo": None}


def in_folder(stack: Stack, program: Callable[[], object]) -> Callable[[], object]:
    """Return a program that runs in its own folder, as under the Pulumi CLI."""

    def run() -> None:
        before = os.getcwd()
        os.chdir(stack.program.parent)
        try:
            program()
        finally:
            os.chdir(before)

    return run


def noting_features(program: Callable[[], object], observer: Observer) -> Callable[[], object]:
    """Return a program that tells the observer which feature each resource belongs to."""

    def note(args: Any) -> None:
        above = args.opts.parent
        parent = (above.pulumi_resource_type, above.pulumi_resource_name) if above else None
        observer.belongs(args.type_, args.name, parent)

    def run() -> None:
        from pulumi.runtime import register_stack_transformation

        register_stack_transformation(note)
        program()

    return run
