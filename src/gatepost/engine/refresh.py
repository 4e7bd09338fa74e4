"""Reading every resource as it is now: to take it over into the state, or to tell what drifted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pulumi.provider.experimental.provider import ReadRequest, ReadResponse

from gatepost.engine import calls
from gatepost.engine.model import Drift, now
from gatepost.engine.registry import Configured
from gatepost.engine.resource import Properties, Resource
from gatepost.engine.run import Run
from gatepost.engine.values import changed_keys, plain_map


class Refresh:
    """Read the resources of a run's snapshot.

    A provider that offers `read_many(requests) -> responses` is asked once for all of its resources, others
    once for each.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.drifts: list[Drift] = []

    async def perform(self) -> None:
        """Read everything; the snapshot then holds what was found."""
        by_provider: dict[str, list[Resource]] = {}
        for old in self._run.snapshot.remaining():
            managed = old.custom and not old.is_provider and not old.pending_replacement
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
        if hasattr(configured.provider, "read_many"):
            await self._read_at_once(configured, olds)
        else:
            await asyncio.gather(*(self._read(configured, old) for old in olds))

    async def _read_at_once(self, configured: Configured, olds: list[Resource]) -> None:
        requests = [ReadRequest(old.urn, old.id, old.outputs.values, old.inputs.values) for old in olds]
        try:
            responses: Sequence[ReadResponse] = await configured.provider.read_many(requests)  # type: ignore[attr-defined]
            for old, response in zip(olds, responses, strict=True):
                self._take(old, response)
        except Exception as error:  # noqa: BLE001 reported for the provider whose answer failed
            self._run.fail(olds[0].provider.rpartition("::")[0], "refresh", error)

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
