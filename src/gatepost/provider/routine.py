"""What the text of a function says of its rights and its body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.insight.tree import PARSER
from gatepost.provider.implication import plain
from gatepost.provider.insight import parse

_COMMENTS = ("SQL_COMMENT", "C_COMMENT")


@dataclass(frozen=True)
class Routine:
    """A function or procedure, as far as it decides who sees what."""

    is_definer: bool
    search_path: tuple[str, ...] | None
    """Where names are looked up while it runs; None where the caller decides."""
    body: tuple[Any, ...]
    """Its language and body, the same for every layout and with any comments."""
    is_leakproof: bool = False
    query: Any = None
    """The tree of the one query that it consists of, if it does."""

    @classmethod
    def of(cls, sql: str) -> Routine:
        """Read a `create function` or `create procedure` statement."""
        return _read(sql)


@lru_cache(maxsize=1 << 12)
def _read(sql: str) -> Routine:
    from pglast import ast

    (statement,) = parse(sql, "function")
    given: dict[str, Any] = {one.defname: one.arg for one in statement.options or ()}
    texts = tuple(str(one.sval) for one in _listed(given.get("as")))
    language = given["language"].sval.lower() if "language" in given else "sql"
    leakproof = "leakproof" in given and bool(given["leakproof"].boolval)
    if statement.sql_body is not None:
        return Routine(_is_definer(given), _path(statement), (plain(statement.sql_body),), leakproof)
    queries = _queries(texts[0]) if language == "sql" else []
    alone = len(queries) == 1 and isinstance(queries[0], ast.SelectStmt)
    body = (language, *(_words(text) for text in texts))
    return Routine(_is_definer(given), _path(statement), body, leakproof, queries[0] if alone else None)


def _queries(text: str) -> list[Any]:
    """Return a body's statements; of one that is no SQL nothing is known."""
    try:
        return parse(text, "function")
    except InvalidDeclaration:
        return []


def _is_definer(given: dict[str, Any]) -> bool:
    return "security" in given and bool(given["security"].boolval)


def _listed(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, tuple) else (given,)


def _path(statement: Any) -> tuple[str, ...] | None:
    settings = [one.arg for one in statement.options or () if one.defname == "set"]
    paths = [one for one in settings if one.name == "search_path" and one.args]
    return tuple(str(one.val.sval) for one in paths[-1].args) if paths else None


def _words(text: str) -> tuple[str, ...]:
    """Return a body word by word, without its comments."""
    from pglast.parser import ParseError, scan

    try:
        with PARSER:
            found = scan(text)
    except ParseError:  # other languages have other words
        return (text,)
    return tuple(text[one.start : one.end + 1] for one in found if one.name not in _COMMENTS)
