"""What a statement makes the server understand, as a query that may be planned without making anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gatepost.provider.insight import parse_expression, sql_of
from gatepost.provider.sqltext import ident, joined, part, raw, text


def question(tree: Any) -> str | None:
    """Return a query with the expressions of a `create` or `alter` statement; None for others.

    The server plans it if, and as far as this can be told without making it only if, it takes the statement.
    """
    match type(tree).__name__:
        case "ViewStmt" | "CreateTableAsStmt":
            return sql_of(tree.query)
        case "CreatePolicyStmt":
            return _over(sql_of(tree.table), conditions=(tree.qual, tree.with_check))
        case "IndexStmt":
            values = (one.expr for one in tree.indexParams)
            return _over(sql_of(tree.relation), values, (tree.whereClause,))
        case "CreateTrigStmt":
            row = sql_of(tree.relation)
            return _over(f"{row} as new cross join {row} as old", conditions=(tree.whenClause,))
        case "CreateStatsStmt":
            return _over(sql_of(tree.relations[0]), (one.expr for one in tree.exprs))
        case "AlterTableStmt":
            return _of_table(tree.relation, tree.cmds[0])
        case "AlterDomainStmt":
            type_ = ident(*(one.sval for one in tree.typeName))
            row = text("(select null::{t} as value) as d", t=type_)
            return _over(row, (getattr(tree.def_, "raw_expr", tree.def_),))
        case "CreateFunctionStmt":
            return _of_body(tree)
    return None


def _of_table(relation: Any, command: Any) -> str | None:
    """Return the query for a constraint, a generated column or a default."""
    from pglast import ast

    made, table = command.def_, sql_of(relation)
    if isinstance(made, ast.Constraint):
        values = (one[0].expr for one in made.exclusions or ())
        return _over(table, values, (made.raw_expr, made.where_clause))
    if isinstance(made, ast.ColumnDef):
        return _over(table, (one.raw_expr for one in made.constraints or () if one.raw_expr is not None))
    if command.name is None or made is None:
        return None
    return text("update {t} set {c} = {e}", t=raw(table), c=ident(command.name), e=raw(sql_of(made)))


def _of_body(function: Any) -> str | None:
    """Return the query for a body that is SQL with its names looked up, and for defaults."""
    from pglast import ast

    given = function.parameters or ()
    defaults = [one.defexpr for one in given if one.defexpr is not None]
    named = (
        part("null::{t} as {n}", t=raw(sql_of(one.argType)), n=ident(one.name)) for one in given if one.name
    )
    row = text("(select {n}) as {f}", n=joined(tuple(named)), f=ident(function.funcname[-1].sval))
    body = function.sql_body
    if isinstance(body, ast.ReturnStmt):
        return _over(row, (body.returnval, *defaults))
    queries = [one for group in body or () for one in group]
    if any(not isinstance(one, ast.SelectStmt) for one in queries):
        return None
    return _over(row, defaults, (parse_expression(f"exists ({sql_of(one)})", "body") for one in queries))


def _over(relation: str, values: Iterable[Any] = (), conditions: Iterable[Any] = ()) -> str:
    """Return the query that computes values and asks conditions of a relation's rows."""
    asked = [part("({e})", e=raw(sql_of(one))) for one in conditions if one is not None]
    asked += [part("({e}) is null", e=raw(sql_of(one))) for one in values if one is not None]
    return text("select from {r} where {a}", r=raw(relation), a=joined((raw("true"), *asked), " and "))
