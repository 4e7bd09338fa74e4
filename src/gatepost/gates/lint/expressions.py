"""What a policy's expression says: the columns that it compares, the functions that it calls a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import parse_sql
from pglast.ast import (
    A_Const,
    A_Expr,
    BoolExpr,
    ColumnRef,
    FuncCall,
    Node,
    SubLink,
    TypeCast,
)
from pglast.enums import A_Expr_Kind, BoolExprType


def parse(expression: str) -> Any:
    """Return the tree of a boolean SQL expression.

    :raises pglast.parser.ParseError: it is none.
    """
    statement: Any = parse_sql(f"select {expression}")[0].stmt
    return statement.targetList[0].val


def children(node: Any) -> Iterator[Any]:
    """Yield the nodes right below a node."""
    if isinstance(node, tuple):
        yield from node
        return
    if isinstance(node, Node):
        for name in node:
            value = getattr(node, name, None)
            if isinstance(value, Node | tuple):
                yield value


def calls_per_row(node: Any) -> Iterator[str]:
    """Yield the functions that run for every row: those of a schema of ours, outside `(select f())`.

    A subquery that reads a table calls what stands in it for every row of that one.

    PostgreSQL's own need no schema and cost next to nothing.
    """
    if isinstance(node, SubLink):
        yield from calls_per_row(node.testexpr)
        query: Any = node.subselect
        if query.fromClause:
            yield from calls_per_row((*(query.targetList or ()), query.whereClause))
        return
    if isinstance(node, FuncCall) and node.funcname:
        schema, *name = (part.sval for part in node.funcname)
        if name and schema != "pg_catalog":
            yield ".".join((schema, *name))
    for child in children(node):
        yield from calls_per_row(child)


def compared(node: Any) -> Iterator[set[str]]:
    """Yield, for each alternative of an expression, the columns that it compares with something found out.

    `a = f() and b = g() or c = h()` has the alternatives {a, b} and {c}. What is compared with a constant,
    `status = 'published'`, picks out no few rows: an index would not help.
    """
    parts: Any = node.args if isinstance(node, BoolExpr) else ()
    if parts and node.boolop == BoolExprType.OR_EXPR:
        for part in parts:
            yield from compared(part)
    elif parts and node.boolop == BoolExprType.AND_EXPR:
        merged: list[set[str]] = [set()]
        for part in parts:
            merged = [one | other for one in merged for other in compared(part)]
        yield from merged
    else:
        yield _columns(node)


def _columns(node: Any) -> set[str]:
    if isinstance(node, A_Expr) and node.kind in (A_Expr_Kind.AEXPR_OP, A_Expr_Kind.AEXPR_OP_ANY):
        operator: Any = node.name
        equals = operator[0].sval == "="
        sides = (node.lexpr, node.rexpr)
        fixed = any(_is_constant(side) for side in sides)
        return {name for side in sides if equals and not fixed and (name := _column(side))}
    if isinstance(node, A_Expr) and node.kind == A_Expr_Kind.AEXPR_IN:
        return {name} if (name := _column(node.lexpr)) else set()
    if isinstance(node, SubLink) and node.testexpr is not None:
        return {name} if (name := _column(node.testexpr)) else set()
    return set()


def _is_constant(node: Any) -> bool:
    return _is_constant(node.arg) if isinstance(node, TypeCast) else isinstance(node, A_Const)


def _column(node: Any) -> str | None:
    if isinstance(node, TypeCast):
        return _column(node.arg)
    if isinstance(node, ColumnRef) and node.fields:
        last = node.fields[-1]
        return getattr(last, "sval", None)
    return None
