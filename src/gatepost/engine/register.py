"""What happens when the program declares a resource: it is found, checked, compared, and brought about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from pulumi.provider.experimental.property_value import PropertyValue

from gatepost.engine import calls, paths
from gatepost.engine.components import put_component
from gatepost.engine.condemned import Condemned
from gatepost.engine.configuration import diff_config, put_provider
from gatepost.engine.former import find_former
from gatepost.engine.goal import Goal, default_provider
from gatepost.engine.model import Op, split_config, urn_name
from gatepost.engine.registry import Configured
from gatepost.engine.resource import PROVIDER_PREFIX, Properties, Resource
from gatepost.engine.run import Run, Skipped
from gatepost.engine.steps import Steps
from gatepost.engine.targets import is_always_due
from gatepost.engine.urns import Namer
from gatepost.engine.values import UNKNOWN, Values, has_unknowns
from gatepost.errors import InvalidDeclaration, UsageError


@dataclass(slots=True)
class Registered:
    """The answer to the program: what the resource is now, or that it failed or was skipped."""

    urn: str
    id: str = ""
    properties: Properties | None = None
    succeeded: bool = True

    @property
    def outputs(self) -> Values:
        """All outputs."""
        return {} if self.properties is None else self.properties.values

    def output(self, name: str) -> PropertyValue | None:
        """One output; None where there is none of that name."""
        return None if self.properties is None else self.properties.value(name)


class Registrar:
    """Register the resources of one program."""

    def __init__(
        self, run: Run, namer: Namer, config: Mapping[str, str], secret_keys: frozenset[str]
    ) -> None:
        self._run = run
        self._namer = namer
        self._config = config
        self._secret_keys = secret_keys
        self._declared: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._defaults: dict[tuple[str, str, str], asyncio.Task[Registered]] = {}
        self._component_providers: dict[str, dict[str, str]] = {}
        self.condemned = Condemned(run)
        self._steps = Steps(run, self.condemned)

    def urn(self, kind: str, name: str, parent: str) -> str:
        """Return the URN that a resource would get."""
        return self._namer.urn(kind, name, parent)

    @property
    def declared(self) -> set[str]:
        """The URNs that the program has declared so far."""
        return self._declared

    async def register(self, goal: Goal) -> Registered:
        """Bring about one resource; failures are recorded in the run and answered, never raised."""
        urn = self._namer.urn(goal.type, goal.name, goal.parent)
        try:
            return await self._register(goal, urn)
        except Skipped as why:
            self._run.skip(urn, _intent(self._run, urn), str(why))
            return Registered(urn, succeeded=False)
        except Exception as error:  # noqa: BLE001 every failure belongs to its resource
            self._run.fail(urn, _intent(self._run, urn), error, where=goal.where)
            return Registered(urn, succeeded=False)

    async def _register(self, goal: Goal, urn: str) -> Registered:
        if urn in self._declared:
            raise InvalidDeclaration(
                f"there are two resources {goal.name!r} of this type: give one another name"
            )
        self._declared.add(urn)
        aliases = self._namer.aliases(goal.type, goal.name, goal.parent, goal.aliases, self._renamed)
        old = self._run.snapshot.old(urn, aliases)
        if old is not None and old.urn != urn:
            self._renamed[urn] = old.urn
        if goal.custom and not is_always_due(goal.type) and not self._run.targets.include(urn, goal.needs):
            return await self._left(urn, old)
        self._require(goal)
        new = self._resource(goal, urn)
        if not goal.custom:
            self._component_providers[urn] = goal.providers
            return self._answer(await put_component(self._run, new, old))
        if goal.type.startswith(PROVIDER_PREFIX):
            async with self._run.slots:
                return self._answer(await put_provider(self._run, goal, new, old))
        new.provider = await self._provider_reference(goal)
        configured = await self._run.registry.find(new.provider, self._run.snapshot.before)
        if urn in self._run.snapshot.interrupted and hasattr(configured.provider, "interrupted"):
            configured.provider.interrupted(urn)
        # a provider that makes many at once limits itself
        async with nullcontext() if hasattr(configured.provider, "create_alone") else self._run.slots:
            self._require(goal)
            return self._answer(await self._custom(goal, new, old, configured))

    async def _left(self, urn: str, old: Resource | None) -> Registered:
        """Answer for a resource that is no target: what is there stays, what is not there is not made."""
        if old is not None:
            configured = await self._run.registry.find(old.provider, self._run.snapshot.before)
            if hasattr(configured.provider, "stands"):
                configured.provider.stands(old.type, old.inputs.values)
            return self._answer(self._steps.left(old))
        self._run.targets.missing.add(urn)
        return Registered(urn, succeeded=False)

    def _require(self, goal: Goal) -> None:
        if self._run.stopping:
            raise Skipped("the deployment was stopped")
        missing = self._run.targets.missing.intersection(goal.needs)
        if missing:
            raise UsageError(
                f"it needs {urn_name(min(missing))}, which does not exist and is no target: target that too"
            )
        failed = {failure.urn for failure in self._run.failures}
        for urn in goal.needs:
            if urn in failed or urn in self._run.skipped:
                raise Skipped(
                    f"it needs {urn.rpartition('::')[2]}, which "
                    + ("failed" if urn in failed else "was skipped")
                )

    def _require_known(self, goal: Goal) -> None:
        unknown = [key for key, value in goal.inputs.items() if has_unknowns(value)]
        if unknown and not self._run.preview:
            raise Skipped(f"what it needs for {', '.join(unknown)} is not known, because something failed")

    def _resource(self, goal: Goal, urn: str) -> Resource:
        empty = Properties(self._run.vault, urn, values={})
        return Resource(
            urn=urn,
            type=goal.type,
            custom=goal.custom,
            inputs=Properties(self._run.vault, urn, json=goal.plain, values=goal.given),
            outputs=empty,
            parent=goal.parent,
            protect=goal.protect,
            dependencies=goal.dependencies,
            property_dependencies=goal.property_dependencies,
            additional_secret_outputs=goal.additional_secret_outputs,
            custom_timeouts=goal.custom_timeouts,
            import_id=goal.import_id,
            retain_on_delete=goal.retain_on_delete,
            deleted_with=goal.deleted_with,
            ignore_changes=goal.ignore_changes,
            replace_on_changes=goal.replace_on_changes,
        )

    async def _provider_reference(self, goal: Goal) -> str:
        if goal.provider:
            return goal.provider
        inherited = self._component_providers.get(goal.parent, {}).get(goal.package)
        if inherited:
            return inherited
        key = (goal.package, goal.version, goal.download_url)
        if key not in self._defaults:
            settings = split_config(self._config, goal.package)
            declared = default_provider(goal, settings, self._secret_keys)
            self._defaults[key] = asyncio.create_task(self.register(declared))
        made = await self._defaults[key]
        if not made.succeeded:
            raise Skipped(f"the provider of the package {goal.package} failed")
        return f"{made.urn}::{made.id or UNKNOWN}"

    async def _custom(
        self, goal: Goal, new: Resource, old: Resource | None, configured: Configured
    ) -> Resource:
        half = None if old is None else self._run.snapshot.half_updated(old.urn)
        if half is None and old is not None and self._is_still(goal, new, old, configured):
            self.condemned.started.add(new.urn)
            return self._steps.same(new, old)
        self._require_known(goal)
        recreated = await self.condemned.recreated(new.urn)
        if (
            goal.import_id
            and not recreated
            and (old is None or old.external or _imported(old) != goal.import_id)
        ):
            return await self._steps.import_(goal, new, old, configured)
        known = None if old is None or recreated or old.external else old
        olds = known.inputs.values if known else {}
        inputs = paths.reset(olds, goal.inputs, goal.ignore_changes) if known else goal.inputs
        checked = await calls.check(configured, new.urn, olds, inputs)
        new.inputs = known.inputs.replaced(checked) if known else self._checked(goal, new.urn, checked)
        if old is None:
            if (former := await find_former(self._run, goal, new, configured)) is not None:
                return await self._steps.reinstate(goal, new, None, configured, former)
            return await self._steps.create(new, configured)
        if known is None:
            return await self._steps.create_replacement(new, old, configured, [], old_exists=not recreated)
        if half is not None and new.inputs.json != half.get("inputs"):
            await calls.take_over(configured, known)
        return await self._compare(goal, new, known, configured)

    def _checked(self, goal: Goal, urn: str, checked: Values) -> Properties:
        """Return checked inputs, with the JSON of the declaration where the check changed nothing."""
        json = goal.plain if checked == goal.inputs else None
        return Properties(self._run.vault, urn, json=json, values=checked)

    def _is_still(self, goal: Goal, new: Resource, old: Resource, configured: Configured) -> bool:
        """Tell whether nothing about a resource has changed, in words of the state and of its provider."""
        still = getattr(configured.provider, "still", None)
        if still is None or not configured.known or goal.plain is None or goal.ignore_changes:
            return False
        odd = old.external or old.pending_replacement or old.taint or old.init_errors or goal.import_id
        if odd or old.urn != new.urn or old.provider != new.provider or self.condemned.awaits(new.urn):
            return False
        if goal.dependencies != old.dependencies or goal.deleted_with != old.deleted_with:
            return False
        if not self._run.changed.isdisjoint(goal.needs) or goal.plain != old.inputs.json:
            return False
        return bool(still(new.urn, new.type, goal.plain, old.outputs.json))

    async def _compare(self, goal: Goal, new: Resource, old: Resource, configured: Configured) -> Resource:
        found = await self._difference(goal, new, old, configured)
        if found.replace or old.pending_replacement or old.taint:
            if (former := await find_former(self._run, goal, new, configured)) is not None:
                return await self._steps.reinstate(goal, new, old, configured, former)
            return await self._steps.replace(goal, new, old, configured, found)
        if found.changed or old.init_errors:
            return await self._steps.update(goal, new, old, configured, found)
        return self._steps.same(new, old)

    async def _difference(
        self, goal: Goal, new: Resource, old: Resource, configured: Configured
    ) -> calls.Difference:
        if goal.deleted_with in self._run.replaced:
            return calls.Difference(True, True, False, ["deletedWith"])
        if await self._provider_changed(new, old, configured):
            return calls.Difference(True, True, False, ["provider"])
        found = await calls.diff(configured, old, new.inputs.values, goal.ignore_changes)
        if found.changed and any(paths.covers(goal.replace_on_changes, path) for path in found.paths):
            found.replace = True
        return found

    async def _provider_changed(self, new: Resource, old: Resource, configured: Configured) -> bool:
        """Tell whether the resource belongs to another provider now, one that cannot manage the old one."""
        if old.provider == new.provider:
            return False
        if not old.provider:
            return True
        old_urn = old.provider.rpartition("::")[0]
        new_urn = new.provider.rpartition("::")[0]
        if self._renamed.get(new_urn) == old_urn:
            return False
        before = self._run.snapshot.before(old_urn)
        after = self._run.snapshot.news.get(new_urn)
        if before is None or after is None:
            return True
        return (await diff_config(configured.provider, before, after.inputs.values, [])).replace

    async def read(self, goal: Goal, identity: str) -> Registered:
        """Read a resource that somebody else manages; failures are recorded and answered, never raised."""
        urn = self._namer.urn(goal.type, goal.name, goal.parent)
        try:
            self._declared.add(urn)
            self._require(goal)
            new = self._resource(goal, urn)
            new.provider = await self._provider_reference(goal)
            configured = await self._run.registry.find(new.provider, self._run.snapshot.before)
            async with self._run.slots:
                old = self._run.snapshot.old(urn)
                return self._answer(await self._steps.read(new, identity, old, configured))
        except Skipped as why:
            self._run.skip(urn, "read", str(why))
            return Registered(urn, succeeded=False)
        except Exception as error:  # noqa: BLE001 every failure belongs to its resource
            self._run.fail(urn, "read", error, where=goal.where)
            return Registered(urn, succeeded=False)

    def _answer(self, resource: Resource) -> Registered:
        outputs = resource.outputs if resource.custom else None
        return Registered(resource.urn, "" if resource.id == UNKNOWN else resource.id, outputs)


def _imported(old: Resource) -> str:
    return old.import_id or old.id


def _intent(run: Run, urn: str) -> Op:
    """Say what would have been done, for events of resources that failed before that was known."""
    return "create" if run.snapshot.before(urn) is None else "update"
