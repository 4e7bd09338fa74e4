"""The definitions that PostgreSQL prints, taken apart into clauses as they stand: nothing is rephrased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gatepost.insight.tree import PARSER

_OPEN, _CLOSE, _COMMA = ("ASCII_40", "ASCII_91"), ("ASCII_41", "ASCII_93"), "ASCII_44"


@dataclass(frozen=True)
class Word:
    """One word, or one group in parentheses with all that is in it."""

    text: str
    start: int
    end: int
    is_name: bool = False

    @property
    def inside(self) -> str:
        """What stands between a group's parentheses."""
        return self.text[1:-1].strip()

    @property
    def is_group(self) -> bool:
        """Whether it is a group in parentheses."""
        return self.text.startswith("(")


class Clauses:
    """A printed definition, read from left to right."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._words = list(_words(sql))
        self._at = 0

    def take(self, *words: str) -> bool:
        """Step over these keywords, if they come next."""
        ahead = self._words[self._at : self._at + len(words)]
        if [word.text.lower() for word in ahead] != list(words) or any(word.is_name for word in ahead):
            return False
        self._at += len(words)
        return True

    def skip_to(self, *words: str) -> None:
        """Step over everything up to and with these keywords."""
        while not self.take(*words):
            self._at += 1

    def next(self) -> Word:
        """Step over one word and return it."""
        self._at += 1
        return self._words[self._at - 1]

    def group(self) -> str:
        """Step over what stands in parentheses, if that comes next, and return what is in them."""
        if self.is_done or not self._words[self._at].is_group:
            return ""
        return self.next().inside

    def name(self) -> list[str]:
        """Step over a name, with its schema where it has one, and return its parts."""
        parts = [unquoted(self.next().text)]
        while self._at < len(self._words) and self._words[self._at].text == ".":
            self._at += 1
            parts.append(unquoted(self.next().text))
        return parts

    def until(self, *ends: tuple[str, ...]) -> str:
        """Step over everything before the first of these keyword sequences, and return it as it stands."""
        start = end = self._at
        while end < len(self._words) and not any(self._ahead(end, words) for words in ends):
            end += 1
        self._at = end
        if start == end:
            return ""
        return self._sql[self._words[start].start : self._words[end - 1].end]

    def _ahead(self, at: int, words: tuple[str, ...]) -> bool:
        there = self._words[at : at + len(words)]
        return tuple(word.text.lower() for word in there) == words

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._words)

    @property
    def rest(self) -> str:
        """What is left, as it stands."""
        return "" if self.is_done else self._sql[self._words[self._at].start :]


def _tokens(sql: str) -> list[Any]:
    from pglast.parser import scan

    with PARSER:
        return list(scan(sql))


def _words(sql: str) -> Iterator[Word]:
    depth = start = 0
    for token in _tokens(sql):
        if token.name in _OPEN:
            start = token.start if depth == 0 else start
            depth += 1
        elif token.name in _CLOSE:
            depth -= 1
            if depth == 0:
                yield Word(sql[start : token.end + 1], start, token.end + 1)
        elif depth == 0:
            yield Word(sql[token.start : token.end + 1], token.start, token.end + 1, sql[token.start] == '"')


def split(sql: str) -> list[str]:
    """Return the elements of a list that commas separate, each as it stands."""
    depth = start = 0
    parts = []
    for token in _tokens(sql):
        depth += (token.name in _OPEN) - (token.name in _CLOSE)
        if token.name == _COMMA and depth == 0:
            parts.append(sql[start : token.start].strip())
            start = token.end + 1
    return [*parts, sql[start:].strip()] if sql.strip() else []


def names(sql: str) -> list[str]:
    """Return the names in a list of columns."""
    return [unquoted(part) for part in split(sql)]


def unquoted(name: str) -> str:
    """Return a name as the catalog has it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def bare(expression: str) -> str:
    """Return an expression without the parentheses around the whole of it."""
    words = list(_words(expression))
    while len(words) == 1 and words[0].is_group:
        inside = words[0].inside
        if len(split(inside)) != 1 or inside[:7].lower().startswith(("select", "with")):
            break
        expression, words = inside, list(_words(inside))
    return expression
