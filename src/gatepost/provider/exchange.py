"""What calls a function when another comes in its place: the server is asked whether it understands that.

Nothing runs and nothing is made: a value of the new result stands in for each call, on the condition that the
new function takes its arguments, which the server understands or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.provider.insight import parse, parse_expression, sql_of
from gatepost.provider.question import question
from gatepost.provider.sqltext import Part, ident, joined, part, raw, text

_PREFERRED = frozenset(
    {
        "text",
        "double precision",
        "oid",
        "timestamp with time zone",
        "interval",
        "inet",
        "boolean",
        "bit varying",
    }
)
"""The types that PostgreSQL prefers among those of their category, as they are written."""


class _Mismatch(Exception):
    """A call has arguments that the new function has not."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that a caller gives."""

    position: int
    name: str
    type: str
    optional: bool


@dataclass(frozen=True)
class Signature:
    """What a function takes and returns, its types as they are written."""

    schema: str
    name: str
    parameters: tuple[Parameter, ...]
    variadic: bool
    returns: str
    """The type of a single value; empty where it returns several."""

    @classmethod
    def of(cls, sql: str) -> Signature:
        """Read a `create function` statement."""
        from pglast.enums.parsenodes import FunctionParameterMode as Mode

        statement = parse(sql, "function")[0]
        *schema, name = (one.sval for one in statement.funcname)
        listed = statement.parameters or ()
        given = [one for one in listed if one.mode not in (Mode.FUNC_PARAM_OUT, Mode.FUNC_PARAM_TABLE)]
        result = statement.returnType
        single = len(given) == len(listed) and result is not None and not result.setof
        return cls(
            schema=schema[0] if schema else "public",
            name=name,
            parameters=tuple(
                Parameter(at, one.name or "", sql_of(one.argType), one.defexpr is not None)
                for at, one in enumerate(given)
            ),
            variadic=any(one.mode == Mode.FUNC_PARAM_VARIADIC for one in given),
            returns=sql_of(result) if single else "",
        )

    def __str__(self) -> str:
        """Return what messages call it."""
        listed = ", ".join(f"{one.name} {one.type}".strip() for one in self.parameters)
        return f"{self.schema}.{self.name}({listed})" + (f" returns {self.returns}" if self.returns else "")

    def given(self, at: int, name: str | None, *, spread: bool) -> Parameter | None:
        """Return the parameter that a call gives, by its place or name; None where there is none.

        :param spread: whether the call gives the elements of the last one, if that is variadic.
        """
        if name is not None:
            return next((one for one in self.parameters if one.name == name), None)
        last = self.parameters[-1] if self.variadic else None
        if last and spread and at >= last.position:
            return replace(last, type=last.type.removesuffix("[]"))
        return self.parameters[at] if at < len(self.parameters) else None


