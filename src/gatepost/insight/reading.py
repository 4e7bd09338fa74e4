"""What an SQL text uses."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from gatepost.insight.tree import Node, WrongSQL, statements, words
from gatepost.insight.uses import ANY, Columns, Reading, Scope, Source
from gatepost.insight.walk import Walk

Form = Literal["statement", "routine", "expression", "type"]
_HEADS: dict[Form, tuple[str, str]] = {
    "statement": ("", ""),
    "routine": ("", ""),
    "expression": ("select (\n", "\n)"),
    "type": ("select (null::", ")"),
}


@lru_cache(maxsize=1 << 16)
def read(sql: str, form: Form = "statement", own: tuple[tuple[str, Source], ...] = ()) -> Reading:
    """Return what `sql` uses; the offsets count bytes of `sql`.

    :param own: what an expression can refer to: its table's columns, `old` and `new`.
    :raises WrongSQL: a syntax error, or something else than one expression or type.
    """
    head, _ = _HEADS[form]
    reading = Reading()
    walk = Walk(reading, -len(head))
    for statement in _parsed(sql, form):
        judged = form in ("expression", "type") or own or not _UNDERSTOOD.isdisjoint(statement)
        scope: Scope = dict(own) if judged else {ANY: None}
        walk.into(statement, (scope,), frozenset())
    return reading


def _parsed(sql: str, form: Form) -> list[Node]:
    head, tail = _HEADS[form]
    try:
        parsed = statements("".join((head, sql, tail)))
    except WrongSQL as error:
        raise WrongSQL(str(error), min(max(error.offset - len(head), 0), len(sql))) from None
    if form in ("expression", "type"):
        value = _only_value(parsed)
        if form == "type" and (value is None or "TypeCast" not in value):
            raise WrongSQL(f"expected the name of a type, got: {sql}", -1)
        if value is None or value.get("RowExpr", {}).get("row_format") == "COERCE_IMPLICIT_CAST":
            raise WrongSQL(f"expected one SQL expression, got: {sql}", -1)
    return parsed


def _only_value(parsed: list[Node]) -> Node:
    """Return the one value of the one query; None for anything else."""
    select = parsed[0].get("SelectStmt", {}) if len(parsed) == 1 else {}
    targets = select.get("targetList", ())
    if len(targets) != 1 or select.keys() - {"targetList", "limitOption", "op"}:
        return None
    target = targets[0]["ResTarget"]
    return None if "name" in target else target.get("val")


_UNDERSTOOD = frozenset(
    {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "ViewStmt", "CreateTableAsStmt"}
)


def results_of(sql: str) -> Columns | None:
    """Return the names of the columns of the view that `sql` makes; None where they are not certain."""
    node = statements(sql)[0].get("ViewStmt", {})
    select = node.get("query", {}).get("SelectStmt", {})
    while "larg" in select:
        select = select["larg"]
    aliases = words(node.get("aliases"))
    targets = [one["ResTarget"] for one in select.get("targetList", ())]
    names = [
        one.get("name") or (words(one["val"].get("ColumnRef", {}).get("fields")) or ["*"])[-1]
        for one in targets
    ]
    names[: len(aliases)] = aliases
    return None if "*" in names or not names else frozenset(names)
