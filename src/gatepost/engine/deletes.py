"""Deleting: one resource, or many in an order in which nothing outlives what it depends on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from gatepost.engine import calls
from gatepost.engine.model import KEPT, Op, urn_name
from gatepost.engine.resource import Resource
from gatepost.engine.run import Run
from gatepost.errors import InvalidDeclaration


class Deletion:
    """Delete resources of the state, each once everything that refers to it is gone."""

    def __init__(self, run: Run, condemned: Iterable[Resource]) -> None:
        self._run = run
        self._condemned = list(condemned)
        self._urns = {resource.urn for resource in self._condemned}
        self._dependents = _dependents(self._condemned)
        self._finished: dict[int, asyncio.Future[bool]] = {}

    async def perform(self) -> None:
        """Delete all; what a failed deletion depends on stays, and is reported as skipped."""
        loop = asyncio.get_running_loop()
        self._finished = {id(resource): loop.create_future() for resource in self._condemned}
        await asyncio.gather(*(self._delete(resource) for resource in reversed(self._condemned)))

    async def _delete(self, resource: Resource) -> None:
        done = False
        try:
            done = await self._after_dependents(resource)
        finally:
            self._finished[id(resource)].set_result(done)

    async def _after_dependents(self, resource: Resource) -> bool:
        op: Op = "delete-replaced" if resource.delete else "delete"
        for dependent in self._dependents[id(resource)]:
            if not await self._finished[id(dependent)]:
                self._run.skip(resource.urn, op, f"{urn_name(dependent.urn)}, which needs it, is still there")
                return False
        async with self._run.slots:
            if self._run.stopping:
                self._run.skip(resource.urn, op, "the deployment was stopped")
                return False
            return await delete(self._run, resource, op, self._urns)


async def delete(run: Run, old: Resource, op: Op, condemned: set[str]) -> bool:
    """Delete one resource and forget it; tell whether that worked.

    `condemned` are the URNs that go in the same run, for `deleted_with`.
    """
    try:
        async with run.step(old.urn, op) as seconds:
            await remove(run, old, op, condemned)
            run.snapshot.drop(old)
            _report(run, old, op, seconds())
    except Exception as error:  # noqa: BLE001 every failure belongs to its resource
        run.fail(old.urn, op, error)
        return False
    return True


async def remove(run: Run, old: Resource, op: Op, condemned: set[str]) -> None:
    """Have the provider delete a resource, unless there is nothing to be done by it.

    Raises `InvalidDeclaration` if the resource is protected.
    """
    if old.protect and op == "delete":
        raise protected("deleted")
    spared = old.external or old.retain_on_delete or old.pending_replacement or old.deleted_with in condemned
    if not old.custom or old.is_provider or spared:
        return
    configured = await run.provider(old)
    run.require_transaction(configured, old.urn)
    request = calls.delete_request(old)
    if not run.preview:
        async with run.operation("deleting", old):
            await configured.provider.delete(request)
    elif configured.known:
        inspect = getattr(configured.provider, "preview_delete", None)
        if inspect is not None:
            await inspect(request)


def protected(what: str) -> InvalidDeclaration:
    """Return the error for a protected resource."""
    return InvalidDeclaration(
        f"it is protected and would be {what}: take protect=True off in the program and deploy that first"
    )


def _report(run: Run, old: Resource, op: Op, seconds: float) -> None:
    if op == "delete":
        run.finish(old.urn, op, seconds=seconds, message=KEPT if old.retain_on_delete else "")
    else:
        run.emit(old.urn, op, "planned" if run.preview else "done", seconds=seconds)


def _dependents(condemned: list[Resource]) -> dict[int, list[Resource]]:
    found: dict[int, list[Resource]] = {}
    by_urn: dict[str, list[Resource]] = {}
    # the state's order decides: two generations of a resource may refer to each other's URNs in a circle
    for resource in condemned:
        for urn in resource.references:
            for needed in by_urn.get(urn, ()):
                found[id(needed)].append(resource)
        found[id(resource)] = []
        by_urn.setdefault(resource.urn, []).append(resource)
    return found
