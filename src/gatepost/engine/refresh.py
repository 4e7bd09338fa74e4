"""Reading every resource as it is now: to take it over into the state, or to tell what drifted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pulumi.provider.experimental.provider import ReadResponse

from gatepost.engine import calls
from gatepost.engine.model import Drift, now
from gatepost.engine.registry import Configured
from gatepost.engine.resource import Properties, Resource
from gatepost.engine.run import Run
from gatepost.engine.values import changed_keys, plain_map

AsDeployed = Callable[[Sequence[tuple[str, dict[str, Any]]]], Awaitable[Sequence[bool]]]


class Refresh:
    """Read the resources of a run's snapshot.

    A provider that offers `as_deployed` is asked once which of its resources are as the state has them; the
    others are read one by one.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.drifts: list[Drift] = []

    async def perform(self) -> None:
        """Read everything; the snapshot then holds what was found."""
        by_provider: dict[str, list[Resource]] = {}
        for old in self._run.snapshot.remaining():
            managed = old.custom and not old.is_provider and not old.pending_replacement
            managed = managed and self._run.targets.include(old.urn, old.references)
            by_provider.setdefault(old.provider if managed else "", []).append(old)
        for old in by_provider.pop("", []):
            self._keep(old)
        await asyncio.gather(*(self._read_all(olds) for olds in by_provider.values()))

    async def _read_all(self, olds: list[Resource]) -> None:
        try:
            configured = await self._run.provider(olds[0])
        except Exception as error:  # noqa: BLE001 every failure belongs to its resource
            self._run.fail(olds[0].provider.rpartition("::")[0], "refresh", error)
            for old in olds:
                self._run.skip(old.urn, "refresh", "its provider failed")
            return
        as_deployed = getattr(configured.provider, "as_deployed", None)
        if as_deployed is not None:
            olds = await self._without_same(as_deployed, olds)
        await asyncio.gather(*(self._read(configured, old) for old in olds))

    async def _without_same(self, as_deployed: AsDeployed, olds: list[Resource]) -> list[Resource]:
        """Return the resources that are not what the state says, or of which that is not certain."""
        try:
            same = await as_deployed([(old.type, old.outputs.json) for old in olds])
        except Exception:  # noqa: BLE001 read one by one it becomes clear whose error it is
            return olds
        for old, is_same in zip(olds, same, strict=True):
            if is_same:
                self._keep(old)
        return [old for old, is_same in zip(olds, same, strict=True) if not is_same]

    async def _read(self, configured: Configured, old: Resource) -> None:
        async with self._run.slots:
            if self._run.stopping:
                self._run.skip(old.urn, "refresh", "the deployment was stopped")
                return
            try:
                found = await calls.read(configured, old.urn, old.id, old.outputs.values, old.inputs.values)
                self._take(old, found)
            except Exception as error:  # noqa: BLE001 every failure belongs to its resource
                self._run.fail(old.urn, "refresh", error)

    def _take(self, old: Resource, found: ReadResponse) -> None:
        before = plain_map(old.outputs.values)
        if not found.resource_id:
            self.drifts.append(Drift(old.urn, before, None))
            self._run.snapshot.drop(old)
            self._run.changes["delete"] += 1
            self._run.emit(old.urn, "refresh", "done", message="gone")
            return
        outputs = calls.read_outputs(old, found.properties)
        changed = changed_keys(old.outputs.values, outputs)
        if not changed:
            self._keep(old)
            return
        self.drifts.append(Drift(old.urn, before, plain_map(outputs)))
        old.id = found.resource_id
        old.outputs = Properties(self._run.vault, old.urn, values=outputs)
        if found.inputs:
            old.inputs = old.inputs.replaced(dict(found.inputs))
        old.modified = now()
        self._run.snapshot.put(old, old)
        self._run.changes["update"] += 1
        self._run.emit(old.urn, "refresh", "done", diff=changed, message="changed")

    def _keep(self, old: Resource) -> None:
        self._run.changes["same"] += 1
        self._run.emit(old.urn, "refresh", "done", message="unchanged")
