"""Functions: what their heads and bodies use, and which of it PostgreSQL looks up only when they run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gatepost.insight.tree import PARSER, Node, WrongSQL, found, routines, statements, words
from gatepost.insight.uses import FIELDS, Reading, Scope
from gatepost.insight.walk import Walk, names_written_in

_ASSIGNED = re.compile(r":?=")
_STATEMENT, ASSIGNMENTS = 0, (3, 4, 5)


@dataclass(slots=True)
class Routine:
    """What a text with functions uses."""

    bound: Reading = field(default_factory=Reading)
    """What must be there when the function is made."""
    late: Reading = field(default_factory=Reading)
    """What a PL/pgSQL body looks up when it runs."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body, and what its names can mean."""

    text: str
    begin: int
    """Where it stands in the whole text, in characters; -1 where that is not known."""
    scope: Scope
    path: tuple[str, ...] | None
    """The schemas that are searched while it runs, where the function says so."""
    is_trigger: bool
    doubled: bool = False
    """Whether each of its quotes stands there twice."""

    def place(self, offset: int) -> int:
        """Return where a character of it stands in the whole text; -1 where that is not known."""
        return -1 if self.begin < 0 else self.begin + offset + self.doubled * self.text[:offset].count("'")

    def shift(self, sql: str, offset: int = 0) -> int:
        """Return by how many bytes what follows a character of it is off in the whole text."""
        return _NOWHERE if self.begin < 0 or self.doubled else len(sql[: self.begin + offset].encode())


@lru_cache(maxsize=1 << 14)
def read_routine(sql: str) -> Routine:
    """Return what the `create function` and `do` statements in `sql` use.

    :raises WrongSQL: a syntax error, in a body too.
    """
    routine = Routine()
    for statement in statements(sql):
        for node in found(statement, "CreateFunctionStmt"):
            _function(routine, node, sql)
        for node in found(statement, "DoStmt"):
            _code(routine, node.get("args", ()), sql, {"": frozenset()}, None, is_trigger=False)
    return routine


def _function(routine: Routine, node: Node, sql: str) -> None:
    head = {name: value for name, value in node.items() if name != "sql_body"}
    Walk(routine.bound).into(head, ({"?": None},), frozenset())
    is_trigger, scope = _is_trigger(node), _parameters(node)
    if "sql_body" in node:
        Walk(routine.bound).into(node["sql_body"], (scope,), frozenset())
    else:
        _code(routine, node.get("options", ()), sql, scope, _search_path(node), is_trigger=is_trigger)


def _is_trigger(node: Node) -> bool:
    return words(node.get("returnType", {}).get("names"))[-1:] == ["trigger"]


def body_of_trigger(sql: str) -> Body | None:
    """Return the PL/pgSQL body of the trigger function that `sql` makes; None of anything else.

    :raises WrongSQL: a syntax error.
    """
    for node in (one.get("CreateFunctionStmt") for one in statements(sql)):
        if node and _is_trigger(node) and "sql_body" not in node:
            language, body = _written(node.get("options", ()), sql, _parameters(node), None, is_trigger=True)
            return body if language == "plpgsql" else None
    return None


def _search_path(node: Node) -> tuple[str, ...] | None:
    settings = [one for one in found(node, "VariableSetStmt") if one.get("name") == "search_path"]
    if not settings:
        return None
    return tuple(str(one.get("sval", {}).get("sval", "")) for one in found(settings, "A_Const"))


def _parameters(node: Node) -> Scope:
    """Return the names of the parameters, alone and after the function's name; each may be a row."""
    parameters = [one["FunctionParameter"].get("name") for one in node.get("parameters", ())]
    names = frozenset(name for name in parameters if name)
    return {"": names, words(node["funcname"])[-1]: FIELDS, **dict.fromkeys(names, FIELDS)}


def _code(
    routine: Routine,
    options: list[Node],
    sql: str,
    scope: Scope,
    path: tuple[str, ...] | None,
    *,
    is_trigger: bool,
) -> None:
    language, body = _written(options, sql, scope, path, is_trigger=is_trigger)
    if body is not None and language == "sql":
        _sql_body(routine, sql, body)
    elif body is not None and language == "plpgsql":
        _plpgsql_body(routine, sql, body)


