"""Values that a column may well take: by its type, and by what its constraints speak of."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from gatepost.intent import Value
from gatepost.isolation.meaning import equal
from gatepost.isolation.patterns import matching
from gatepost.isolation.structure import ColumnFacts, TableFacts

_TEXT = re.compile(r"(?P<match>!?~\*?\s*)?'(?P<text>(?:[^']|'')*)'")
_NUMBER = re.compile(r"(?<![\w'.])-?\d+(?:\.\d+)?(?![\w'])")
_LENGTH = re.compile(r"\((\d+)\)")
_TRIES = 40
_NULL = 0.3
"""How often what may be null is."""


class Candidates:
    """Draws values for the columns of one table."""

    def __init__(self, facts: TableFacts, random: Random) -> None:
        self._facts = facts
        self._random = random
        self._said = {name: self._speaking_of(name) for name in facts.columns}

    def _speaking_of(self, column: str) -> tuple[list[str], list[str]]:
        """Return the literals and the patterns of all that constrains a column."""
        texts = [key.definition for key in self._facts.of_kind("c") if column in key.columns]
        texts += self._facts.columns[column].domain_checks
        if column in self._facts.partition_columns:
            texts += self._facts.bounds
        literals, patterns = list[str](), list[str]()
        for text in texts:
            for found in _TEXT.finditer(text):
                plain = found["text"].replace("''", "'")
                (patterns if found["match"] else literals).append(plain)
            numbers = [int(float(number)) for number in _NUMBER.findall(text)]
            literals += [str(number + step) for number in numbers for step in (0, 1, -1)]
        return literals, [pattern for pattern in patterns if pattern]

    def draw(self, column: str, *, null: bool = True) -> str | None:
        """Return a value as PostgreSQL reads it; None is null."""
        facts = self._facts.columns[column]
        if null and not facts.required and self._random.random() < _NULL:
            return None
        if facts.labels:
            return self._random.choice(facts.labels)
        return self._of_type(facts, column)

    def other(self, column: str, values: Sequence[Value]) -> str | None:
        """Return a value that is none of these; None where none is drawn."""
        tried = (self.draw(column, null=False) for _ in range(_TRIES))
        return next((one for one in tried if not any(equal(one, value) for value in values)), None)

    def _of_type(self, facts: ColumnFacts, column: str) -> str:
        literals, patterns = self._said[column]
        fitting = _fitting(facts, literals)
        if patterns and self._random.random() < 0.8:
            made = matching(self._random.choice(patterns), self._random)
            if made is not None:
                return _cut(made, facts.type)
        if fitting and self._random.random() < 0.7:
            return self._random.choice(fitting)
        return _cut(self._plain(facts.short_type, facts.category, facts.element), facts.type)

    def _plain(self, short: str, category: str, element: str | None) -> str:
        if category == "A":
            inner = self._plain(_SHORT.get(element or "", element or "text"), "", None)
            return self._random.choice(["{}", "{" + inner + "}"]) if "," not in inner else "{}"
        make = _MAKERS.get(short)
        if make is None:
            return self._random.choice(["", "0", "a", "{}", "()"])
        return make(self._random)


_SHORT = {"timestamp with time zone": "timestamptz", "integer": "int4", "bigint": "int8", "boolean": "bool"}


def _fitting(facts: ColumnFacts, literals: Iterable[str]) -> list[str]:
    if facts.category == "N":
        return [one for one in literals if re.fullmatch(r"-?\d+(\.\d+)?", one)]
    if facts.category == "D":
        return [one for one in literals if re.match(r"\d{4}-\d\d-\d\d", one)]
    if facts.category == "T":
        return [one for one in literals if re.search(r"\d+:\d\d|\d \w+", one)]
    if facts.category == "S":
        return [one for one in literals if not re.fullmatch(r"-?\d+", one)]
    return []


def _cut(text: str, type_: str) -> str:
    length = _LENGTH.search(type_) if type_.startswith("character") else None
    return text[: int(length[1])] if length else text


def word(random: Random) -> str:
    """Return a word, short or long, that is hardly ever drawn twice."""
    return "".join(random.choices(string.ascii_lowercase, k=random.choice((1, 6, 9, 12, 24, 48))))


def uuid(random: Random) -> str:
    """Return a random UUID."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _number(random: Random) -> str:
    return str(random.choice((0, 1, 2, random.randint(1, 30_000))))


def _time(random: Random) -> str:
    return (datetime.now(UTC) + timedelta(minutes=random.randint(-40_000, 40_000))).isoformat()


def _range(make: Callable[[Random], str]) -> Callable[[Random], str]:
    def draw(random: Random) -> str:
        low, high = sorted((make(random), make(random)))
        return f"[{low},{high}]"

    return draw


def _whole_range(random: Random) -> str:
    low = random.randint(0, 500)
    return f"[{low},{low + random.randint(1, 500)})"


_MAKERS: dict[str, Callable[[Random], str]] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "citext"), word),
    **dict.fromkeys(("int2", "int4", "int8", "numeric", "float4", "float8", "money", "oid"), _number),
    **dict.fromkeys(("json", "jsonb"), lambda random: random.choice(("{}", '{"a": 1}', "[]", '"x"', "1"))),
    **dict.fromkeys(("timestamptz", "timestamp", "date"), _time),
    **dict.fromkeys(("int4range", "int8range", "numrange"), _whole_range),
    **dict.fromkeys(("tstzrange", "tsrange", "daterange"), _range(lambda random: _time(random)[:10])),
    "uuid": uuid,
    "bool": lambda random: random.choice(("true", "false")),
    "time": lambda random: f"{random.randint(0, 23):02}:00",
    "timetz": lambda random: f"{random.randint(0, 23):02}:00+00",
    "interval": lambda random: random.choice(("1 hour", "1 day", "5 minutes", "30 days")),
    "bytea": lambda random: f"\\x{random.getrandbits(32):08x}",
    "inet": lambda random: f"10.{random.randint(0, 255)}.{random.randint(0, 255)}.1",
    "cidr": lambda random: f"10.{random.randint(0, 255)}.0.0/16",
    "macaddr": lambda random: f"08:00:2b:01:02:{random.randint(0, 255):02x}",
    "char": lambda random: random.choice(string.ascii_lowercase),
    "bit": lambda _random: "1",
    "varbit": lambda _random: "101",
    "tsvector": lambda _random: "a:1",
    "tsquery": lambda _random: "a",
    "xml": lambda _random: "<a/>",
    "point": lambda _random: "(0,0)",
    "box": lambda _random: "(1,1),(0,0)",
    "pg_lsn": lambda _random: "0/1",
}
