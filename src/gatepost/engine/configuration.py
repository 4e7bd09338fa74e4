"""Providers as resources: their configuration is checked, compared, kept in the state, and put to use."""

from __future__ import annotations

import uuid

from pulumi.provider.experimental.provider import CheckRequest, DiffRequest, Provider

from gatepost.engine import calls, paths
from gatepost.engine.goal import Goal, provider_inputs
from gatepost.engine.model import Op, now
from gatepost.engine.registry import public
from gatepost.engine.resource import Resource
from gatepost.engine.run import Run
from gatepost.engine.values import UNKNOWN, Values, changed_keys, make


async def put_provider(run: Run, goal: Goal, new: Resource, old: Resource | None) -> Resource:
    """Bring about a provider resource and configure its provider for the resources that follow."""
    provider = run.registry.make(goal.package)
    olds = old.inputs.values if old else {}
    inputs = provider_inputs(goal)
    if old is not None:
        inputs = paths.reset(olds, inputs, goal.ignore_changes)
    inputs = await _check(provider, new.urn, olds, inputs)
    if old is None:
        return await _create(run, provider, new, None, inputs, [])
    found = await diff_config(provider, old, inputs, goal.ignore_changes)
    if found.replace:
        run.replaced.add(new.urn)
        return await _create(run, provider, new, old, inputs, found.paths)
    return await _keep(run, provider, new, old, inputs, found)


async def diff_config(
    provider: Provider, old: Resource, inputs: Values, ignore: list[str]
) -> calls.Difference:
    """Ask the provider whether its configuration changed, and so much that it needs a successor."""
    outputs = old.outputs.values
    response = await provider.diff_config(DiffRequest(old.urn, old.id, outputs, public(inputs), ignore))
    return calls.difference(response, changed_keys(outputs, public(inputs)))


async def _check(provider: Provider, urn: str, olds: Values, news: Values) -> Values:
    response = await provider.check_config(CheckRequest(urn, public(olds), public(news), b""))
    inputs = calls.checked(response.inputs, response.failures)
    for key in ("version", "__internal"):
        if key in news:
            inputs[key] = news[key]
    return inputs


async def _create(
    run: Run, provider: Provider, new: Resource, old: Resource | None, inputs: Values, changed: list[str]
) -> Resource:
    op: Op = "create" if old is None else "replace"
    async with run.step(new.urn, op) as seconds:
        new.id = UNKNOWN if run.preview else str(uuid.uuid4())
        await _use(run, provider, new, inputs)
        new.created = new.modified = now()
        if old is not None:
            run.snapshot.flag(old, delete=True)
        run.snapshot.put(new)
        run.finish(new.urn, op, seconds=seconds(), diff=changed)
    return new


async def _keep(
    run: Run, provider: Provider, new: Resource, old: Resource, inputs: Values, found: calls.Difference
) -> Resource:
    new.id, new.created, new.modified, new.extra = old.id, old.created, old.modified, old.extra
    if not found.changed:
        await _use(run, provider, new, old.inputs.values)
        new.inputs, new.outputs = old.inputs.replaced(inputs), old.outputs
        run.snapshot.put(new, old, changed=False)
        run.finish(new.urn, "same")
        return new
    async with run.step(new.urn, "update") as seconds:
        await _use(run, provider, new, inputs)
        new.modified = now()
        run.snapshot.put(new, old)
        run.finish(new.urn, "update", seconds=seconds(), diff=found.paths)
    return new


async def _use(run: Run, provider: Provider, new: Resource, inputs: Values) -> None:
    await run.registry.configure(f"{new.urn}::{new.id}", provider, public(inputs))
    new.inputs = new.inputs.replaced(inputs)
    outputs = {key: make(value.value, value.is_secret) for key, value in public(inputs).items()}
    new.outputs = new.outputs.replaced(outputs)
