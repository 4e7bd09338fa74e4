"""Delete before replace: what must go first, because what it hangs on is deleted under it."""

from __future__ import annotations

import asyncio

from gatepost.engine import calls, paths
from gatepost.engine.deletes import protected, remove
from gatepost.engine.model import urn_name
from gatepost.engine.resource import Resource
from gatepost.engine.run import Run, Skipped
from gatepost.engine.values import UNKNOWN, make
from gatepost.errors import UsageError


class Condemned:
    """Delete a resource and, before it, those of its dependents that a change of it would replace.

    They are created again when the program declares them.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._deleted: dict[str, asyncio.Future[bool]] = {}
        self.started: set[str] = set()

    def awaits(self, urn: str) -> bool:
        """Tell whether a resource was, or is being, deleted for this reason."""
        return urn in self._deleted

    async def recreated(self, urn: str) -> bool:
        """Tell whether a resource was deleted for this reason; waits for its deletion to end."""
        self.started.add(urn)
        future = self._deleted.get(urn)
        if future is None:
            return False
        if not await future:
            raise Skipped("it could not be deleted first")
        return True

    async def delete_for(self, root: Resource) -> None:
        """Delete a resource that is about to be replaced, after its dependents; the first error is raised."""
        dependents = await self._dependents(root)
        for dependent in dependents:
            if not self._run.targets.include(dependent.urn, [root.urn]):
                raise UsageError(
                    f"{urn_name(dependent.urn)} would have to be replaced along with it, and is no target:"
                    " target that too, or give --target-dependents"
                )
            if dependent.protect:
                raise protected(f"replaced along with {root.urn.rpartition('::')[2]}")
        loop = asyncio.get_running_loop()
        futures = {dependent.urn: loop.create_future() for dependent in dependents}
        self._deleted.update(futures)
        try:
            for resource in [*reversed(dependents), root]:
                await self._delete(resource, {root.urn, *futures})
                if resource.urn in futures:
                    futures[resource.urn].set_result(True)
        finally:
            for future in futures.values():
                if not future.done():
                    future.set_result(False)

    async def _delete(self, resource: Resource, condemned: set[str]) -> None:
        if resource.pending_replacement:
            return
        async with self._run.step(resource.urn, "delete-replaced") as seconds:
            await remove(self._run, resource, "delete-replaced", condemned - {resource.urn})
            self._run.snapshot.flag(resource, pending_replacement=True)
            status = "planned" if self._run.preview else "done"
            self._run.emit(resource.urn, "delete-replaced", status, seconds=seconds())  # type: ignore[arg-type]

    async def _dependents(self, root: Resource) -> list[Resource]:
        replaced = {root.urn}
        found: list[Resource] = []
        for resource in self._run.snapshot.remaining():
            skipped = resource.delete or resource.urn in self.started or resource.urn in self._deleted
            if resource is not root and not skipped and await self._must_go(resource, replaced):
                replaced.add(resource.urn)
                found.append(resource)
        return found

    async def _must_go(self, resource: Resource, replaced: set[str]) -> bool:
        if not resource.custom or resource.external:
            return False
        if resource.provider.rpartition("::")[0] in replaced or resource.deleted_with in replaced:
            return True
        touched = {
            key for key, urns in resource.property_dependencies.items() if not replaced.isdisjoint(urns)
        }
        if not touched or resource.is_provider:
            return False
        inputs = dict(resource.inputs.values)
        inputs.update({key: make(UNKNOWN) for key in touched if key in inputs})
        configured = await self._run.provider(resource)
        found = await calls.diff(configured, resource, inputs, resource.ignore_changes)
        covered = any(paths.covers(resource.replace_on_changes, path) for path in found.paths)
        return found.replace or (found.changed and covered)
