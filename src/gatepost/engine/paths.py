"""Property paths, as `ignore_changes` and `replace_on_changes` name them: `a.b[0]`, `a["b"]`, `a[*]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pulumi.provider.experimental.property_value import PropertyValue

from gatepost.engine.values import Values, make
from gatepost.errors import UsageError

Path = tuple[str | int, ...]

_PART = re.compile(
    r"""\.?(?P<name>[^.\[\]"]+) | \[(?P<index>\d+|\*)\] | \["(?P<key>(?:[^"\\]|\\.)*)"\]""", re.X
)


def parse(text: str) -> Path:
    """Split a path into its keys and indexes; `*` stands for any.

    Raises `UsageError` if it is not a path.
    """
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        if found is None:
            raise UsageError(f"property path {text!r} cannot be read at character {position + 1}")
        index = found["index"]
        if index is not None:
            parts.append("*" if index == "*" else int(index))
        else:
            parts.append(found["name"] or re.sub(r"\\(.)", r"\1", found["key"] or ""))
        position = found.end()
    return tuple(parts)


def contains(outer: Path, inner: Path) -> bool:
    """Tell whether `inner` is `outer` or lies below it."""
    return len(outer) <= len(inner) and all(a in ("*", b) for a, b in zip(outer, inner, strict=False))


def covers(outers: Iterable[str], inner: str) -> bool:
    """Tell whether any of the paths `outers` contains the path `inner`."""
    try:
        parsed = parse(inner)
    except UsageError:
        parsed = (inner,)
    return any(contains(parse(outer), parsed) for outer in outers)


def reset(olds: Mapping[str, PropertyValue], news: Values, paths: Iterable[str]) -> Values:
    """Return `news` with what the paths name set back to its value in `olds`."""
    result = make(MappingProxyType(dict(news)))
    old = make(MappingProxyType(dict(olds)))
    for text in paths:
        result = _reset(old, result, parse(text))
    assert isinstance(result.value, Mapping)
    return dict(result.value)


def _reset(old: PropertyValue, new: PropertyValue, path: Path) -> PropertyValue:
    if not path:
        return old
    head, rest = path[0], path[1:]
    if isinstance(new.value, Mapping) and isinstance(old.value, Mapping):
        keys = old.value.keys() | new.value.keys() if head == "*" else {str(head)}
        fields = dict(new.value)
        for key in keys:
            _reset_key(old.value, fields, key, rest)
        return make(MappingProxyType(fields), new.is_secret, new.dependencies)
    if isinstance(new.value, tuple) and isinstance(old.value, tuple):
        return _reset_items(old, new, head, rest)
    return new


def _reset_key(olds: Mapping[str, PropertyValue], fields: Values, key: str, rest: Path) -> None:
    if key in olds and key in fields:
        fields[key] = _reset(olds[key], fields[key], rest)
    elif not rest and key in olds:
        fields[key] = olds[key]
    elif not rest:
        fields.pop(key, None)


def _reset_items(old: PropertyValue, new: PropertyValue, head: str | int, rest: Path) -> PropertyValue:
    assert isinstance(new.value, tuple)
    assert isinstance(old.value, tuple)
    items = [
        _reset(old.value[at], item, rest) if head in ("*", at) and at < len(old.value) else item
        for at, item in enumerate(new.value)
    ]
    return make(tuple(items), new.is_secret, new.dependencies)
