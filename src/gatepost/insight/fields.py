"""Trigger functions: which columns of `new` and `old` they name, and for which events they come there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gatepost.insight.bodies import ASSIGNMENTS, Body, as_statement, body_of_trigger
from gatepost.insight.tree import Node, WrongSQL, found, routines, statements
from gatepost.insight.uses import ANY, FIELDS, ColumnUse, Reading
from gatepost.insight.walk import Walk

Events = frozenset[str]
EVENTS: Events = frozenset({"insert", "update", "delete"})
_NONE: Events = frozenset()
_RECORDS = ("new", "old")
_TARGET = re.compile(r'\s*(?P<record>new|old)\s*\.\s*(?P<name>[a-z_][\w$]*|"[^"]+")', re.I)
_BRANCHES = re.compile(r"\btg_|\(\s*(new|old)\b\s*[,)]|information_schema|pg_attribute|pg_catalog", re.I)
"""What a condition says that may tell one table, or one set of columns, from another."""
_EVENT = re.compile(
    r"\(?\s*tg_op\s*(?P<how>=|<>|!=)\s*'(?P<event>\w+)'\s*\)?(?P<also>\s+and\s.*)?", re.I | re.S
)
_EVENT_IN = re.compile(r"tg_op\s+(?P<how>not\s+)?in\s*\((?P<events>[^()]*)\)", re.I)
_CASE = re.compile(r'"__Case__Variable_\d+__"')
"""What the parser calls the value that a CASE statement compares."""
_ERROR = 21
_INTO = ("PLpgSQL_stmt_execsql", "PLpgSQL_stmt_dynexecute")


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A column of `new` or `old`, in the PL/pgSQL body of a trigger function."""

    record: str
    name: str
    offset: int
    """Where it stands in the whole text, in characters; -1 where that is not known."""
    events: Events
    """For which it is certain that the function may come there."""

    def __str__(self) -> str:
        return f"{self.record}.{self.name}"


@lru_cache(maxsize=1 << 12)
def fields_of_rows(sql: str) -> tuple[FieldUse, ...]:
    """Return the columns of `new` and `old` that the trigger function made by `sql` is certain to name.

    What may be meant for another table, whatever else `new` or `old` may be, and what an exception handler
    stands around is left out.
    """
    try:
        body = body_of_trigger(sql)
        parsed = routines(sql) if body else []
    except WrongSQL:
        return ()
    if body is None or _hides(parsed):
        return ()
    reader = _Reader(body)
    for action in found(parsed, "action"):
        reader.statements([action], EVENTS)
    return tuple(reader.fields)


def _hides(parsed: Node) -> bool:
    """Whether `new` or `old` may be something else, or a variable may say for which table it runs."""
    rows = [one.get("refname") for one in found(parsed, "PLpgSQL_rec")]
    others = [one for kind in ("PLpgSQL_var", "PLpgSQL_row") for one in found(parsed, kind)]
    if any(rows.count(name) > 1 or name in (one.get("refname") for one in others) for name in _RECORDS):
        return True
    kept = [one.get("default_val") for one in others] + list(found(parsed, "PLpgSQL_stmt_assign"))
    kept += [one for kind in _INTO for one in found(parsed, kind) if one.get("into")]
    queries = (one.get("query", "") for one in found(kept, "PLpgSQL_expr"))
    return any(_BRANCHES.search(query) for query in queries)


