"""Pulumi's property values as plain data and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi writes a value that is known only after the deployment."""


def plain(value: PropertyValue) -> Any:
    """Return the value without its secretness and dependencies."""
    inner = value.value
    if isinstance(inner, str | bool | float) or inner is None:
        return inner
    if isinstance(inner, Mapping):
        return plain_map(inner)
    if isinstance(inner, tuple):
        return [plain(item) for item in inner]
    return UNKNOWN


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """Return a property map as plain data."""
    return {name: plain(value) for name, value in values.items()}


def has_secret(values: Mapping[str, PropertyValue]) -> bool:
    """Return whether any of the values is secret or holds one that is."""
    return any(value.contains_secret() for value in values.values())


def wire(value: Any) -> PropertyValue:
    """Return plain data as a property value."""
    if isinstance(value, dict):
        return PropertyValue({name: wire(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([wire(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def has_unknown(value: Any) -> bool:
    """Return whether plain data contains a value that is not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return bool(value == UNKNOWN)
