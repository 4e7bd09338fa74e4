"""What a change of a column's type costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gatepost.provider.insight import parse_type

_TEXTS = frozenset({"text", "varchar"})
_TIMES = frozenset({"timestamp", "timestamptz", "time", "timetz"})
_FULL_PRECISION = 6
"""The digits of a second that a time has without a limit."""
_FIELDS = (12, 11, 10, 3, 1, 2)
"""The bits of an interval's fields in its first modifier: second, minute, hour, day, month, year."""
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


def one_spelling(text: object) -> object:
    """Return what is equal for two texts that name the same type; one that is not understood stays."""
    if not isinstance(text, str):
        return text
    read = read_type(text)
    return text if None in read.modifiers else read


_SERIALS = frozenset({"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"})


def is_serial(text: str) -> bool:
    """Return whether a column of this type brings a sequence along."""
    return text.lower() in _SERIALS


def only_widens(old: str, new: str) -> bool:
    """Return whether PostgreSQL changes only its catalog: no row is read or written."""
    before, after = read_type(old), read_type(new)
    if before.dimensions or after.dimensions:
        return False
    if before.name in _TEXTS and after.name in _TEXTS:
        return _at_least(before.modifiers[:1], after.modifiers[:1])
    if before.name == after.name == "numeric":
        scales = [(*one.modifiers, 0)[1] if one.modifiers else None for one in (before, after)]
        return not after.modifiers or (
            _at_least(before.modifiers[:1], after.modifiers[:1]) and scales[0] == scales[1]
        )
    if before.name == after.name == "interval":
        return _keeps_fields(before.modifiers, after.modifiers)
    if before.name == after.name and before.name in _TIMES:
        return _as_precise(before.modifiers, after.modifiers)
    if before.name == after.name == "varbit":
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


_FAMILIES = (frozenset({"text", "varchar", "bpchar"}), frozenset({"bit", "varbit"}))
_ROUNDED = frozenset({"numeric", "float4", "float8"})
_WHOLE = frozenset({"int2", "int4", "int8"})
_EXACT = {"float4": {"int2"}, "float8": {"int2", "int4", "float4"}}
"""Which numbers a floating-point type holds without rounding them."""
_MOMENTS = frozenset({"timestamp", "timestamptz", "date", "time", "timetz", "interval"})


def is_assigned(old: str, new: str) -> bool:
    """Return whether an assignment converts one into the other, and refuses what a cast would cut off."""
    names = {read_type(old).name, read_type(new).name}
    return any(names <= family for family in _FAMILIES)


def loses(old: str, new: str) -> bool:
    """Return whether a conversion rounds or cuts off values without an error."""
    before, after = read_type(old), read_type(new)
    if only_widens(old, new) or is_assigned(old, new):
        return False
    if after.name in ("name", "char"):
        return True
    if before.name in _ROUNDED | _WHOLE and after.name in _ROUNDED | _WHOLE:
        return _rounds(before, after)
    if before.name in _MOMENTS and after.name in _MOMENTS:
        return _shortens(before, after)
    return False


def _rounds(before: TypeName, after: TypeName) -> bool:
    if after.name in _EXACT:
        return before.name != after.name and before.name not in _EXACT[after.name]
    if after.name in _WHOLE:
        return before.name in _ROUNDED
    if before.name != "numeric" or not after.modifiers:
        return before.name in ("float4", "float8")
    scales = [(*one.modifiers, 0)[1] if one.modifiers else None for one in (before, after)]
    return scales[0] is None or scales[1] is None or scales[1] < scales[0]


def _shortens(before: TypeName, after: TypeName) -> bool:
    """A date has no time, a time no date; and fewer digits, or fields of an interval, are fewer."""
    days = {"timestamp", "timestamptz"}
    if before.name == after.name == "interval":
        return True
    if before.name == "date" or {before.name, after.name} <= days or before.name == after.name:
        return not _at_least(before.modifiers[:1] or (6,), after.modifiers[:1] or (6,))
    return True


def _keeps_fields(before: tuple[int | None, ...], after: tuple[int | None, ...]) -> bool:
    """Whether an interval keeps its smallest field, and of seconds all digits."""
    old, new = (_smallest(one) for one in (before, after))
    return new <= old and (old > 0 or _as_precise(before[1:], after[1:]))


def _smallest(modifiers: tuple[int | None, ...]) -> int:
    """Return the place in `_FIELDS` of the smallest field."""
    fields = modifiers[0] if modifiers and modifiers[0] is not None else -1
    return next(at for at, bit in enumerate(_FIELDS) if fields >> bit & 1)


def _as_precise(old: tuple[int | None, ...], new: tuple[int | None, ...]) -> bool:
    return (bool(new) and new[0] is not None and new[0] >= _FULL_PRECISION) or _at_least(old, new)


def _at_least(old: tuple[int | None, ...], new: tuple[int | None, ...]) -> bool:
    """Whether the new limit holds all that the old one let in; no limit is the widest."""
    if not new:
        return True
    return bool(old) and old[0] is not None and new[0] is not None and new[0] >= old[0]
