"""Checks and policies over a column of another type: PostgreSQL keeps them without the casts they had.

`length(amount::text)` is stored as `length(amount)` while `amount` is text. What the new type does not
understand is made again with the former type's cast in it, which is what it said and goes on saying.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from gatepost.errors import StillUsed
from gatepost.postgres.plan import Plan
from gatepost.provider.carried import Carried, hanging
from gatepost.provider.column import ColumnInputs
from gatepost.provider.dependants import Dependant
from gatepost.provider.insight import parse, sql_of
from gatepost.provider.site import Site
from gatepost.provider.sqltext import ident, joined, part, raw, text


@dataclass(frozen=True)
class Recast:
    """Columns of a table that get other types.

    :param former: the columns as they are, by the names that they keep.
    :param columns: every column as it will be.
    """

    site: Site
    former: Mapping[str, ColumnInputs]
    columns: Mapping[str, ColumnInputs]

    def checks(self) -> tuple[Plan, Plan]:
        """Return what drops the checks that must be made again, and what makes them.

        :raises StillUsed: an index has an expression that the new type does not understand.
        """
        site, before, after = self.site, Plan(), Plan()
        for one in self._hanging():
            if one.kind == "index":
                self._refuse(one)
            elif one.kind == "c":
                tree = parse(f"alter table t add constraint k {one.definition}", one.name)[0]
                check = tree.cmds[0].def_
                if self._make_understood(check, "raw_expr"):
                    clause = part("check ({e})", e=raw(sql_of(check.raw_expr)))
                    later = raw("" if one.valid else " not valid")
                    before += Plan((site.alter("drop constraint {k}", k=ident(one.name)),))
                    added = site.alter(
                        "add constraint {k} {c}{later}", k=ident(one.name), c=clause, later=later
                    )
                    after += Plan((replace(added, redefines=True), *one.described()))
        return before, after

    def policy(self, one: Dependant) -> Dependant:
        """Return a policy as it is made again; anything else as it is."""
        if one.type != "policy" or one.place != self.site.before.label:
            return one
        tree = parse(one.made[0], one.name)[0]
        changed = [self._make_understood(tree, clause) for clause in ("qual", "with_check")]
        return replace(one, made=(sql_of(tree), *one.made[1:])) if any(changed) else one

    def _hanging(self) -> list[Carried]:
        site = self.site
        found = {
            one.name: one for name in self.former for one in hanging(site.facts, site.schema, site.name, name)
        }
        return [found[name] for name in sorted(found)]

    def _refuse(self, one: Carried) -> None:
        tree = parse(one.definition, one.name)[0]
        parts = [each.expr for each in tree.indexParams if each.expr is not None]
        for expression in (*parts, *([tree.whereClause] if tree.whereClause is not None else [])):
            if not self._understands(expression):
                raise StillUsed(
                    f"{self.site.label}: index {one.name} is over {sql_of(expression)}, which the new type of"
                    f" {', '.join(self.former)} does not understand: drop it in one release, change the type"
                    " and declare it again in the next"
                )

    def _make_understood(self, holder: Any, clause: str) -> bool:
        """Put casts into a clause where it needs them; return whether it did."""
        expression = getattr(holder, clause)
        if expression is None or self._understands(expression):
            return False
        setattr(holder, clause, self._with_casts(deepcopy(expression)))
        return True

    def _understands(self, expression: Any) -> bool:
        listed = (
            part("null::{t} as {c}", t=raw(one.type), c=ident(name)) for name, one in self.columns.items()
        )
        row = part("(select {l}) as {t}", l=joined(tuple(listed)), t=ident(self.site.name))
        asked = text("select 1 from {row} where ({e}) is not null", row=row, e=raw(sql_of(expression)))
        return self.site.facts.result_of(asked) is not None

    def _with_casts(self, node: Any) -> Any:
        """Return an expression with a cast round each of the columns, but for what subqueries name."""
        from pglast import ast

        if isinstance(node, tuple):
            return tuple(self._with_casts(one) for one in node)
        if isinstance(node, ast.SubLink) or not isinstance(node, ast.Node):
            return node
        if isinstance(node, ast.ColumnRef):
            column = self.former.get(getattr((node.fields or (None,))[-1], "sval", None) or "")
            return _cast(node, column.type) if column else node
        for slot in type(node).__slots__:  # type: ignore[attr-defined]
            value = getattr(node, slot)
            if isinstance(value, ast.Node | tuple):
                setattr(node, slot, self._with_casts(value))
        return node


def _cast(node: Any, type_: str) -> Any:
    from pglast import ast

    [target] = parse(f"select null::{type_}", type_)[0].targetList
    return ast.TypeCast(arg=node, typeName=target.val.typeName)
