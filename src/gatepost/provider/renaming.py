"""Columns that get other names: what says the same in the new names is the same object."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from gatepost.errors import InvalidDeclaration
from gatepost.insight.reading import Form, read
from gatepost.insight.tree import WrongSQL
from gatepost.insight.uses import ColumnUse, Source
from gatepost.postgres.catalog import Facts, Key, query
from gatepost.provider.implication import plain
from gatepost.provider.insight import parse
from gatepost.provider.sqltext import ident

Place = tuple[str, str]
"""Schema and name of a relation."""
Own = tuple[tuple[str, Source], ...]
_SEARCHED = "public"
_ONE = rb'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*|[\x80-\xff]+)'
_REFERENCE = re.compile(rb"(?:" + _ONE + rb"\s*\.\s*)*(" + _ONE + rb")")


class _Unclear(Exception):
    """A reference may be to this column or to another."""


@dataclass(frozen=True)
class Renaming:
    """The columns that a deployment renames, as far as the target has them under one of both names."""

    facts: Facts
    _there: dict[Place, frozenset[str] | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.facts.renamed)

    def of(self, place: Place) -> Mapping[str, str]:
        """Return the new name of each renamed column of a table, by its former name."""
        asked = self.facts.renamed.get(place)
        there = self._columns(place) if asked else None
        if not asked or there is None:
            return {}
        return {old: new for old, new in asked.items() if (old in there) != (new in there)}

    def listed(self, place: Place, names: Sequence[str]) -> list[str]:
        """Return names of columns as they are called from now on."""
        new = self.of(place)
        return [new.get(name, name) for name in names]

    def text(self, sql: str, form: Form, own: Own = ()) -> str:
        """Return a text in the new names; as it is where it cannot be told what a name in it means."""
        if not self:
            return sql
        try:
            found = {use.offset: new for use in read(sql, form, own).columns if (new := self._new_name(use))}
        except (_Unclear, WrongSQL):
            return sql
        whole = sql.encode()
        for offset in sorted(found, reverse=True):
            reference = _REFERENCE.match(whole, offset)
            if reference is None:
                return sql
            start, end = reference.span(1)
            whole = whole[:start] + ident(found[offset]).as_string(None).encode() + whole[end:]
        return whole.decode()

    def respelled(self, old: str | None, new: str | None, form: Form, own: Own = ()) -> str | None:
        """Return the new text where the old one says the same in the new names; else the old one in them."""
        if old is None or not self:
            return old
        try:
            renamed = self.text(_with_names(old) if form == "statement" else old, form, own)
            return new if new is not None and same(renamed, new, form) else renamed
        except InvalidDeclaration:  # drift left a text that is none
            return old

    def is_target(self, foreign_key: Key, place: Place) -> bool:
        """Return whether a foreign key that is there refers to the table that is at `place` from now on."""
        key, there = (self.facts.planned.present(one) for one in (foreign_key, Key("tables", *place)))
        if self.facts.connection is None or key is None or there is None:
            return False
        given = {"schema": key.schema, "table": key.name, "name": key.object}
        found = self.facts.connection.execute(query("referred"), given).fetchone()
        return found == (there.schema, there.name)

    def _new_name(self, use: ColumnUse) -> str | None:
        *relation, column = use.names
        if not any(column in names for names in self.facts.renamed.values()):
            return None
        for scope in reversed(use.scopes):
            sources = [one for name, one in scope.items() if name and (not relation or name == relation[0])]
            having = [source for source in sources if self._has(source, column)]
            places = {(one[0] or _SEARCHED, one[1]) for one in having if isinstance(one, tuple)}
            if len(places) > 1:
                raise _Unclear
            for place in places:
                return self.of(place).get(column)
            if having:
                return None
        return None

    def _has(self, source: Source, column: str) -> bool:
        """Return whether something in sight had a column, before it got another name."""
        if source is None:
            raise _Unclear
        if not isinstance(source, tuple):
            return column in source
        place = (source[0] or _SEARCHED, source[1])
        there = self._columns(place)
        if there is None:
            raise _Unclear
        return column in there or column in self.of(place)

    def _columns(self, place: Place) -> frozenset[str] | None:
        if place not in self._there:
            self._there[place] = self._read(place)
        return self._there[place]

    def _read(self, place: Place) -> frozenset[str] | None:
        key = self.facts.planned.present(Key("tables", *place))
        if self.facts.connection is None or key is None:
            return None
        given = {"schema": key.schema, "name": key.name}
        found = self.facts.connection.execute(query("columns_of"), given).fetchone()
        return frozenset(cast("list[str]", found[0])) if found else None


def same(old: str, new: str, form: Form) -> bool:
    """Return whether two texts say the same, however they are spelled."""
    return _tree(old, form) == _tree(new, form)


def _tree(sql: str, form: Form) -> tuple[Any, ...]:
    if form == "expression":
        return plain(tuple(parse(f"select (\n{sql}\n)", "text")))
    return plain(_named(sql))


def _with_names(sql: str) -> str:
    from pglast.stream import RawStream

    return str(RawStream()(_named(sql)))


def _named(sql: str) -> Any:
    """Return the tree of a view, each column of its result with the name that it has by itself."""
    from pglast import ast

    (statement,) = parse(sql, "view")
    if isinstance(statement, ast.ViewStmt):
        statement.replace = False
    query: Any = statement.query
    while query.larg is not None:
        query = query.larg
    for one in query.targetList or ():
        fields: Any = one.val.fields if isinstance(one.val, ast.ColumnRef) else (None,)
        last = fields[-1]
        if one.name is None and isinstance(last, ast.String):
            one.name = last.sval
    return statement


def follows(old: str, new: str, names: Mapping[str, str]) -> bool:
    """Return whether a statement about one table says what another said, its columns renamed."""
    try:
        (before,), (after,) = parse(old, "statement"), parse(new, "statement")
    except InvalidDeclaration:  # drift left a text that is none
        return False
    for former, name in names.items():
        rename_column(before, former, name)
    return plain(before) == plain(after)


def rename_column(node: Any, column: str, incoming: str) -> None:
    """Let every mention of a column of the tree's own table mean another one."""
    from pglast import ast

    if isinstance(node, tuple | list):
        for item in node:
            rename_column(item, column, incoming)
    if not isinstance(node, ast.Node):
        return
    if isinstance(node, ast.ColumnRef):
        *relation, last = node.fields or ()
        if getattr(last, "sval", None) == column:
            node.fields = (*relation, ast.String(sval=incoming))
    if isinstance(node, (ast.IndexElem, ast.PartitionElem)) and node.name == column:
        node.name = incoming
    if isinstance(node, ast.Constraint):
        for keys in ("keys", "including", "fk_attrs", "fk_del_set_cols"):
            named = getattr(node, keys) or ()
            setattr(
                node, keys, tuple(ast.String(sval=incoming) if k.sval == column else k for k in named) or None
            )
    for attribute in node:
        rename_column(getattr(node, attribute), column, incoming)
