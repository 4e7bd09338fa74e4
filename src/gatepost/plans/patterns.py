"""Texts that match a regular expression, as SQL in terms of a row's number `n`."""

from __future__ import annotations

import re
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from gatepost.provider.sqltext import Part, joined, literal, part

_CLASSES = {
    "alpha": "a-zA-Z",
    "alnum": "a-zA-Z0-9",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\s",
    "punct": "!-/",
    "xdigit": "0-9a-f",
}
_ROOM = 8
"""A repeated class with room for so many characters takes the row's number."""
_PREFERRED = "a1A0_-.:/@"


def matching(pattern: str) -> Part | None:
    """Return SQL whose value matches `pattern`, another in each row where it has room; None: unknown."""
    posix = re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], ""), pattern)
    try:
        tree = parser.parse(posix.replace(r"\m", r"\b").replace(r"\M", r"\b"))
        pieces = _Writer().write(tree)
    except (re.error, NotImplementedError, OverflowError):
        return None
    return part("concat({pieces})", pieces=joined(pieces)) if pieces else literal("")


class _Writer:
    """Walks a parsed expression; the first class with room becomes the row's number."""

    def __init__(self) -> None:
        self._numbered = False

    def write(self, tree: Any) -> list[Part]:
        return [piece for kind, value in tree for piece in self._piece(kind, value)]

    def _piece(self, kind: Any, value: Any) -> list[Part]:
        if kind is kinds.AT:
            return []
        if kind is kinds.LITERAL:
            return [literal(chr(value))]
        if kind in (kinds.IN, kinds.ANY, kinds.NOT_LITERAL):
            return [literal(_one_of(kind, value))]
        if kind is kinds.SUBPATTERN:
            return self.write(value[3])
        if kind is kinds.BRANCH:
            return self.write(value[1][0])
        if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
            return self._repeated(*value)
        raise NotImplementedError(str(kind))

    def _repeated(self, least: int, most: int, tree: Any) -> list[Part]:
        kind, value = tree[0]
        if (
            not self._numbered
            and len(tree) == 1
            and most >= _ROOM
            and kind in (kinds.IN, kinds.ANY, kinds.NOT_LITERAL)
        ):
            number = self._number(kind, value, least)
            if number is not None:
                self._numbered = True
                return [number]
        return [piece for _ in range(least) for piece in self.write(tree)]

    def _number(self, kind: Any, value: Any, least: int) -> Part | None:
        filler = _one_of(kind, value)
        letters = [chr(code) for code in range(33, 127) if _fits(kind, value, chr(code))]
        digits = "".join(letter for letter in letters if letter.isdigit())
        if digits == "0123456789":
            return part(
                "lpad(n::text, greatest(length(n::text), {l}), {f})", l=raw_int(least), f=literal(filler)
            )
        if len(letters) < 10:
            return None
        return part(
            "translate(lpad(n::text, greatest(length(n::text), {l}), '0'), '0123456789', {letters})",
            l=raw_int(least),
            letters=literal("".join(letters[:10])),
        )


def raw_int(number: int) -> Part:
    """Return a number as SQL."""
    from psycopg import sql

    return sql.Literal(number)


def _one_of(kind: Any, value: Any) -> str:
    letter: str
    for letter in [*_PREFERRED, *map(chr, range(33, 127)), " "]:
        if _fits(kind, value, letter):
            return letter
    raise NotImplementedError("a class without printable characters")


def _fits(kind: Any, value: Any, letter: str) -> bool:
    if kind is kinds.ANY:
        return True
    if kind is kinds.NOT_LITERAL:
        return bool(ord(letter) != value)
    negated = bool(value) and value[0][0] is kinds.NEGATE
    found = any(_in(item, letter) for item in value)
    return found != negated


def _in(item: Any, letter: str) -> bool:
    kind, value = item
    if kind is kinds.LITERAL:
        return bool(ord(letter) == value)
    if kind is kinds.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    if kind is kinds.CATEGORY:
        tests = {
            kinds.CATEGORY_DIGIT: letter.isdigit(),
            kinds.CATEGORY_SPACE: letter.isspace(),
            kinds.CATEGORY_WORD: letter.isalnum() or letter == "_",
            kinds.CATEGORY_NOT_SPACE: not letter.isspace(),
            kinds.CATEGORY_NOT_DIGIT: not letter.isdigit(),
            kinds.CATEGORY_NOT_WORD: not (letter.isalnum() or letter == "_"),
        }
        return tests.get(value, False)
    return False