def _written(
    options: list[Node], sql: str, scope: Scope, path: tuple[str, ...] | None, *, is_trigger: bool
) -> tuple[str, Body | None]:
    """Return the language of a function, and its body where it has one."""
    given: dict[str, Any] = {one["DefElem"]["defname"]: one["DefElem"].get("arg", {}) for one in options}
    language = given.get("language", {}).get("String", {}).get("sval", "plpgsql").lower()
    texts = words([given["as"]]) if "String" in given.get("as", {}) else words(_list(given.get("as")))
    if not texts:
        return language, None
    begin, quoted = sql.find(texts[0]), texts[0].replace("'", "''")
    doubled = begin < 0
    return language, Body(texts[0], sql.find(quoted) if doubled else begin, scope, path, is_trigger, doubled)


def _list(node: Node) -> list[Node]:
    return list((node or {}).get("List", {}).get("items", ()))


def _sql_body(routine: Routine, sql: str, body: Body) -> None:
    try:
        parsed = statements(body.text)
    except WrongSQL as error:
        raise WrongSQL(str(error), body.place(error.offset)) from None
    for statement in parsed:
        Walk(routine.bound, body.shift(sql), body.path).into(statement, (body.scope,), frozenset())


def _plpgsql_body(routine: Routine, sql: str, body: Body) -> None:
    try:
        parsed = routines(sql)
    except WrongSQL as error:
        if str(error).startswith("syntax error"):
            raise WrongSQL(str(error), _blamed(str(error), body)) from None
        routine.late.literals |= names_written_in(body.text)  # its parser does not know the types of rows
        return
    scope, at = _variables(parsed, body.scope), 0
    # What has no schema may be a transition table.
    path = ("",) if body.is_trigger and body.path is None else body.path
    for expression in found(parsed, "PLpgSQL_expr"):
        query = expression.get("query", "")
        where = body.text.find(query, at)
        shift = body.shift(sql, where) if where >= 0 else _NOWHERE
        at = where + len(query) if where >= 0 else at
        head, tail, cut = as_statement(query, expression.get("parseMode", _STATEMENT))
        try:
            Walk(routine.late, shift + cut - len(head), path).into(
                statements(head + tail), (scope,), frozenset()
            )
        except WrongSQL:
            continue  # PL/pgSQL takes more than SQL does


_NOWHERE = -(1 << 40)
_BEGINS = frozenset({"if", "elsif", "elseif", "while", "when", "return", ":="})
_ENDS = frozenset({"then", "loop", ";"})
"""The words around a condition or a value."""


def _variables(parsed: Node, parameters: Scope) -> Scope:
    names = {one["refname"] for kind in _DATUMS for one in found(parsed, kind) if "refname" in one}
    labels = {one["label"] for kind in _LABELLED for one in found(parsed, kind) if "label" in one}
    bare = frozenset({*names, *parameters, "sqlstate", "sqlerrm"})
    rows = dict.fromkeys(("new", "old", *names, *labels), FIELDS)
    return {**parameters, **rows, "": bare}


def _blamed(message: str, body: Body) -> int:
    """Return where the word is that a message complains of: PL/pgSQL's parser does not say."""
    word = message.partition('"')[2].rpartition('"')[0]
    return body.place(body.text.find(word) if word else _end_of_input(body.text))


def _end_of_input(text: str) -> int:
    """Return where the first condition or value ends that lacks something; without one, where all ends."""
    from pglast.parser import scan

    since = None
    with PARSER:
        tokens = scan(text)
    for token in tokens:
        word = text[token.start : token.end + 1].lower()
        if word in _ENDS and since is not None and _is_cut_off(f"select {text[since : token.start]}"):
            return int(token.start)
        since = token.end + 1 if word in _BEGINS else None if word in _ENDS else since
    return len(text.rstrip())


def _is_cut_off(sql: str) -> bool:
    try:
        return not statements(sql)
    except WrongSQL as error:
        return str(error).endswith("at end of input")


def as_statement(query: str, mode: int) -> tuple[str, str, int]:
    """Return what to put before a PL/pgSQL expression, the rest of it, and how many bytes are left out."""
    if mode == _STATEMENT:
        return "", query, 0
    assigned = _ASSIGNED.search(query) if mode in ASSIGNMENTS else None
    cut = assigned.end() if assigned else 0
    return "select ", query[cut:], len(query[:cut].encode())


_DATUMS = ("PLpgSQL_var", "PLpgSQL_rec", "PLpgSQL_row")
_LABELLED = (
    "PLpgSQL_stmt_block",
    "PLpgSQL_stmt_loop",
    "PLpgSQL_stmt_while",
    "PLpgSQL_stmt_fori",
    "PLpgSQL_stmt_fors",
    "PLpgSQL_stmt_forc",
    "PLpgSQL_stmt_foreach_a",
)
