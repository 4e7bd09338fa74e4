"""Whether one condition holds wherever another does, as far as their form alone can prove it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gatepost.provider.insight import parse_expression

Term = tuple[Any, ...]


def _operator(name: str) -> Term:
    return (("String", ("sval", name)),)


TRUE: Term = ("and", frozenset())
FALSE: Term = ("or", frozenset())
_OR_EQUAL = {_operator(one): _operator(f"{one}=") for one in "<>"}


def term(expression: str) -> Term:
    """Return an expression in a form in which spelling, order and parentheses make no difference."""
    return term_of(parse_expression(expression, "condition"))


def implies(left: Term, right: Term) -> bool:
    """Return whether `right` is proven to be at least as true as `left` (false < null < true)."""
    if left == right:
        return True
    if left[0] == "or":
        return all(implies(one, right) for one in left[1])
    if right[0] == "and":
        return all(implies(left, one) for one in right[1])
    if right[0] == "or" and any(implies(left, one) for one in right[1]):
        return True
    if left[0] == "and" and any(implies(one, right) for one in left[1]):
        return True
    if left[0] == right[0] == "not":
        return implies(right[1], left[1])
    if left[0] == right[0] == "some" and left[1] == right[1]:
        return implies(left[2], right[2])
    if left[0] == right[0] == "operator" and left[2:] == right[2:]:
        return bool(right[1] == _OR_EQUAL.get(left[1]))
    return False


def term_of(node: Any) -> Term:
    """Return the tree of an expression in that form."""
    from pglast import ast
    from pglast.enums import BoolExprType

    if isinstance(node, ast.BoolExpr):
        parts = [term_of(one) for one in node.args or ()]
        if node.boolop == BoolExprType.NOT_EXPR:
            return ("not", parts[0])
        return _joined("and" if node.boolop == BoolExprType.AND_EXPR else "or", parts)
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Boolean):
        return TRUE if node.val.boolval else FALSE
    if isinstance(node, ast.A_Expr):
        return _comparison(node)
    if isinstance(node, ast.SubLink):
        return _some(("sublink", plain(node.subLinkType), plain(node.testexpr)), node) or plain(node)
    return plain(node)


def _joined(word: str, parts: Iterable[Term]) -> Term:
    flat: set[Term] = set()
    for one in parts:
        flat |= one[1] if one[0] == word else {one}
    return next(iter(flat)) if len(flat) == 1 else (word, frozenset(flat))


def _comparison(node: Any) -> Term:
    """A list is so many comparisons; an array made by a query is some row of it; `=` has no direction."""
    from pglast import ast
    from pglast.enums import A_Expr_Kind

    operator, left = plain(node.name), plain(node.lexpr)
    if node.kind == A_Expr_Kind.AEXPR_IN:
        each = [_compared(operator, left, plain(one)) for one in node.rexpr]
        return _joined("or" if node.name[-1].sval == "=" else "and", each)
    if node.kind == A_Expr_Kind.AEXPR_OP_ANY and isinstance(node.rexpr, ast.SubLink):
        return _some(("any", operator, left), node.rexpr) or plain(node)
    if node.kind == A_Expr_Kind.AEXPR_OP:
        return _compared(operator, left, plain(node.rexpr))
    return plain(node)


def _compared(operator: Term, left: Term, right: Term) -> Term:
    if operator[-1] == ("String", ("sval", "=")):
        return ("=", frozenset({left, right}))
    return ("operator", operator, left, right)


def _some(how: Term, link: Any) -> Term | None:
    """Return `exists`, `in` or `any` of a simple query: the fewer rows it has, the less it holds."""
    from pglast.enums import SubLinkType

    query = link.subselect
    if link.subLinkType not in (
        SubLinkType.EXISTS_SUBLINK,
        SubLinkType.ANY_SUBLINK,
        SubLinkType.ARRAY_SUBLINK,
    ):
        return None
    if query.fromClause is None or not _is_simple(query):
        return None
    held = TRUE if query.whereClause is None else term_of(query.whereClause)
    return ("some", (*how, plain(query, "whereClause")), held)


def _is_simple(query: Any) -> bool:
    from pglast import ast

    clauses = ("groupClause", "havingClause", "limitCount", "limitOffset", "windowClause", "distinctClause")
    if any(getattr(query, name) is not None for name in clauses):
        return False
    return all(isinstance(one.val, (ast.ColumnRef, ast.A_Const)) for one in query.targetList or ())


def plain(node: Any, *but: str) -> Term:
    """Return a tree as plain data, without the places in its text and the properties `but`."""
    from pglast import ast

    if isinstance(node, ast.Node):
        names = [name for name in node if not name.endswith("location") and name not in but]
        parts = ((name, plain(getattr(node, name))) for name in names)
        return (type(node).__name__, *(part for part in parts if part[1] != ("nothing",)))
    if isinstance(node, tuple):
        return tuple(plain(one) for one in node)
    if node is None:
        return ("nothing",)
    if isinstance(node, (bool, int, str, float)):
        return (node,) if not isinstance(node, str) else node  # type: ignore[return-value]
    return (str(node),)
