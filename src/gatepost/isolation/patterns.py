"""Texts that a regular expression of PostgreSQL accepts."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from random import Random
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_CLASSES = {
    "[:space:]": r"\s",
    "[:digit:]": r"\d",
    "[:alnum:]": "a-zA-Z0-9",
    "[:alpha:]": "a-zA-Z",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:xdigit:]": "0-9a-fA-F",
    "[:punct:]": r"!-/:-@\[-`{-~",
    "[:word:]": r"\w",
}
_ALPHABET = string.ascii_lowercase + string.digits + "-_ ./:@" + string.ascii_uppercase
_MOST = 6
"""How often at most what may be repeated without end is."""


def matching(pattern: str, random: Random) -> str | None:
    """Return a text that the pattern accepts, None where the pattern is beyond us."""
    for name, chars in _CLASSES.items():
        pattern = pattern.replace(name, chars)
    try:
        return _Sample(random).of(parser.parse(pattern))
    except (re.error, KeyError, IndexError, RecursionError):
        return None


class _Sample:
    """Walks a parsed pattern and draws at each choice."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def of(self, parsed: Any) -> str:
        return "".join(self._one(code, argument) for code, argument in parsed)

    def _one(self, code: Any, argument: Any) -> str:
        draw: dict[Any, Callable[[Any], str]] = {
            codes.LITERAL: chr,
            codes.NOT_LITERAL: lambda given: self._but({chr(given)}),
            codes.ANY: lambda _given: self._random.choice(_ALPHABET),
            codes.IN: self._of_set,
            codes.MAX_REPEAT: self._repeated,
            codes.MIN_REPEAT: self._repeated,
            codes.BRANCH: lambda given: self.of(self._random.choice(given[1])),
            codes.SUBPATTERN: lambda given: self.of(given[-1]),
            codes.AT: lambda _given: "",
            codes.CATEGORY: lambda given: self._random.choice(_category(given)),
        }
        return draw[code](argument)

    def _repeated(self, given: Any) -> str:
        least, most, inner = given
        times = self._random.randint(int(least), min(int(most), int(least) + _MOST))
        return "".join(self.of(inner) for _ in range(times))

    def _of_set(self, given: Any) -> str:
        negated = given[0][0] is codes.NEGATE
        chars: set[str] = set()
        for code, argument in given[1:] if negated else given:
            if code is codes.LITERAL:
                chars.add(chr(argument))
            elif code is codes.RANGE:
                chars |= {chr(at) for at in range(argument[0], min(argument[1], argument[0] + 128) + 1)}
            elif code is codes.CATEGORY:
                chars |= set(_category(argument))
        return self._but(chars) if negated else self._random.choice(sorted(chars))

    def _but(self, chars: set[str]) -> str:
        return self._random.choice([one for one in _ALPHABET if one not in chars and one != " "])


def _category(code: Any) -> str:
    return {
        codes.CATEGORY_DIGIT: string.digits,
        codes.CATEGORY_SPACE: " \t",
        codes.CATEGORY_WORD: string.ascii_letters + string.digits + "_",
        codes.CATEGORY_NOT_SPACE: string.ascii_lowercase,
        codes.CATEGORY_NOT_DIGIT: string.ascii_lowercase,
        codes.CATEGORY_NOT_WORD: "-./",
    }[code]
