"""What a partition key and a partition's bounds say, read by PostgreSQL's own grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from gatepost.errors import InvalidDeclaration
from gatepost.provider.insight import parse

Strategy = Literal["range", "list", "hash"]
_STRATEGIES: dict[str, Strategy] = {"r": "range", "l": "list", "h": "hash"}
_OPEN = ("minvalue", "maxvalue")
_MIDNIGHT = re.compile(r" 00:00:00(\+00)?'")


@dataclass(frozen=True)
class PartitionKey:
    """How rows are divided: by which strategy, over which columns and expressions."""

    strategy: Strategy
    elements: tuple[str, ...]
    """Each element as SQL."""
    columns: tuple[str, ...]
    """The names of those that are columns."""


@dataclass(frozen=True)
class Bounds:
    """Which rows a partition takes; every value as SQL."""

    strategy: Strategy | None
    """None for the default partition, which takes the rest."""
    lower: tuple[str, ...] = ()
    upper: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    modulus: int = 0
    remainder: int = 0

    def same(self, other: Bounds) -> bool:
        """Return whether both say the same, a midnight written out or not."""
        return _MIDNIGHT.sub("'", repr(self)) == _MIDNIGHT.sub("'", repr(other))

    def inside(self, key: PartitionKey) -> str | None:
        """Return the condition that a row belongs here, in the form that PostgreSQL recognizes.

        None where it is not that simple: then PostgreSQL reads the rows itself.
        """
        if len(key.elements) != 1 or self.strategy not in ("range", "list"):
            return None
        (element,) = key.elements
        if self.strategy == "list":
            held, null = self._listed(element, "= any")
            return " or ".join((*held, f"{element} is null")) if null else "".join(held)
        return " and ".join((f"{element} is not null", *self._limits(element, ">=", "<")))

    def outside(self, key: PartitionKey) -> str | None:
        """Return the opposite of `inside`, that a row of the default partition may stay there."""
        if len(key.elements) != 1 or self.strategy not in ("range", "list"):
            return None
        (element,) = key.elements
        if self.strategy == "list":
            held, null = self._listed(element, "<> all")
            found = " and ".join(held) or "true"
            return f"{element} is not null and {found}" if null else f"{element} is null or {found}"
        return " or ".join((f"{element} is null", *self._limits(element, "<", ">=")))

    def _limits(self, element: str, low: str, high: str) -> tuple[str, ...]:
        limits = ((low, self.lower[0]), (high, self.upper[0]))
        return tuple(f"{element} {sign} {value}" for sign, value in limits if value.lower() not in _OPEN)

    def _listed(self, element: str, comparison: str) -> tuple[tuple[str, ...], bool]:
        given = [value for value in self.values if value.lower() != "null"]
        held = (f"{element} {comparison} (array[{', '.join(given)}])",) if given else ()
        return held, len(given) < len(self.values)


@cache
def read_key(sql: str, where: str) -> PartitionKey:
    """Return what follows `partition by`.

    :raises InvalidDeclaration: it is no partition key.
    """
    statement = _one(f"create table t () partition by {sql}\n", where)
    spec = getattr(statement, "partspec", None)
    if spec is None or statement.options or statement.tablespacename or statement.accessMethod:
        raise InvalidDeclaration(f'{where}: expected "range (…)", "list (…)" or "hash (…)", got: {sql}')
    elements = tuple(f"({_written(one.expr)})" if one.expr else _quoted(one.name) for one in spec.partParams)
    columns = tuple(str(one.name) for one in spec.partParams if one.name)
    return PartitionKey(_STRATEGIES[_letter(spec.strategy)], elements, columns)


@cache
def read_bounds(sql: str, where: str) -> Bounds:
    """Return what follows `for values`, or `default`.

    :raises InvalidDeclaration: these are no bounds.
    """
    statement = _one(f"create table t partition of p {bounds_clause(sql)}\n", where)
    spec = getattr(statement, "partbound", None)
    if spec is None or statement.partspec or statement.options or statement.tablespacename:
        raise InvalidDeclaration(f"{where}: expected the bounds of a partition, got: {sql}")
    if spec.is_default:
        return Bounds(None)
    return Bounds(
        _STRATEGIES[_letter(spec.strategy)],
        tuple(_written(one) for one in spec.lowerdatums or ()),
        tuple(_written(one) for one in spec.upperdatums or ()),
        tuple(_written(one) for one in spec.listdatums or ()),
        spec.modulus or 0,
        spec.remainder or 0,
    )


def bounds_clause(bounds: str) -> str:
    """Return the bounds of a partition as a statement has them."""
    return "default" if bounds.strip().lower() == "default" else f"for values {bounds}"


def _one(sql: str, where: str) -> Any:
    statements = parse(sql, where)
    if len(statements) != 1:
        raise InvalidDeclaration(f"{where}: expected one clause, got more than one statement")
    return statements[0]


def _written(node: Any) -> str:
    from pglast.stream import RawStream

    return str(RawStream()(node))


def _quoted(name: str) -> str:
    from pglast.stream import maybe_double_quote_name

    return str(maybe_double_quote_name(name))


def _letter(strategy: Any) -> str:
    return str(getattr(strategy, "value", strategy))
