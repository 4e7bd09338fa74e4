"""Conditions taken apart: what is left of one without each of its operands, and what it looks at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any


def without_operands(text: str) -> Iterator[tuple[str, str]]:
    """Yield, for each operand of each AND, OR and NOT in a condition, the operand and the rest without it.

    A NOT itself is taken for an operand, with `not` before what it negates.
    """
    if not text:
        return
    statement = _parsed(text)
    for node in _nodes(statement):
        if type(node).__name__ != "BoolExpr":
            continue
        operands = node.args
        if len(operands) == 1:
            yield from _affirmed(statement, node)
            continue
        for at, operand in enumerate(operands):
            node.args = (*operands[:at], *operands[at + 1 :])
            yield _text(operand), _rendered(statement)
        node.args = operands


def _affirmed(statement: Any, node: Any) -> Iterator[tuple[str, str]]:
    from pglast.enums import BoolExprType

    negated = node.boolop
    node.boolop = BoolExprType.AND_EXPR
    yield f"not {_text(node.args[0])}", _rendered(statement)
    node.boolop = negated


def columns_in(text: str, table: str, columns: Collection[str]) -> frozenset[str]:
    """Return the columns of a table that a condition on its rows looks at, as far as names tell."""
    schema, _, name = table.partition(".")
    found = set()
    for node in _nodes(_parsed(text)) if text else ():
        if type(node).__name__ != "ColumnRef":
            continue
        *relation, column = (getattr(field, "sval", "*") for field in node.fields)
        if column in columns and (relation in ([], [name], [schema, name])):
            found.add(column)
    return frozenset(found)


def _parsed(text: str) -> Any:
    from pglast import parse_sql

    return parse_sql(f"select {text}")[0].stmt


def _rendered(statement: Any) -> str:
    from pglast.stream import RawStream

    return str(RawStream()(statement)).removeprefix("SELECT ")


def conjuncts_of(text: str) -> frozenset[str]:
    """Return the operands that all have to hold for a condition to hold."""
    if not text:
        return frozenset()
    node = _parsed(text).targetList[0].val
    return frozenset(_conjuncts(node))


def _conjuncts(node: Any) -> Iterator[str]:
    from pglast.enums import BoolExprType

    if type(node).__name__ == "BoolExpr" and node.boolop == BoolExprType.AND_EXPR:
        for one in node.args:
            yield from _conjuncts(one)
    else:
        yield _text(node)


def shortened(text: str) -> str:
    """Return an operand in a length that reports have room for."""
    return text if len(text) <= 60 else f"{text[:59]}…"


def _text(node: Any) -> str:
    from pglast.stream import RawStream

    return " ".join(str(RawStream()(node)).split())


def _nodes(node: Any) -> Iterator[Any]:
    from pglast.ast import Node

    if isinstance(node, tuple):
        for one in node:
            yield from _nodes(one)
    elif isinstance(node, Node):
        yield node
        for name in node:
            yield from _nodes(getattr(node, name))
