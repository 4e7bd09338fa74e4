"""The calls to a provider, with its answers brought into one form."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    PropertyDiffKind,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
)

from gatepost.engine import paths
from gatepost.engine.registry import Configured
from gatepost.engine.resource import Resource
from gatepost.engine.values import UNKNOWN, Values, changed_keys, make
from gatepost.errors import GatepostError, InvalidDeclaration

_REPLACING = (PropertyDiffKind.ADD_REPLACE, PropertyDiffKind.DELETE_REPLACE, PropertyDiffKind.UPDATE_REPLACE)


@dataclass(slots=True)
class Difference:
    """What differs between a resource and its declaration; `paths` are the changed properties."""

    changed: bool = False
    replace: bool = False
    delete_before_replace: bool = False
    paths: list[str] = field(default_factory=list)


async def check(configured: Configured, urn: str, olds: Values, news: Values) -> Values:
    """Have the provider validate inputs and fill in defaults.

    Raises `InvalidDeclaration` naming each property that is wrong.
    """
    if not configured.known:
        return news
    request = CheckRequest(urn, olds, news, secrets.token_bytes(32))
    response = await configured.provider.check(request)
    return checked(response.inputs, response.failures)


def checked(inputs: Values | None, failures: Iterable[CheckFailure] | None) -> Values:
    """Return checked inputs, or raise `InvalidDeclaration`."""
    found = list(failures or ())
    if found:
        raise InvalidDeclaration(
            "\n".join(f"{f.property}: {f.reason}" if f.property else f.reason for f in found)
        )
    return dict(inputs or {})


async def diff(configured: Configured, old: Resource, news: Values, ignore_changes: list[str]) -> Difference:
    """Ask the provider what differs; where it does not know, compare the inputs."""
    response = DiffResponse()
    if configured.known:
        request = DiffRequest(old.urn, old.id, old.outputs.values, news, ignore_changes)
        response = await configured.provider.diff(request)
    olds = old.inputs.values
    return difference(response, changed_keys(olds, paths.reset(olds, news, ignore_changes)))


def difference(response: DiffResponse, changed_inputs: list[str]) -> Difference:
    """Bring a provider's answer into one form; `changed_inputs` stands in where it gave none."""
    detailed = response.detailed_diff
    replacing = [path for path, change in detailed.items() if change.kind in _REPLACING]
    if response.changes is None:
        replace = bool(response.replaces or replacing)
        return Difference(
            bool(changed_inputs) or replace, replace, response.delete_before_replace, changed_inputs
        )
    if not response.changes:
        return Difference()
    shown = sorted({*detailed, *response.diffs, *response.replaces}) or changed_inputs
    return Difference(True, bool(response.replaces or replacing), response.delete_before_replace, shown)


def announce(configured: Configured, urn: str) -> None:
    """Tell a provider that wants to know it that it is about to be asked to create something."""
    expect = getattr(configured.provider, "expect", None)
    if expect is not None:
        expect(urn)


async def create(configured: Configured, new: Resource, *, preview: bool) -> tuple[str, Values]:
    """Create a resource; return its id and outputs. In a preview the id may be empty: not known yet."""
    inputs = new.inputs.values
    if preview and not (configured.known and configured.supports_preview):
        return "", inputs
    request = CreateRequest(new.urn, inputs, new.custom_timeouts.get("create", 0.0), preview)
    response = await configured.provider.create(request)
    if not response.resource_id and not preview:
        raise GatepostError("the provider gave no id to what it created: this is an error of the provider")
    identity = "" if response.resource_id == UNKNOWN else response.resource_id or ""
    return identity, _secretive(new, response.properties)


async def update(configured: Configured, old: Resource, new: Resource, *, preview: bool) -> Values:
    """Change a resource in place; return its outputs."""
    inputs = new.inputs.values
    if preview and not (configured.known and configured.supports_preview):
        return inputs
    request = UpdateRequest(
        new.urn,
        old.id,
        old.outputs.values,
        inputs,
        new.custom_timeouts.get("update", 0.0),
        new.ignore_changes,
        preview,
    )
    response = await configured.provider.update(request)
    return _secretive(new, response.properties)


def delete_request(old: Resource) -> DeleteRequest:
    """Return the request that deletes a resource."""
    return DeleteRequest(old.urn, old.id, old.outputs.values, old.custom_timeouts.get("delete", 0.0))


async def read(
    configured: Configured, urn: str, identity: str, outputs: Values, inputs: Values
) -> ReadResponse:
    """Read a resource as it is now; without an id in the answer it does not exist."""
    response: ReadResponse = await configured.provider.read(ReadRequest(urn, identity, outputs, inputs))
    return response


async def take_over(configured: Configured, old: Resource) -> None:
    """Take a resource, of which an update was cut short that is wanted no more, as it is now.

    What the update did shows as a difference to the declaration, which is mended as any other.
    """
    if not configured.known:
        return
    found = await read(configured, old.urn, old.id, old.outputs.values, old.inputs.values)
    if found.resource_id:
        old.outputs = old.outputs.replaced(read_outputs(old, found.properties))


def read_outputs(resource: Resource, outputs: Values) -> Values:
    """Return outputs that were read, with everything secret that must be."""
    return _secretive(resource, outputs)


def _secretive(resource: Resource, outputs: Values) -> Values:
    """Mark outputs secret that were declared so, or whose input of the same name is."""
    inputs = resource.inputs.values
    result = dict(outputs)
    for key, value in outputs.items():
        declared = key in resource.additional_secret_outputs
        if not value.is_secret and (declared or (key in inputs and inputs[key].is_secret)):
            result[key] = make(value.value, True, value.dependencies)
    return result
