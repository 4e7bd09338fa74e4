"""The steps that bring about one declared resource: same, create, update, replace, import, read."""

from __future__ import annotations

from gatepost.engine import calls, paths
from gatepost.engine.condemned import Condemned
from gatepost.engine.deletes import protected
from gatepost.engine.goal import Goal
from gatepost.engine.model import now
from gatepost.engine.registry import Configured
from gatepost.engine.resource import Properties, Resource
from gatepost.engine.run import Run
from gatepost.engine.values import Values, plain
from gatepost.errors import InvalidDeclaration, UsageError


class Steps:
    """Perform steps for one run."""

    def __init__(self, run: Run, condemned: Condemned) -> None:
        self._run = run
        self._condemned = condemned

    def left(self, old: Resource) -> Resource:
        """Leave a resource as it is, whatever the program says of it now: it is no target."""
        self._run.snapshot.leave(old)
        self._run.finish(old.urn, "same")
        return old

    def same(self, new: Resource, old: Resource) -> Resource:
        """Keep a resource as it is."""
        _carry(new, old)
        new.outputs = old.outputs
        self._run.snapshot.put(new, old, changed=False)
        self._run.finish(new.urn, "same")
        return new

    async def create(self, new: Resource, configured: Configured) -> Resource:
        """Create a resource that the state does not know."""
        self._run.require_transaction(configured, new.urn)
        async with self._run.step(new.urn, "create") as seconds:
            await self._make(new, configured)
            self._run.snapshot.put(new)
            self._run.finish(new.urn, "create", seconds=seconds())
        return new

    async def update(
        self, goal: Goal, new: Resource, old: Resource, configured: Configured, found: calls.Difference
    ) -> Resource:
        """Change a resource in place."""
        self._run.require_transaction(configured, new.urn)
        async with self._run.step(new.urn, "update") as seconds:
            _carry(new, old)
            new.outputs = old.outputs
            async with self._run.operation("updating", new):
                outputs = await calls.update(configured, old, new, preview=self._run.preview)
            new.outputs = old.outputs.replaced(outputs)
            new.modified = now()
            self._run.snapshot.put(new, old)
            self._run.finish(new.urn, "update", seconds=seconds(), diff=_shown(goal, found.paths))
        return new

    async def replace(
        self, goal: Goal, new: Resource, old: Resource, configured: Configured, found: calls.Difference
    ) -> Resource:
        """Replace a resource: its successor first and the deletion at the end, or the other way round."""
        self._run.require_transaction(configured, new.urn)
        if goal.import_id:
            raise UsageError("it was imported and would be replaced: remove import_ from its options first")
        if new.protect and old.protect:
            raise protected("replaced")
        self._run.replaced.add(new.urn)
        inputs = await calls.check(configured, new.urn, {}, goal.inputs)
        new.inputs = old.inputs.replaced(inputs)
        first = (
            found.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        )
        if first and not old.pending_replacement:
            await self._condemned.delete_for(old)
        shown = _shown(goal, found.paths)
        exists = not (first or old.pending_replacement)
        return await self.create_replacement(new, old, configured, shown, old_exists=exists)

    async def create_replacement(
        self, new: Resource, old: Resource, configured: Configured, changed: list[str], *, old_exists: bool
    ) -> Resource:
        """Create the successor of a resource, which is deleted at the end if it still exists."""
        self._run.replaced.add(new.urn)
        async with self._run.step(new.urn, "create-replacement") as seconds:
            await self._make(new, configured)
            if old_exists:
                self._run.snapshot.flag(old, delete=True)
            self._run.snapshot.put(new, None if old_exists else old)
            status = "planned" if self._run.preview else "done"
            self._run.emit(new.urn, "create-replacement", status, seconds=seconds())  # type: ignore[arg-type]
            self._run.finish(new.urn, "replace", seconds=seconds(), diff=changed)
        return new

    async def reinstate(
        self, goal: Goal, new: Resource, old: Resource | None, configured: Configured, former: Resource
    ) -> Resource:
        """Go back to what was replaced and is still to be deleted; its successor is deleted at the end."""
        self._run.require_transaction(configured, new.urn)
        if old is not None and new.protect and old.protect:
            raise protected("replaced")
        self._run.replaced.add(new.urn)
        async with self._run.step(new.urn, "create-replacement") as seconds:
            _carry(new, former)
            found = await calls.diff(configured, former, new.inputs.values, goal.ignore_changes)
            new.outputs = former.outputs
            if found.changed:
                async with self._run.operation("updating", new):
                    outputs = await calls.update(configured, former, new, preview=self._run.preview)
                new.outputs = former.outputs.replaced(outputs)
                new.modified = now()
            if old is not None:
                self._run.snapshot.flag(old, delete=True)
            self._run.snapshot.put(new, former)
            self._run.finish(new.urn, "replace", seconds=seconds(), diff=_shown(goal, found.paths))
        return new

    async def import_(
        self, goal: Goal, new: Resource, old: Resource | None, configured: Configured
    ) -> Resource:
        """Take over a resource that exists; raise `InvalidDeclaration` if it is not as declared."""
        if old is not None and not old.external:
            raise UsageError(
                f"import_={goal.import_id!r} names another resource than the one in the state, {old.id!r}"
            )
        async with self._run.step(new.urn, "import") as seconds:
            found = await self._read(new, goal.import_id, configured, {}, goal.inputs)
            inputs = await calls.check(configured, new.urn, found.inputs.values, goal.inputs)
            difference = await calls.diff(configured, found, inputs, goal.ignore_changes)
            if difference.changed:
                raise _differs(goal, found, difference.paths)
            new.id, new.outputs, new.inputs = found.id, found.outputs, found.inputs.replaced(inputs)
            new.created = new.modified = now()
            self._run.snapshot.put(new, old)
            self._run.finish(new.urn, "import", seconds=seconds())
        return new

    async def read(
        self, new: Resource, identity: str, old: Resource | None, configured: Configured
    ) -> Resource:
        """Read a resource that somebody else manages; raise `UsageError` if it is this stack's own."""
        if old is not None and not old.external:
            raise UsageError("it is managed by this stack and cannot be read with get() at the same time")
        async with self._run.step(new.urn, "read") as seconds:
            found = await self._read(new, identity, configured, new.inputs.values)
            new.id, new.external = found.id, True
            properties = old.outputs if old is not None else new.outputs
            new.outputs = properties.replaced(found.outputs.values)
            if old is not None:
                new.created, new.modified, new.extra = old.created, old.modified, old.extra
                new.inputs = old.inputs.replaced(new.inputs.values)
            else:
                new.created = new.modified = now()
            self._run.snapshot.put(new, old, changed=old is None or new.outputs is not old.outputs)
            self._run.finish(new.urn, "read", seconds=seconds())
        return new

    async def _make(self, new: Resource, configured: Configured) -> None:
        if not self._run.preview:
            calls.announce(configured, new.urn)
        elif hasattr(configured.provider, "changing"):
            configured.provider.changing = self._run.changed
        async with self._run.operation("creating", new):
            new.id, outputs = await calls.create(configured, new, preview=self._run.preview)
        new.outputs = new.outputs.replaced(outputs, like=new.inputs)
        new.created = new.modified = now()

    async def _read(
        self,
        new: Resource,
        identity: str,
        configured: Configured,
        known: Values,
        declared: Values | None = None,
    ) -> Resource:
        if not configured.known:
            raise UsageError(f"{identity!r} cannot be read before its provider's configuration is known")
        response = await calls.read(configured, new.urn, identity, known, declared or {})
        if not response.resource_id:
            raise InvalidDeclaration(f"{identity!r} does not exist")
        return Resource(
            urn=new.urn,
            type=new.type,
            custom=True,
            id=response.resource_id,
            inputs=Properties(self._run.vault, new.urn, values=dict(response.inputs)),
            outputs=Properties(self._run.vault, new.urn, values=calls.read_outputs(new, response.properties)),
        )


def _differs(goal: Goal, found: Resource, changed: list[str]) -> InvalidDeclaration:
    """Return the error for an import whose declaration is not what is there, with what is there."""
    there = found.inputs.values
    said = "; ".join(f"{path} is {plain(there[path])!r}" for path in changed if path in there)
    return InvalidDeclaration(
        f"{goal.import_id!r} differs from the declaration in {', '.join(changed)}: declare it as it is"
        f"{f' ({said})' if said else ''}, import it, and change it afterwards"
    )


def _carry(new: Resource, old: Resource) -> None:
    new.id, new.created, new.modified, new.extra = old.id, old.created, old.modified, old.extra


def _shown(goal: Goal, changed: list[str]) -> list[str]:
    return [path for path in changed if not paths.covers(goal.hide_diffs, path)]
