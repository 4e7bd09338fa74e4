"""One run of the engine: what all its steps share."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from gatepost.engine.model import Failure, Op, Status, StepEvent, urn_name, urn_type
from gatepost.engine.registry import Configured, Registry
from gatepost.engine.resource import PROVIDER_PREFIX, Resource
from gatepost.engine.secrets import Vault
from gatepost.engine.snapshot import Snapshot
from gatepost.engine.targets import Targets
from gatepost.errors import CorruptState, GatepostError, PassphraseMissing, UnsupportedFeature

# the end of the whole run rather than of one resource
FATAL = (PassphraseMissing, CorruptState)


class Skipped(Exception):
    """The resource was left alone; the message says why."""


class Run:
    """The snapshot, the providers, the failures and the events of a deployment.

    All of it is used on the engine's own event loop only, so nothing needs a lock.
    """

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        registry: Registry,
        vault: Vault,
        on_event: Callable[[StepEvent], None],
        parallel: int,
        preview: bool,
        root: Path,
        targets: Targets,
        atomic: bool,
    ) -> None:
        self.snapshot = snapshot
        self.registry = registry
        self.vault = vault
        self.preview = preview
        self.root = root
        self.targets = targets
        self.atomic = atomic
        self.slots = asyncio.Semaphore(parallel)
        self.changes: Counter[str] = Counter()
        self.steps: list[StepEvent] = []
        self.failures: list[Failure] = []
        self.skipped: dict[str, str] = {}
        self.warnings: list[str] = []
        self.replaced: set[str] = set()
        self.changed: set[str] = set()
        self.stopping = False
        self.fatal: BaseException | None = None
        self._on_event = on_event
        self._failed_after: dict[str, float] = {}

    def stop(self) -> None:
        """Start no further step; those that run may finish."""
        self.stopping = True

    def emit(
        self,
        urn: str,
        op: Op,
        status: Status,
        *,
        seconds: float = 0.0,
        diff: list[str] | None = None,
        message: str = "",
    ) -> None:
        """Report an event."""
        event = StepEvent(urn, urn_type(urn), urn_name(urn), op, status, seconds, diff or [], message)
        self.steps.append(event)
        self._on_event(event)

    def finish(
        self, urn: str, op: Op, *, seconds: float = 0.0, diff: list[str] | None = None, message: str = ""
    ) -> None:
        """Report that a resource has been dealt with, and count it, unless it is a default provider."""
        if op not in ("same", "read"):
            self.changed.add(urn)
        if _is_internal(urn):
            return
        self.changes[op] += 1
        status: Status = "planned" if self.preview and op != "same" else "done"
        self.emit(urn, op, status, seconds=seconds, diff=diff, message=message)

    def fail(self, urn: str, op: Op, error: Exception, *, where: str = "", seconds: float = 0.0) -> None:
        """Report that a resource failed; the whole run stops if it cannot go on at all."""
        if isinstance(error, FATAL):
            self.fatal = self.fatal or error
            self.stop()
        if self.atomic:
            self.stop()
        self.failures.append(Failure(urn, error, where))
        seconds = seconds or self._failed_after.pop(urn, 0.0)
        self.emit(urn, op, "failed", seconds=seconds, message=str(error) or type(error).__name__)

    def skip(self, urn: str, op: Op, why: str) -> None:
        """Report that a resource was left alone."""
        self.skipped[urn] = why
        self.emit(urn, op, "skipped", message=why)

    async def provider(self, resource: Resource) -> Configured:
        """Return the provider of a resource of the state."""
        return await self.registry.find(resource.provider, self.snapshot.before)

    def require_transaction(self, configured: Configured, urn: str) -> None:
        """Raise `UnsupportedFeature` where all must be one transaction and a provider has none to offer."""
        if self.atomic and not hasattr(configured.provider, "conclude"):
            raise UnsupportedFeature(
                f"{urn_type(urn)} cannot be part of one transaction: deploy it first, without --atomic"
            )

    @asynccontextmanager
    async def operation(self, kind: str, resource: Resource) -> AsyncIterator[None]:
        """Journal an operation on the outside world around its execution."""
        if not self.preview:
            self.vault.verify()
        number = await self.snapshot.begin(kind, resource)
        try:
            yield
        except BaseException as error:
            self.snapshot.end(number, resource, kind, known=not _outcome_unknown(error))
            raise
        self.snapshot.end(number, resource, kind)

    @asynccontextmanager
    async def step(self, urn: str, op: Op) -> AsyncIterator[Callable[[], float]]:
        """Announce a step that changes something; yields a stop-watch in seconds."""
        started = time.perf_counter()
        if not self.preview and not _is_internal(urn):
            self.emit(urn, op, "started")
        try:
            yield lambda: time.perf_counter() - started
        except Exception:
            self._failed_after[urn] = time.perf_counter() - started
            raise


def _is_internal(urn: str) -> bool:
    """Tell whether a resource is a default provider: nobody declared it."""
    return urn_type(urn).startswith(PROVIDER_PREFIX) and urn_name(urn).startswith("default")


def _outcome_unknown(error: BaseException) -> bool:
    """Tell whether the operation may have happened all the same; a provider says so by `outcome_unknown`."""
    if isinstance(error, GatepostError):
        return bool(getattr(error, "outcome_unknown", False))
    return isinstance(error, (ConnectionError, asyncio.CancelledError))
