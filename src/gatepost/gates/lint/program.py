"""What is wrong with a program before anything is deployed: a rule a function, each over all declarations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gatepost.gates.lint.expressions import calls_per_row, compared, parse
from gatepost.gates.verdict import Finding
from gatepost.verify.declared import Declared

Place = tuple[str, str]
"""A table's schema and name."""
_COMMENTED = {"Table", "View", "MaterializedView", "Function"}
_NARROW = {"int", "integer", "int4", "smallint", "int2"}
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_FIRST_WORD = re.compile(r'"?([a-z_][a-z0-9_$]*)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Program:
    """The declarations of a program, by what rules ask for."""

    objects: tuple[Declared, ...]

    def of(self, kind: str) -> Iterator[Declared]:
        """Yield the declarations of one kind."""
        return (one for one in self.objects if one.kind == kind)

    @cached_property
    def leading(self) -> dict[Place, list[list[str]]]:
        """The columns of every index and key of a table that has all its rows, in their order."""
        found: dict[Place, list[list[str]]] = defaultdict(list)
        for one in self.of("Index"):
            columns = [_first_word(text) for text in one.inputs["columns"]]
            if one.inputs.get("method", "btree") in ("btree", "hash") and _has_all(one.inputs, columns[0]):
                found[place(one.inputs)].append(columns)
        for one in self.of("Constraint"):
            if one.inputs.get("columns") and one.inputs.get("kind") in ("primary_key", "unique"):
                found[place(one.inputs)].append([str(name) for name in one.inputs["columns"]])
        return found

    def has_index_on(self, where: Place, columns: Iterable[str]) -> bool:
        """Return whether an index begins with these columns, in any order."""
        wanted = set(columns)
        return any(set(index[: len(wanted)]) == wanted for index in self.leading[where])

    def has_index_led_by_any(self, where: Place, columns: Iterable[str]) -> bool:
        """Return whether an index begins with one of these columns."""
        wanted = set(columns)
        return any(index[0] in wanted for index in self.leading[where] if index)


Rule = Callable[[Program], Iterator[Finding]]


def place(inputs: dict[str, Any]) -> Place:
    """Return the table that an index, a constraint or a policy is on."""
    return str(inputs.get("schema", "public")), str(inputs["table"])


def _table(inputs: dict[str, Any]) -> Place:
    return str(inputs.get("schema", "public")), str(inputs["name"])


def unindexed_foreign_key(program: Program) -> Iterator[Finding]:
    """Without an index on its columns, each delete or update of the other table reads this one whole."""
    for one in program.of("Constraint"):
        if one.inputs.get("kind") == "foreign_key":
            columns = [str(name) for name in one.inputs["columns"]]
            on = place(one.inputs)
            if not program.has_index_on(on, columns) and not program.has_index_led_by_any(on, columns):
                words = f"no index of {'.'.join(on)} begins with {', '.join(columns)}"
                yield _at(one, "unindexed-foreign-key", f'foreign key "{one.name}": {words}')


def unindexed_policy(program: Program) -> Iterator[Finding]:
    """Without an index on what a policy compares, each unfiltered query reads the whole table."""
    for one in program.of("Policy"):
        using = one.inputs.get("using")
        if not using or one.inputs.get("command") == "insert":
            continue
        on = place(one.inputs)
        for columns in compared(parse(using)):
            if columns and not program.has_index_led_by_any(on, columns):
                words = f"no index of {'.'.join(on)} begins with {' or '.join(sorted(columns))}"
                yield _at(one, "unindexed-policy", f'policy "{one.name}": {words}')


def function_per_row(program: Program) -> Iterator[Finding]:
    """A function outside `(select …)` runs for every row: up to 1,000 times slower."""
    for one in program.of("Policy"):
        for text in filter(None, (one.inputs.get("using"), one.inputs.get("check"))):
            for name in calls_per_row(parse(text)):
                words = f"{name}() runs for every row: write (select {name}(…))"
                yield _at(one, "function-per-row", f'policy "{one.name}": {words}')


def missing_comment(program: Program) -> Iterator[Finding]:
    """A comment is what the next reader finds in the database itself."""
    for one in program.objects:
        if one.kind in _COMMENTED and not one.inputs.get("comment"):
            yield _at(one, "missing-comment", f'{one.kind.lower()} "{one.name}" has no comment')


def naming(program: Program) -> Iterator[Finding]:
    """Names are lower-case words with underscores, so that nobody has to quote them."""
    for one in program.objects:
        name = str(one.inputs.get("name") or one.name)
        if one.kind in {*_COMMENTED, "Index", "Constraint", "Policy", "Trigger", "Type", "Sequence"}:
            if not _NAME.fullmatch(name):
                yield _at(one, "naming", f'"{name}" needs quoting: use lower-case letters, digits and _')
            elif len(name) > 63:
                yield _at(one, "naming", f'"{name}" is cut by PostgreSQL: 63 characters at most')


def index_without_query(program: Program) -> Iterator[Finding]:
    """An index that serves no query only slows writes down."""
    for one in program.of("Index"):
        if not one.inputs.get("serves"):
            yield _at(one, "index-without-query", f'index "{one.name}" names no query: set serves=')


def narrow_key(program: Program) -> Iterator[Finding]:
    """A key of 32 bits ends at 2,147,483,647 rows, and widening it rewrites the table."""
    tables = {_table(one.inputs): one for one in program.of("Table")}
    for one in program.of("Constraint"):
        if one.inputs.get("kind") != "primary_key" or place(one.inputs) not in tables:
            continue
        columns = {c["name"]: str(c["type"]).lower() for c in tables[place(one.inputs)].inputs["columns"]}
        for name in one.inputs["columns"]:
            if columns.get(name) in _NARROW and len(one.inputs["columns"]) == 1:
                yield _at(one, "narrow-key", f'"{name}" is {columns[name]}: make it bigint')


RULES: tuple[Rule, ...] = (
    unindexed_foreign_key,
    unindexed_policy,
    function_per_row,
    missing_comment,
    naming,
    index_without_query,
    narrow_key,
)


def findings(objects: Iterable[Declared]) -> list[Finding]:
    """Return what the rules find in a program, in the order of the rules."""
    program = Program(tuple(objects))
    return [finding for rule in RULES for finding in rule(program)]


def _at(one: Declared, rule: str, message: str) -> Finding:
    return Finding(rule, message, one.places)


def _has_all(inputs: dict[str, Any], column: str) -> bool:
    """Return whether an index has every row that an equality of its first column can find."""
    where = " ".join(str(inputs.get("where") or "").lower().split())
    return where in ("", f"{column} is not null")


def _first_word(text: str) -> str:
    match = _FIRST_WORD.match(text)
    return match[1] if match else text
