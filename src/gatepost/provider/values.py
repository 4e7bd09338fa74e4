"""Pulumi's property values as plain data and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi writes a value that is known only after the deployment."""


_MAPPINGS = (MappingProxyType, dict, Mapping)
"""The first of them is what there nearly always is, and told at once."""


def plain(value: PropertyValue) -> Any:
    """Return the value without its secretness and dependencies."""
    inner = value.value
    if isinstance(inner, str | bool | float) or inner is None:
        return inner
    if isinstance(inner, _MAPPINGS):
        return plain_map(inner)
    if isinstance(inner, tuple):
        return [plain(item) for item in inner]
    return UNKNOWN


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """Return a property map as plain data."""
    return {name: plain(value) for name, value in values.items()}


def has_secret(values: Mapping[str, PropertyValue]) -> bool:
    """Return whether any of the values is secret or holds one that is."""
    return any(map(_is_secret, values.values()))


def _is_secret(value: PropertyValue) -> bool:
    inner = value.value
    if value.is_secret or isinstance(inner, str | float) or inner is None:
        return value.is_secret
    if isinstance(inner, tuple):
        return any(map(_is_secret, inner))
    return has_secret(inner) if isinstance(inner, _MAPPINGS) else value.contains_secret()


def wire(value: Any) -> PropertyValue:
    """Return plain data as a property value."""
    made = object.__new__(PropertyValue)  # its constructor checks and copies every level again
    made.__dict__.update(value=_inner(value), is_secret=False, dependencies=frozenset())
    return made


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({name: wire(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(wire(item) for item in value)
    return float(value) if type(value) is int else value


def has_unknown(value: Any) -> bool:
    """Return whether plain data contains a value that is not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return bool(value == UNKNOWN)
