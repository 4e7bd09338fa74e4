"""The properties of a resource: its inputs among its outputs, its outputs, what differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import DiffRequest, DiffResponse, PropertyDiff, PropertyDiffKind

from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.refusal import field_names
from gatepost.provider.values import has_secret, has_unknown, plain_map, wire

Properties = Mapping[str, PropertyValue]


def inputs_of(kind: Kind[Any], properties: Properties) -> dict[str, Any]:
    """Return the inputs among a resource's outputs."""
    names = field_names(kind.inputs)
    given = plain_map({name: value for name, value in properties.items() if name in names})
    return {name: value for name, value in given.items() if value is not None}


def declared_by(kind: Kind[Any], properties: Properties) -> Inputs:
    """Return the declaration that a resource's outputs come from."""
    declared: Inputs = kind.inputs.model_validate(inputs_of(kind, properties))
    return declared


def outputs(
    kind: Kind[Any], inputs: Inputs, given: Properties, definition: PropertyValue, secret: bool | None = None
) -> dict[str, PropertyValue]:
    """Return inputs, what follows from them, and the canonical definition, secret where an input is.

    :param secret: whether one is, where that is known.
    """
    extra = wire_map(kind.extra_outputs(inputs))
    secret = has_secret(given) if secret is None else secret
    return {**given, **extra, "definition": definition.with_secret(True) if secret else definition}


def wire_map(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Return plain values as an engine takes them."""
    return {name: wire(value) for name, value in values.items()}


def difference(kind: Kind[Any], request: DiffRequest) -> DiffResponse:
    """Compare inputs with inputs, as far as they are known."""
    old, new = inputs_of(kind, request.old_state), plain_map(request.new_inputs)
    compare = Kind.differences if has_unknown(new) else type(kind).differences
    changed = [name for name in compare(kind, old, new) if name not in request.ignore_changes]
    replaces = []
    if changed and not has_unknown(new):
        replaces = kind.replaces(kind.inputs.model_validate(old), kind.inputs.model_validate(new))
    return DiffResponse(
        changes=bool(changed),
        replaces=replaces,
        diffs=changed,
        detailed_diff={name: _property(name, old, new, replaces) for name in changed},
    )


def _property(name: str, old: Mapping[str, Any], new: Mapping[str, Any], replaces: list[str]) -> PropertyDiff:
    change = "ADD" if name not in old else "DELETE" if name not in new else "UPDATE"
    return PropertyDiff(PropertyDiffKind[change + ("_REPLACE" if name in replaces else "")], True)
