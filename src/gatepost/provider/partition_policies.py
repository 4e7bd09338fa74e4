"""A table's policies hold for whoever reads a partition directly: each partition has them too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from gatepost.postgres.catalog import Facts
from gatepost.provider.insight import parse
from gatepost.provider.partitioned import partitions_of

if TYPE_CHECKING:
    from gatepost.provider.policy import PolicyInputs

P = TypeVar("P", bound="PolicyInputs")

_HEAD = "select (\n"
_NAME = re.compile(r'"(?:[^"]|"")+"|[^\s."]+')


def renamed(expression: str | None, table: str, partition: str) -> str | None:
    """Return an expression over `table` as it reads in a policy of its partition.

    `events.tenant = …` is `events_2026.tenant = …` there; a query inside may mean another by that name.
    """
    from pglast.stream import maybe_double_quote_name

    if expression is None:
        return None
    sql, name = f"{_HEAD}{expression}\n)", str(maybe_double_quote_name(partition))
    for start in sorted(set(_references(parse(sql, "policy"), table)), reverse=True):
        sql = sql[:start] + name + sql[start + _length(sql[start:]) :]
    return sql[len(_HEAD) : -2]


def in_partition(given: P, schema: str, name: str) -> P:
    """Return a table's policy as a partition of it has it."""
    using, check = (renamed(text, given.table, name) for text in (given.using, given.check))
    return given.model_copy(update={"db_schema": schema, "table": name, "using": using, "check": check})


def in_partitions(given: P, facts: Facts) -> list[P]:
    """Return a table's policy as each of its partitions has it; one without row security has none."""
    found = partitions_of(facts, given.db_schema, given.table)
    return [in_partition(given, one.schema, one.name) for one in found if not one.open]


def _references(node: Any, table: str) -> Iterator[int]:
    """Yield where the tree names `table` before a column of it."""
    from pglast import ast

    if isinstance(node, tuple | list):
        for item in node:
            yield from _references(item, table)
    elif isinstance(node, ast.ColumnRef):
        names = [getattr(field, "sval", "*") for field in node.fields or ()]
        if len(names) == 2 and names[0] == table:
            yield int(node.location or 0)
    elif isinstance(node, ast.Node):
        if isinstance(node, ast.SelectStmt) and table in _brought_in(node.fromClause):
            return
        for attribute in node:
            yield from _references(getattr(node, attribute), table)


def _brought_in(node: Any) -> set[str]:
    """Return the names under which a FROM clause brings relations into sight."""
    from pglast import ast

    if isinstance(node, tuple | list):
        return {name for item in node for name in _brought_in(item)}
    if isinstance(node, ast.JoinExpr):
        return _brought_in((node.larg, node.rarg))
    alias = getattr(node, "alias", None)
    return {str(alias.aliasname if alias else getattr(node, "relname", ""))}


def _length(text: str) -> int:
    """Return the length of the name that a text begins with."""
    found = _NAME.match(text)
    assert found is not None
    return found.end()
