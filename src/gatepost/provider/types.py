"""What a change of a column's type costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gatepost.provider.insight import parse_type

_TEXTS = frozenset({"text", "varchar"})
_MEASURED = frozenset({"varbit", "timestamp", "timestamptz", "time", "timetz"})
"""Types whose values stay as they are when their limit grows."""
_NUMBERS = ("int2", "int4", "int8", "numeric")
"""Each holds the values of those before it."""


@dataclass(frozen=True)
class TypeName:
    """A type as PostgreSQL's grammar reads it: `int` and `integer` are the same."""

    name: str
    modifiers: tuple[int | None, ...] = ()
    dimensions: int = 0


@cache
def read_type(text: str) -> TypeName:
    """Return the parsed name of a type."""
    tree = parse_type(text, "type")
    name = ".".join(part.sval for part in tree.names if part.sval != "pg_catalog")
    values = (getattr(modifier, "val", None) for modifier in tree.typmods or ())
    modifiers = tuple(getattr(value, "ival", None) for value in values)
    return TypeName(name, modifiers, len(tree.arrayBounds or ()))


def same_type(old: str, new: str) -> bool:
    """Return whether the two texts name the same type."""
    return old == new or read_type(old) == read_type(new)


def only_widens(old: str, new: str) -> bool:
    """Return whether PostgreSQL changes only its catalog: no row is read or written."""
    before, after = read_type(old), read_type(new)
    if before.dimensions or after.dimensions:
        return False
    if before.name in _TEXTS and after.name in _TEXTS:
        return _at_least(before.modifiers[:1], after.modifiers[:1])
    if before.name == after.name == "numeric":
        return not after.modifiers or (
            _at_least(before.modifiers[:1], after.modifiers[:1])
            and before.modifiers[1:] == after.modifiers[1:]
        )
    if before.name == after.name and before.name in _MEASURED:
        return _at_least(before.modifiers[:1], after.modifiers[:1])
    return (before.name, after.name) == ("cidr", "inet")


def keeps_clients(old: str, new: str) -> bool:
    """Return whether whoever writes the old type can go on: the new one holds all its values."""
    before, after = read_type(old), read_type(new)
    if before == after or only_widens(old, new):
        return True
    if before.dimensions or after.dimensions or after.modifiers:
        return False
    names = (before.name, after.name)
    return all(name in _NUMBERS for name in names) and _NUMBERS.index(names[0]) < _NUMBERS.index(names[1])


def _at_least(old: tuple[int | None, ...], new: tuple[int | None, ...]) -> bool:
    """Whether the new limit holds all that the old one let in; no limit is the widest."""
    if not new:
        return True
    return bool(old) and old[0] is not None and new[0] is not None and new[0] >= old[0]