@dataclass(frozen=True)
class Exchange:
    """A function that goes and the one that comes in its place."""

    old: Signature
    new: Signature
    facts: Facts
    exact: Literal["", "old", "new"] = ""
    """Whose types the arguments must have by themselves, where they differ."""
    _views: dict[tuple[str, str], str] = field(default_factory=dict)
    """The queries of views whose columns may get other types with it."""

    def is_understood(self, sql: str) -> bool:
        """Return whether a statement can be run when only the new function is there.

        Where nobody can tell, it can.
        """
        try:
            (statement,) = parse(sql, "statement")
            asked = question(statement)
            tree = parse(asked or "select", "question")[0]
        except InvalidDeclaration:
            return True
        before = sql_of(tree)
        try:
            after = sql_of(self._exchanged(tree))
        except _Mismatch:
            return not self._answers(before)
        self._note_view(statement, after)
        return before == after or not self._answers(before) or self._answers(after)

    def is_ambiguous(self, sql: str) -> bool:
        """Return whether PostgreSQL refuses to choose between the two, while both are there.

        It takes the one whose types the arguments have, or that has a preferred type where they have neither.
        """
        either = (replace(self, exact=side, _views=dict(self._views)) for side in ("old", "new"))
        return self.is_understood(sql) and not any(one.is_understood(sql) for one in either)

    def _answers(self, sql: str) -> bool:
        return self.facts.result_of(sql) is not None

    def _note_view(self, statement: Any, query: str) -> None:
        """Remember a view's query: what reads the view must take its new columns."""
        view = getattr(statement, "view", None) or getattr(getattr(statement, "into", None), "rel", None)
        if view is not None and self.old.returns != self.new.returns:
            self._views[view.schemaname or "public", view.relname] = query

    def _exchanged(self, node: Any) -> Any:
        """Return the tree with a value in the place of each call."""
        from pglast import ast

        if isinstance(node, list | tuple):
            return tuple(self._exchanged(one) for one in node)
        if not isinstance(node, ast.Node):
            return node
        for slot in type(node).__slots__:  # type: ignore[attr-defined]
            value = getattr(node, slot)
            if isinstance(value, ast.Node | tuple):
                setattr(node, slot, self._exchanged(value))
        if isinstance(node, ast.RangeVar):
            return self._rows(node)
        return self._stand_in(node) if isinstance(node, ast.FuncCall) and self._is_meant(node) else node

    def _rows(self, relation: Any) -> Any:
        """Return a view's query in its place, where its columns may get other types."""
        from pglast import ast

        query = self._views.get((relation.schemaname or "public", relation.relname))
        if query is None:
            return relation
        alias = relation.alias or ast.Alias(aliasname=relation.relname)
        return ast.RangeSubselect(subquery=parse(query, "view")[0], alias=alias)

    def _is_meant(self, call: Any) -> bool:
        """Return whether it may call them, and what both return can be compared."""
        *schema, name = (one.sval for one in call.funcname)
        old, new = self.old.returns, self.new.returns
        comparable = (old == new or (old and new)) and not _is_pseudo(new)
        return bool(comparable) and name == self.old.name and schema in ([], [self.old.schema])

    def _stand_in(self, call: Any) -> Any:
        """Return what is understood if the new function takes the arguments: a value of what it returns.

        Where it returns rows, that is the old function's call.
        """
        from pglast import ast

        spread, given = not call.func_variadic, list[Argument]()
        for at, one in enumerate(call.args or ()):
            name = one.name if isinstance(one, ast.NamedArgExpr) else None
            old, new = (side.given(at, name, spread=spread) for side in (self.old, self.new))
            if old is None:
                return call  # it is one of the new function already
            if new is None or not (spread or self.new.variadic):
                raise _Mismatch
            given.append(Argument(name, sql_of(one.arg if name else one), old, new))
        filled = {one.new.position for one in given}
        if any(one.position not in filled and not one.optional for one in self.new.parameters):
            raise _Mismatch
        if self.exact and all(one.old.type == one.new.type for one in given):
            raise _Mismatch
        return parse_expression(self._value(given, spread=spread), "call")

    def _value(self, given: Sequence[Argument], *, spread: bool) -> str:
        conditions = (one.has_type_of(self.exact) if self.exact else one.is_taken for one in given)
        taken = joined((raw("true"), *conditions), " and ")
        if self.new.returns:
            return text("cast(case when {t} then null end as {r})", t=taken, r=raw(self.new.returns))
        arguments = [one.as_old for one in given]
        if not spread:
            arguments[-1] = part("variadic {v}", v=arguments[-1])
        return text("{f}({a})", f=ident(self.old.schema, self.old.name), a=joined(arguments))


@dataclass(frozen=True)
class Argument:
    """What a call gives to a parameter of both."""

    name: str | None
    value: str
    old: Parameter
    new: Parameter

    @property
    def is_taken(self) -> Part:
        """A condition that is understood if the new parameter takes the value without a cast.

        Its type must be the common type of both; a null without a type lets a domain count as what it is
        made of.
        """
        if _is_pseudo(self.new.type):
            return part("({v}) is null", v=raw(self.value))
        return part(
            "array[null::{n}, null] operator(pg_catalog.&&) array[null::{n}, null, {v}]",
            n=raw(self.new.type),
            v=raw(self.value),
        )

    def has_type_of(self, side: str) -> Part:
        """Return a condition that is understood if the value has this side's type, or any will do."""
        types = {self.old.type, self.new.type}
        if len(types) == 1 or types & _PREFERRED or any(map(_is_pseudo, types)):
            return raw("true")
        type_ = raw(self.old.type if side == "old" else self.new.type)
        return part("array[null::{t}] operator(pg_catalog.&&) array[{v}]", t=type_, v=raw(self.value))

    @property
    def as_old(self) -> Part:
        """The argument for the old function."""
        said = part("{n} => ", n=ident(self.name)) if self.name else raw("")
        if _is_pseudo(self.old.type):
            return part("{s}{v}", s=said, v=raw(self.value))
        null = part("null::{o}", o=raw(self.old.type))
        return part("{s}case when {t} then {o} else {o} end", s=said, t=self.is_taken, o=null)


def _is_pseudo(type_: str) -> bool:
    """Return whether it is a pseudo-type, of which there is no null."""
    return type_.removeprefix("pg_catalog.").startswith(("any", "record"))