@dataclass
class _Reader:
    """Reads a body statement by statement, as it is run."""

    body: Body
    fields: list[FieldUse] = field(default_factory=list)
    line: int = 1

    def statements(self, nodes: Iterable[Node], events: Events) -> Events:
        """Read statements that are run for these events; return for which those after them are."""
        for node in nodes:
            for kind, one in node.items():
                self.line = one.get("lineno", self.line)
                events = self.statement(kind.removeprefix("PLpgSQL_stmt_"), one, events)
        return events

    def statement(self, kind: str, one: Node, events: Events) -> Events:
        if kind == "if":
            return self._if(one, events)
        if kind == "case":
            return self._case(one, events)
        if kind == "block":
            return self._block(one, events)
        self._expressions({name: value for name, value in one.items() if name != "body"}, events)
        if "body" in one:
            self.statements(one["body"], events)
            return events
        ends = kind in ("return", "exit", "continue") or (kind == "raise" and _is_error(one))
        return _NONE if ends else events

    def _if(self, one: Node, events: Events) -> Events:
        branches = [(one["cond"], one.get("then_body", ()))]
        branches += [
            (branch["cond"], branch.get("stmts", ()))
            for branch in (each["PLpgSQL_if_elsif"] for each in one.get("elsif_list", ()))
        ]
        return self._branches(branches, one.get("else_body", ()), events)

    def _case(self, one: Node, events: Events) -> Events:
        on = one.get("t_expr", {}).get("PLpgSQL_expr", {}).get("query", "")
        self._expressions(one.get("t_expr", {}), events)
        whens = [each["PLpgSQL_case_when"] for each in one.get("case_when_list", ())]
        branches = [(_named(each["expr"], on), each.get("stmts", ())) for each in whens]
        if on.strip().lower() != "tg_op" and _BRANCHES.search(on):
            return self._unsure([*(body for _, body in branches), one.get("else_stmts", ())], events)
        return self._branches(branches, one.get("else_stmts", ()), events)

    def _branches(self, branches: list[tuple[Node, Any]], otherwise: Any, events: Events) -> Events:
        """Read what is run one instead of the other; return for which events any of it goes on."""
        after = _NONE
        for number, (condition, body) in enumerate(branches):
            self._expressions(condition, events)
            divided = _divided(condition["PLpgSQL_expr"].get("query", ""), events)
            if divided is None:
                rest = [each for _, each in branches[number:]]
                return after | self._unsure([*rest, otherwise], events)
            after |= self.statements(body, divided[0])
            events = divided[1]
        return after | self.statements(otherwise, events)

    def _unsure(self, bodies_: Iterable[Any], events: Events) -> Events:
        """Read nothing of what may be run for other tables alone, nor of what comes after its end."""
        goes_on = all(_Reader(self.body).statements(one, events) == events for one in bodies_)
        return events if goes_on else _NONE

    def _block(self, one: Node, events: Events) -> Events:
        if "exceptions" in one:
            return self._unsure([one.get("body", ())], events)
        return self.statements(one.get("body", ()), events)

    def _expressions(self, node: Node, events: Events) -> None:
        if not events:
            return
        for row in found(node, "PLpgSQL_row"):
            for target in row.get("fields", ()):
                self._target(target.get("name", ""), events)
        for one in found(node, "PLpgSQL_expr"):
            query, mode = one.get("query", ""), one.get("parseMode", 0)
            if mode in ASSIGNMENTS:
                self._target(query, events)
            for name in _read(query, mode):
                self._note(*name, events)

    def _target(self, text: str, events: Events) -> None:
        if named := _TARGET.match(text):
            name = named["name"]
            self._note(named["record"].lower(), name[1:-1] if '"' in name else name.lower(), events)

    def _note(self, record: str, name: str, events: Events) -> None:
        self.fields.append(FieldUse(record, name, self._place(record, name), events))

    def _place(self, record: str, name: str) -> int:
        """Return where it stands first from the line of its statement on."""
        lines = self.body.text.split("\n")[: self.line - 1]
        since = sum(len(one) + 1 for one in lines)
        pattern = re.compile(rf'\b{record}\s*\.\s*"?{re.escape(name)}\b', re.I)
        at = pattern.search(self.body.text, since)
        return self.body.place(at.start()) if at else -1


def _named(condition: Node, on: str) -> Node:
    """Return the condition of a CASE statement with what it compares."""
    query = condition["PLpgSQL_expr"].get("query", "")
    return {"PLpgSQL_expr": {**condition["PLpgSQL_expr"], "query": _CASE.sub(lambda _: on.strip(), query)}}


def _is_error(raised: Node) -> bool:
    return bool(raised.get("elog_level", _ERROR) >= _ERROR)


def _divided(condition: str, events: Events) -> tuple[Events, Events] | None:
    """Return for which events a condition may hold, and for which not; None where it may be for any table."""
    condition = condition.strip()
    if not _BRANCHES.search(condition):
        return events, events
    if one := _EVENT.fullmatch(condition):
        also = one["also"] or ""
        if _BRANCHES.search(also) or re.search(r"\bor\b", also, re.I):
            return None
        named, negated = {one["event"].lower()}, one["how"] != "="
        holds = events - named if negated else events & named
        return holds, events if also else events - holds
    if several := _EVENT_IN.fullmatch(condition):
        named = {event.lower() for event in re.findall(r"'(\w+)'", several["events"])}
        holds = events - named if several["how"] else events & named
        return holds, events - holds
    return None


def _read(query: str, mode: int) -> Iterable[tuple[str, str]]:
    """Yield the columns of `new` and `old` that an expression or statement names, if these are the rows."""
    head, tail, _ = as_statement(query, mode)
    reading, scope = Reading(), dict.fromkeys(_RECORDS, FIELDS)
    try:
        Walk(reading).into(statements(head + tail), (scope,), frozenset())
    except WrongSQL:
        return
    returns = re.search(r"\breturning\b", query, re.I) is not None
    for use in reading.columns:
        if len(use.names) == 2 and use.names[0] in _RECORDS and _is_row(use, returns=returns):
            yield use.names[0], use.names[1]


def _is_row(use: ColumnUse, *, returns: bool) -> bool:
    """Whether nothing nearer has the name of the row: where a statement returns rows, its own may."""
    nearer = (scope for scope in use.scopes[1:] if returns or "excluded" not in scope)
    return not any(use.names[0] in scope or ANY in scope for scope in nearer)
