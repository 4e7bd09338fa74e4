"""A stack's deployment with the same program, settings and state, on the copy in place of the target."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import ConfigureRequest, ConfigureResponse

from gatepost.engine import Deployment, Manner, Project
from gatepost.engine.model import Result
from gatepost.engine.postgresql.provider import PostgresqlProvider
from gatepost.engine.program import program_file
from gatepost.engines import in_folder, noting_features
from gatepost.observer import Observer, planned
from gatepost.postgres.approvals import Approvals
from gatepost.postgres.connect import Target
from gatepost.postgres.plan import Hazard, Plan
from gatepost.provider.provider import GatepostProvider
from gatepost.stacks import Stack

EVERYTHING = Approvals(tuple(Hazard))
"""Accepts every hazard: only on the copy, to go back."""
_MANNER = Manner(patient=False)
"""Of the copy nothing is kept: Ctrl-C need not wait for a statement."""


@dataclass
class Rehearsal:
    """Deployments of a stack to a copy of its target."""

    stack: Stack
    copy: Target
    folder: Path
    """Where the copy's state is."""
    observer: Observer = field(default_factory=Observer)

    def take_state(self, state: Mapping[str, Any]) -> None:
        """Begin with the target's state, as `pulumi stack export` writes it under `deployment`."""
        own = self.folder / ".pulumi" / "stacks" / self.stack.project / f"{self.stack.name}.json"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.touch(0o600)
        checkpoint = {"stack": f"organization/{self.stack.project}/{self.stack.name}", "latest": state}
        own.write_text(json.dumps({"version": 3, "checkpoint": checkpoint}), encoding="utf-8")

    def touched(self, program: Stack) -> dict[str, str]:
        """Return what each statement that would be sent is on, by its text: a table, or what it makes."""
        self.observer.plans.clear()
        self.preview(program)
        lines = [line for plans in self.observer.plans.values() for plan in plans for line in plan.statements]
        return {str(line["sql"]): str(line["on"]) for line in lines if line["on"]}

    def up(self, program: Stack, approvals: Approvals | None = None) -> Result:
        """Deploy the program of a project's folder; what is not given is approved as on the target."""
        return self._deployment(approvals).up(self._run(program), _MANNER)

    def preview(self, program: Stack) -> Result:
        """Say what `up` would do now."""
        return self._deployment(EVERYTHING).preview(self._run(program), _MANNER)

    def _run(self, program: Stack) -> Callable[[], object]:
        return in_folder(program, noting_features(program_file(program.program), self.observer))

    def _deployment(self, approvals: Approvals | None) -> Deployment:
        settings = self.stack.settings()
        return Deployment(
            Project(self.stack.project, self.stack.root),
            self.stack.name,
            backend=self.folder,
            passphrase=self.stack.passphrase,
            config=settings.values,
            secret_config=settings.secret,
            encryption_salt=self.stack.salt,
            providers={
                "gatepost": lambda: _Gatepost(self, approvals),
                "postgresql": lambda: _Postgresql(self.copy),
            },
        )

    def report(self, urn: str, operation: str, plan: Plan) -> None:
        """Keep a plan."""
        self.observer.plan(urn, planned(plan.as_json(), operation))


def _on(copy: Target, request: ConfigureRequest) -> ConfigureRequest:
    """Return the request with the copy's address; the state keeps the target's."""
    given = {
        "host": copy.host,
        "port": str(copy.port),
        "username": copy.username,
        "password": copy.password or "",
        "sslmode": copy.sslmode,
    }
    arguments = {**request.args, **{name: PropertyValue(text) for name, text in given.items()}}
    return ConfigureRequest(request.variables, arguments, request.accept_secrets, request.accept_resources)


class _Gatepost(GatepostProvider):
    def __init__(self, rehearsal: Rehearsal, approvals: Approvals | None) -> None:
        super().__init__(rehearsal.report)
        self._copy = rehearsal.copy
        self._approvals = approvals

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        response = await super().configure(_on(self._copy, request))
        if self._approvals:
            self.gate.approvals = self._approvals
        return response


class _Postgresql(PostgresqlProvider):
    def __init__(self, copy: Target) -> None:
        super().__init__()
        self._copy = copy

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        return await super().configure(_on(self._copy, request))
