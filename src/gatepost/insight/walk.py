"""A walk through the tree of a statement, noting what it uses and what each column may belong to."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from gatepost.insight.tree import Node, offset_of, words
from gatepost.insight.uses import ANY, Columns, ColumnUse, Reading, Scope, Source, Use

_LITERAL_NAME = re.compile(
    r'(?:[a-z_][\w$]*|"(?:[^"]|"")+")(?:\s*\.\s*(?:[a-z_][\w$]*|"(?:[^"]|"")+"))*', re.I
)
_ONE_NAME = re.compile(r'[a-z_][\w$]*|"(?:[^"]|"")+"', re.I)


class Walk:
    """One walk through a tree; what is not understood for certain brings nothing into sight."""

    def __init__(self, reading: Reading, shift: int = 0, path: tuple[str, ...] | None = None) -> None:
        """Begin a walk.

        :param shift: what to add to the places in the tree.
        :param path: the schemas that a function searches, where it says so: its bare names may mean anything.
        """
        self.reading = reading
        self.shift = shift
        self.path = path

    def into(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """Collect what `node` uses; `hidden` are the names of common table expressions in sight."""
        if isinstance(node, list):
            for one in node:
                self.into(one, scopes, hidden)
            return
        for name, value in node.items():
            if isinstance(value, dict):
                visit = _VISITS.get(name)
                if visit is None:
                    self.into(value, scopes, hidden)
                else:
                    visit(self, value, scopes, hidden)
            elif isinstance(value, list):
                self.into(value, scopes, hidden)

    def place(self, node: Node) -> int:
        """Return where a node begins in the text."""
        return offset_of(node) + self.shift

    def column(self, node: Node, scopes: tuple[Scope, ...], _hidden: frozenset[str]) -> None:
        """A reference to a column."""
        names = tuple(words(node["fields"]))
        if "*" not in names and len(names) < 3:
            self.reading.columns.append(ColumnUse(names, self.place(node), scopes))

    def relation(self, node: Node, _scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """A relation, unless its name means something nearer."""
        schema, name = node.get("schemaname", ""), node["relname"]
        if schema or name not in hidden:
            self.use(self.reading.relations, Use(schema, name, self.place(node)))

    def use(self, uses: list[Use], one: Use) -> None:
        """Note a name."""
        if one.schema or self.path is None:
            uses.append(one)
        else:
            self.reading.literals.update((schema, one.name) for schema in ("", *self.path))

    def call(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """A call of a function."""
        *schema, name = words(node["funcname"])
        given = len(node.get("args", ()))
        self.use(self.reading.functions, Use(schema[-1] if schema else "", name, self.place(node), given))
        rest = {key: value for key, value in node.items() if key != "funcname"}
        self.into(rest, scopes, hidden)

    def type(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """A type; `%type` names a relation's column."""
        names = words(node.get("names"))
        if node.get("pct_type"):
            names, uses = names[:-1], self.reading.relations
        else:
            uses = self.reading.types
        if names:
            self.use(uses, Use(names[-2] if len(names) > 1 else "", names[-1], self.place(node)))
        self.into(node.get("typmods", []), scopes, hidden)

    def constant(self, node: Node, _scopes: tuple[Scope, ...], _hidden: frozenset[str]) -> None:
        """A string, which may name something."""
        text = node.get("sval", {}).get("sval")
        if text:
            self.reading.literals.update(names_written_in(text))

    def skip(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """A clause that names only what was named before."""

    def select(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """A query: what its FROM clause has is in sight of all else."""
        hidden = self.common(node, scopes, hidden)
        into = node.get("intoClause")
        if into:
            self.reading.made.add(into["rel"]["relname"])
        seen: dict[str, Source] = {}
        self.sources(node.get("fromClause", []), hidden, seen)
        seen_by_all = (*scopes, seen, {"": _named_in(node)})
        for name, value in node.items():
            if name in ("larg", "rarg"):
                self.select(value, (*scopes, {"": _named_in(node)}), hidden)
            elif name not in ("withClause", "intoClause") and isinstance(value, dict | list):
                self.into({name: value}, seen_by_all, hidden)

    def common(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> frozenset[str]:
        """Read a WITH clause; return the names that are hidden behind its own from now on."""
        clause = node.get("withClause")
        if not clause:
            return hidden
        expressions = [one["CommonTableExpr"] for one in clause["ctes"]]
        if clause.get("recursive"):
            hidden = hidden | {one["ctename"] for one in expressions}
        for one in expressions:
            self.into([one["ctequery"]], scopes, hidden)
            hidden = hidden | {one["ctename"]}
        return hidden

    def sources(self, node: Node, hidden: frozenset[str], seen: dict[str, Source]) -> None:
        """Note what a FROM clause brings into sight."""
        if isinstance(node, list):
            for one in node:
                self.sources(one, hidden, seen)
            return
        for kind, value in node.items():
            alias = value.get("alias", {})
            name = alias.get("aliasname")
            if kind == "RangeVar":
                seen[name or value["relname"]] = None if alias.get("colnames") else self.source(value, hidden)
            elif kind == "JoinExpr":
                if name:
                    seen[name] = None
                using = value.get("join_using_alias")
                if using:
                    seen[using["aliasname"]] = None
                self.sources([value["larg"], value["rarg"]], hidden, seen)
            elif kind == "RangeTableSample":
                self.sources(value["relation"], hidden, seen)
            else:
                seen[name or ANY] = None

    def change(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """INSERT, UPDATE, DELETE and MERGE: the columns that are set are the target's."""
        hidden = self.common(node, scopes, hidden)
        target = node["relation"]
        self.relation(target, scopes, frozenset())
        table = self.source(target, frozenset())
        seen: dict[str, Source] = {target.get("alias", {}).get("aliasname") or target["relname"]: table}
        for name in ("fromClause", "usingClause", "sourceRelation"):
            if name in node:
                self.sources(node[name], hidden, seen)
        inner = (*scopes, seen, {"excluded": table, "old": table, "new": table})
        self.assigned(node, target)
        for name, value in node.items():
            if name == "selectStmt":
                self.into(value, scopes, hidden)
            elif name not in ("withClause", "relation") and isinstance(value, dict | list):
                self.into({name: value}, inner, hidden)

    def assigned(self, node: Node, target: Node) -> None:
        """Note the columns of the target that are written."""
        scope: Scope = {target["relname"]: self.source(target, frozenset())}
        conflict = node.get("onConflictClause", {})
        lists = [node.get("cols", ()), conflict.get("targetList", ())]
        if "sourceRelation" in node:
            lists += [one["MergeWhenClause"].get("targetList", ()) for one in node["mergeWhenClauses"]]
        elif "selectStmt" not in node:
            lists.append(node.get("targetList", ()))
        for one in (one["ResTarget"] for part in lists for one in part):
            if "name" in one:
                self.reading.columns.append(ColumnUse((one["name"],), self.place(one), (scope,)))

    def makes(self, node: Node, scopes: tuple[Scope, ...], hidden: frozenset[str]) -> None:
        """A relation that the text itself makes."""
        target = node.get("into", {}).get("rel") or node.get("relation") or node.get("view") or {}
        if "relname" in target:
            self.reading.made.add(target["relname"])
        rest = {name: value for name, value in node.items() if name not in ("into", "relation", "view")}
        self.into(rest, scopes, hidden)

    def source(self, node: Node, hidden: frozenset[str]) -> Source:
        """Return what a relation brings into sight."""
        schema, name = node.get("schemaname", ""), node["relname"]
        return None if not schema and (self.path is not None or name in hidden) else (schema, name)


def _named_in(select: Node) -> Columns:
    """Return the names that a query gives its own results: ORDER BY and GROUP BY may use them."""
    while "larg" in select:
        select = select["larg"]
    targets = (one["ResTarget"] for one in select.get("targetList", ()))
    return frozenset(one["name"] for one in targets if "name" in one)


def names_written_in(text: str) -> set[tuple[str, str]]:
    """Return every schema and name that a string's contents could mean."""
    found = set()
    for chain in _LITERAL_NAME.findall(text):
        parts = [folded(part) for part in _ONE_NAME.findall(chain)]
        found.add(("", parts[0]))
        found.update(pairwise(parts))
    return found


def folded(name: str) -> str:
    """Return a written name as the catalog has it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


_VISITS: dict[str, Any] = {
    "ColumnRef": Walk.column,
    "RangeVar": Walk.relation,
    "FuncCall": Walk.call,
    "funccall": Walk.call,
    "TypeName": Walk.type,
    "typeName": Walk.type,
    "argType": Walk.type,
    "returnType": Walk.type,
    "A_Const": Walk.constant,
    "LockingClause": Walk.skip,
    "SelectStmt": Walk.select,
    "InsertStmt": Walk.change,
    "UpdateStmt": Walk.change,
    "DeleteStmt": Walk.change,
    "MergeStmt": Walk.change,
    "CreateTableAsStmt": Walk.makes,
    "CreateStmt": Walk.makes,
    "ViewStmt": Walk.makes,
}
