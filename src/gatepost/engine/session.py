"""One deployment from the loaded state to the saved one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.engine.components import put_outputs
from gatepost.engine.deletes import Deletion, protected
from gatepost.engine.interrupt import interruptible
from gatepost.engine.loop import EngineLoop
from gatepost.engine.model import (
    DeploymentFailed,
    Drift,
    Failure,
    Manner,
    ProgramFailed,
    Project,
    Result,
    StepEvent,
)
from gatepost.engine.monitor import EngineLog, Monitor
from gatepost.engine.program import Program, Surroundings, run_program
from gatepost.engine.refresh import Refresh
from gatepost.engine.register import Registrar
from gatepost.engine.registry import Factory, Registry
from gatepost.engine.resource import STACK_TYPE, Resource
from gatepost.engine.run import Run
from gatepost.engine.secrets import Vault
from gatepost.engine.snapshot import Snapshot
from gatepost.engine.state import Checkpoint, StateFiles
from gatepost.engine.targets import Targets
from gatepost.engine.urns import Namer
from gatepost.engine.values import plain_map
from gatepost.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """What stays the same between the deployments of one stack."""

    project: Project
    stack: str
    config: Mapping[str, str]
    secret_keys: frozenset[str]
    providers: Mapping[str, Factory]
    on_event: Callable[[StepEvent], None]
    on_message: Callable[[str, str, str], None]
    parallel: int
    manner: Manner = field(default_factory=Manner)


class Session:
    """Perform one operation on a stack whose state has been loaded; used as a context manager."""

    def __init__(
        self, settings: Settings, files: StateFiles, checkpoint: Checkpoint, vault: Vault, *, preview: bool
    ) -> None:
        self._settings = settings
        self._files = files
        self._checkpoint = checkpoint
        self._vault = vault
        self._started = time.time()
        self._clock = time.perf_counter()
        manner = settings.manner
        self._journal = files.journal(checkpoint, atomic=manner.atomic)
        self._saved = preview
        self._undone = False
        self.run = Run(
            snapshot=Snapshot(checkpoint, vault, None if preview else self._journal),
            registry=Registry(settings.providers),
            vault=vault,
            on_event=settings.on_event,
            parallel=settings.parallel,
            preview=preview,
            root=settings.project.root,
            targets=Targets(manner.targets, manner.dependents),
            atomic=manner.atomic,
        )
        self._loop = EngineLoop(settings.parallel + 4)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        abort = kind is not None and issubclass(kind, KeyboardInterrupt) and not self._saved
        # providers let go of locks and connections; after an abort nobody waits long for them
        self._loop.run(asyncio.wait_for(self.run.registry.cancel(), 1.0 if abort else None))
        self._loop.close(abort=abort)
        self._journal.close()

    def deploy(self, program: Program) -> Result:
        """Run the program and bring about what it declares (in a preview: say what would be done)."""
        namer = Namer(self._settings.project.name, self._settings.stack)
        registrar = Registrar(self.run, namer, self._settings.config, self._settings.secret_keys)
        monitor = Monitor(self.run, registrar)
        failed: ProgramFailed | None = None
        with interruptible(self.stop, patient=self._settings.manner.patient):
            try:
                run_program(program, self._surroundings(monitor), self._loop)
            except ProgramFailed as error:
                failed = error
            self._loop.run(self._conclude(monitor, registrar, failed))
        return self._finish("update", failed)

    def refresh(self) -> tuple[Result, list[Drift]]:
        """Read everything as it is now into the state (in a preview: only tell)."""
        refresh = Refresh(self.run)
        self.run.snapshot.forget_pending()
        self._perform(refresh.perform())
        return self._finish("refresh", None), refresh.drifts

    def refreshed(self) -> Checkpoint:
        """Return the state as a refresh would leave it."""
        self._perform(Refresh(self.run).perform())
        self._finish("refresh", None)
        return replace(self._checkpoint, resources=self.run.snapshot.resources())

    def destroy(self) -> Result:
        """Delete everything in the state.

        Raises `DeploymentFailed` before anything is deleted if something is protected.
        """
        remaining = self.run.snapshot.remaining()
        resources = self.run.targets.chosen(remaining, remaining)
        self.run.targets.require_met()
        for resource in resources:
            if resource.protect:
                self.run.fail(resource.urn, "delete", protected("deleted"))
        if not self.run.failures:
            self._perform(self._delete(resources))
        return self._finish("destroy", None)

    async def _delete(self, resources: list[Resource]) -> None:
        await Deletion(self.run, resources).perform()
        await self._settle(None)

    def stop(self) -> None:
        """Start no further step, and say so: those that run may take their time."""
        self._settings.on_message("info", "finishing what runs; Ctrl-C again stops at once", "")
        self._loop.call(self.run.stop)

    def _perform(self, coroutine: Coroutine[Any, Any, None]) -> None:
        with interruptible(self.stop, patient=self._settings.manner.patient):
            self._loop.run(coroutine)

    def _surroundings(self, monitor: Monitor) -> Surroundings:
        settings = self._settings
        return Surroundings(
            settings.project,
            settings.stack,
            settings.config,
            settings.secret_keys,
            monitor,
            EngineLog(self._log),
            settings.parallel,
            self.run.preview,
        )

    def _log(self, severity: str, message: str, urn: str) -> None:
        if severity == "warning":
            self.run.warnings.append(message)
        self._settings.on_message(severity, message, urn)

    async def _conclude(self, monitor: Monitor, registrar: Registrar, failed: ProgramFailed | None) -> None:
        run = self.run
        good = failed is None and not run.failures and not run.stopping
        if good and run.snapshot.interrupted and not run.preview:
            await run.registry.recover()
            run.snapshot.settle(registrar.declared, run.registry.leaves_a_trace)
        if good:
            remaining = run.snapshot.remaining()
            condemned = [old for old in remaining if old.delete or old.urn not in registrar.declared]
            await self._delete_undeclared(condemned, [*run.snapshot.news.values(), *remaining])
        if monitor.stack_outputs is not None:
            put_outputs(run, monitor.stack_urn, monitor.stack_outputs, keep_old=not good or bool(run.targets))
        await self._settle(failed)

    async def _delete_undeclared(self, condemned: list[Resource], all_: list[Resource]) -> None:
        try:
            chosen = self.run.targets.chosen(condemned, all_)
            self.run.targets.require_met()
        except UsageError as error:
            self.run.fail(self._stack_urn(), "delete", error)
        else:
            await Deletion(self.run, chosen).perform()

    async def _settle(self, failed: ProgramFailed | None) -> None:
        """End the one transaction of an atomic deployment; what was rolled back is not in the state."""
        if not self.run.atomic or self.run.preview:
            return
        keep = failed is None and not self.run.failures and not self.run.stopping
        self._undone = not keep
        try:
            await self.run.registry.conclude(keep=keep)
        except Exception as error:  # noqa: BLE001 the whole deployment's
            self._undone = True
            self.run.fail(self._stack_urn(), "update", error)

    def _finish(self, kind: str, failed: ProgramFailed | None) -> Result:
        run = self.run
        problems = list(run.failures)
        if failed is not None and problems:
            problems.append(Failure(self._stack_urn(), failed))
        if not run.preview:
            self._save(kind, succeeded=not problems and failed is None and not run.stopping)
        for operation in run.snapshot.pending:
            name = operation["resource"]["urn"]
            run.warnings.append(
                f"{operation['type']} {name} was interrupted, and nobody knows whether it happened: "
                f"look for it, then deploy it again, or refresh to forget this"
            )
        seconds = time.perf_counter() - self._clock
        result = Result(
            dict(run.changes),
            self._outputs(),
            run.steps,
            seconds,
            run.warnings,
            run.snapshot.restated,
            undone=self._undone,
        )
        if run.fatal is not None:
            raise run.fatal
        if problems:
            raise DeploymentFailed(problems, sorted(run.skipped), result)
        if failed is not None:
            raise failed
        if run.stopping:
            raise KeyboardInterrupt
        return result

    def _save(self, kind: str, *, succeeded: bool) -> None:
        snapshot = self.run.snapshot
        if snapshot.dirty and not self._undone:
            self._files.save(snapshot.resources(), snapshot.pending, self._vault.salt, self._journal)
            self._files.add_history(kind, self._started, dict(self.run.changes), succeeded=succeeded)
        self._saved = True

    def _stack_urn(self) -> str:
        name = f"{self._settings.project.name}-{self._settings.stack}"
        return Namer(self._settings.project.name, self._settings.stack).urn(STACK_TYPE, name)

    def _outputs(self) -> dict[str, Any]:
        urn = self._stack_urn()
        stack = self.run.snapshot.news.get(urn) or self.run.snapshot.old(urn)
        return {} if stack is None or self.run.fatal else plain_map(stack.outputs.values)
