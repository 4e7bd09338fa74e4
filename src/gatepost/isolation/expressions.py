"""Conditions taken apart: what is left of one without each of its operands, and what it looks at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any


def without_operands(text: str) -> Iterator[tuple[str, str]]:
    """Yield, for each operand of each AND, OR and NOT in a condition, the operand and the rest without it."""
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
            yield _short(operand), _rendered(statement)
        node.args = operands


def _affirmed(statement: Any, node: Any) -> Iterator[tuple[str, str]]:
    from pglast.enums import BoolExprType

    negated = node.boolop
    node.boolop = BoolExprType.AND_EXPR
    yield f"not {_short(node.args[0])}", _rendered(statement)
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


def _short(node: Any) -> str:
    from pglast.stream import RawStream

    text = " ".join(str(RawStream()(node)).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _nodes(node: Any) -> Iterator[Any]:
    from pglast.ast import Node

    if isinstance(node, tuple):
        for one in node:
            yield from _nodes(one)
    elif isinstance(node, Node):
        yield node
        for name in node:
            yield from _nodes(getattr(node, name))
