"""Values on Pulumi's wire and their plain Python counterparts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that a preview cannot know yet."""

Properties = dict[str, PropertyValue]
Plain = dict[str, Any]


def plain(value: PropertyValue) -> Any:
    """Return the value without secrets and dependencies; integral numbers become `int`."""
    content = value.value
    if isinstance(content, Computed):
        return UNKNOWN
    if isinstance(content, float) and content.is_integer():
        return int(content)
    if isinstance(content, Mapping):
        return {key: plain(item) for key, item in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [plain(item) for item in content]
    return content


def plain_map(values: Mapping[str, PropertyValue]) -> Plain:
    """Return the plain values, without nulls and without Pulumi's own keys (`__defaults`, `id`, …)."""
    return {
        key: content
        for key, value in values.items()
        if not key.startswith("__") and key != "id" and (content := plain(value)) is not None
    }


def wire(value: Any, *, secret: bool = False) -> PropertyValue:
    """Return the value as Pulumi's wire wants it: numbers as floats, containers of `PropertyValue`."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    elif isinstance(value, Mapping):
        value = {key: wire(item) for key, item in value.items()}
    elif isinstance(value, Iterable) and not isinstance(value, str):
        value = [wire(item) for item in value]
    return PropertyValue(value, is_secret=secret)


def is_unknown(value: Any) -> bool:
    """Tell whether a plain value, or anything inside it, is not known yet."""
    if isinstance(value, Mapping):
        return any(is_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(is_unknown(item) for item in value)
    return bool(value == UNKNOWN)


def is_secret(value: PropertyValue | None) -> bool:
    """Tell whether the value, or anything inside it, is a secret."""
    return value is not None and value.contains_secret()
