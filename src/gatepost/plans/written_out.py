"""What row security costs: a query under its policies beside the same with their conditions written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from gatepost.plans.draws import Drawn
from gatepost.plans.explained import Explainer
from gatepost.plans.shape import Rows
from gatepost.provider.sqltext import ident, raw, text
from gatepost.queries import Query

_PLACEHOLDER = re.compile(r"(?<!%)%\((?P<name>[a-z_][a-z0-9_]*)\)s")
_POLICIES = """
    select
        p.schemaname || '.' || p.tablename as "table",
        string_agg('(' || p.qual || ')', ' or ') filter (where p.permissive = 'PERMISSIVE') as permissive,
        string_agg('(' || p.qual || ')', ' and ') filter (where p.permissive = 'RESTRICTIVE') as restrictive
    from pg_policies as p
    where p.cmd in ('SELECT', 'ALL') and p.roles && array[%(role)s, 'public']::name[]
    group by 1
"""
_OPAQUE = """
    select n.nspname || '.' || c.relname as name
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm')
"""


@dataclass(frozen=True)
class Cost:
    """Time on the server, in milliseconds, of the middle of paired executions."""

    with_policies: float
    written_out: float

    @property
    def times(self) -> float:
        """How many times longer it takes with policies."""
        return self.with_policies / self.written_out if self.written_out else 1.0


def written_out(query: Query, connection: Rows) -> Query | None:
    """Return the query with its policies as conditions; None where a view, function or lock hides tables.

    What is written keeps no condition: without policies nothing is checked.
    """
    from pglast import parse_sql
    from pglast.stream import RawStream

    policies = {row["table"]: _condition(row) for row in connection.execute(_POLICIES, {"role": query.role})}
    opaque = {row["name"] for row in connection.execute(_OPAQUE)}
    places = {one.name: f"${number}" for number, one in enumerate(query.parameters, 1)}
    numbered = _PLACEHOLDER.sub(lambda found: places[found["name"]], query.sql).replace("%%", "%")
    tree: Any = parse_sql(numbered)[0].stmt
    writer = _Writer(policies, opaque)
    writer.write(tree)
    if writer.hidden:
        return None
    written = RawStream()(tree).replace("%", "%%")
    for name, place in reversed(list(places.items())):
        written = re.sub(re.escape(place) + r"(?!\d)", f"%({name})s", written)
    return replace(query, sql=written)


def measure(query: Query, other: Query, drawn: Drawn, explainer: Explainer, pairs: int = 15) -> Cost:
    """Execute both by turns, under the generic plan."""
    own, without = [], []
    for _ in range(pairs):
        own.append(explainer.explain(query, drawn, "generic").milliseconds)
        without.append(explainer.explain(other, drawn, "generic", role="postgres").milliseconds)
    return Cost(median(own), median(without))


def _condition(row: Mapping[str, Any]) -> str:
    parts = [f"({part})" for part in (row["permissive"], row["restrictive"]) if part]
    return " and ".join(parts) or "false"


@dataclass
class _Writer:
    """Puts `(select … where <policy>)` in the place of each table that is read."""

    policies: Mapping[str, str]
    opaque: set[str]
    within: frozenset[str] = frozenset()
    """The tables whose policies are being written."""
    hidden: bool = False

    def write(self, node: Any, parent: Any = None) -> Any:
        """Return what stands in a node's place; its children are replaced in it."""
        from pglast import ast

        if isinstance(node, tuple):
            return tuple(self.write(one, parent) for one in node)
        if isinstance(node, ast.RangeVar):
            return self._table(node, parent)
        if isinstance(node, ast.Node):
            self.hidden |= isinstance(node, ast.LockingClause) or _calls_ours(node)
            for name in type(node).__slots__:  # type: ignore[attr-defined]
                value = getattr(node, name)
                if isinstance(value, ast.Node | tuple):
                    setattr(node, name, self.write(value, node))
        return node

    def _table(self, node: Any, parent: Any) -> Any:
        from pglast import ast, parse_sql

        name = f"{node.schemaname or 'public'}.{node.relname}"
        self.hidden |= name in self.opaque
        condition = self.policies.get(name)
        written = (
            isinstance(parent, ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt) and node is parent.relation
        )
        if condition is None or condition == "((true))" or written:
            return node
        table = ident(node.schemaname or "public", node.relname)
        inner: Any = parse_sql(text("select * from {t} where {c}", t=table, c=raw(condition)))[0].stmt
        if name not in self.within:
            # The tables that a policy asks have policies of their own.
            again = replace(self, within=self.within | {name})
            inner.whereClause = again.write(inner.whereClause, inner)
            self.hidden |= again.hidden
        alias = node.alias or ast.Alias(aliasname=node.relname)
        return ast.RangeSubselect(lateral=False, subquery=inner, alias=alias)


def _calls_ours(node: Any) -> bool:
    """Return whether rows come from a function of ours, whose tables are not seen here."""
    from pglast import ast

    if not isinstance(node, ast.RangeFunction):
        return False
    functions: Any = node.functions
    names = [part.sval for part in getattr(functions[0][0], "funcname", None) or ()]
    return len(names) > 1 and names[0] != "pg_catalog"
