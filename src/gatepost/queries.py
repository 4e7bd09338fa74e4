"""The SQL that an application runs, one query a file, with what proofs and benchmarks need to know of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args
from uuid import UUID

from gatepost.errors import InvalidDeclaration
from gatepost.targets import INDEXED_QUERY, Target

Growth = Literal["constant", "log", "linear"]
"""How the pages that a query touches grow with the rows of its tables."""

_KEYS = ("as", "index", "parameter", "target", "grows")
_HEADER = re.compile(rf"^-- (?P<key>{'|'.join(_KEYS)}): ?(?P<value>.*)$")
_PARAMETER = re.compile(
    r"^(?P<name>[a-z_][a-z0-9_]*) (?P<type>[a-z][a-z0-9_. ]*(?:\[\])?) =(?: (?P<example>.+?))??"
    r"(?: ~ (?P<column>[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*){1,2}))?$"
)
_PLACEHOLDER = re.compile(r"(?<!%)%\((?P<name>[a-z_][a-z0-9_]*)\)s")
_SUBJECT = re.compile(r"^\{(?P<name>[a-z_][a-z0-9_]*)\}$")
_TARGET = re.compile(r"^(?P<limit>\d+(?:\.\d+)?) ms$")
_TRUTH = {"true": True, "false": False}


def _json(text: str) -> object:
    from psycopg.types.json import Jsonb

    return Jsonb(json.loads(text))


_READ: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("smallint", "int", "integer", "bigint"), int),
    "numeric": Decimal,
    "double precision": float,
    "boolean": _TRUTH.__getitem__,
    "uuid": UUID,
    "jsonb": _json,
}
"""How an example of a type is read; what is not here is text that PostgreSQL reads itself."""


@dataclass(frozen=True)
class Parameter:
    """A named parameter of a query."""

    name: str
    type: str
    """Its PostgreSQL type, for example `uuid`, `timestamptz`, `jsonb` or `uuid[]`."""
    example: str
    """A value to try the query with, or `{subject}` for something that the caller has at hand.

    An array's are separated by commas: `draft, published`."""
    drawn_from: str | None = None
    """The column, with its table, whose values the parameter takes as often as they stand there."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of the subjects that the example asks for."""
        return tuple(match["name"] for part in self._parts() if (match := _SUBJECT.match(part)))

    def value(self, subjects: Mapping[str, object]) -> object:
        """Return the example as psycopg takes it, with `subjects` filled in.

        :raises KeyError: `subjects` lacks one.
        :raises ValueError: the example is no value of the type.
        """
        if not self.type.endswith("[]"):
            return self._one(self.example, subjects)
        values = [self._one(part, subjects) for part in self._parts()]
        whole = len(values) == 1 and isinstance(values[0], list)
        return values[0] if whole else values

    def _parts(self) -> list[str]:
        if not self.type.endswith("[]"):
            return [self.example]
        return [part.strip() for part in self.example.split(",")] if self.example else []

    def _one(self, text: str, subjects: Mapping[str, object]) -> object:
        if match := _SUBJECT.match(text):
            return subjects[match["name"]]
        try:
            return _READ.get(self.type.removesuffix("[]"), str)(text)
        except (ArithmeticError, LookupError, ValueError) as error:
            raise ValueError(f'"{text}" is no {self.type.removesuffix("[]")}') from error


@dataclass(frozen=True)
class Query:
    """One query file."""

    name: str
    title: str
    """The first line: what the query is for."""
    sql: str
    """The statement, with psycopg's named placeholders."""
    role: str
    """The database role that runs it."""
    index: str | None
    """The index that is there for it."""
    parameters: tuple[Parameter, ...]
    path: Path
    target: Target = INDEXED_QUERY
    """The most that it may take on the server."""
    grows: Growth = "log"
    """How its work may grow with its tables."""

    def arguments(self, subjects: Mapping[str, object], **given: object) -> dict[str, object]:
        """Return a value for each parameter: what is given, else its example with `subjects` filled in.

        :raises InvalidDeclaration: an example needs a subject that `subjects` lacks.
        """
        return {
            one.name: given[one.name] if one.name in given else self._example(one, subjects)
            for one in self.parameters
        }

    def _example(self, parameter: Parameter, subjects: Mapping[str, object]) -> object:
        try:
            return parameter.value(subjects)
        except KeyError as error:
            raise InvalidDeclaration(
                f'{self.path}: parameter "{parameter.name}" needs a subject "{error.args[0]}":'
                f" give it, there are {', '.join(sorted(subjects)) or 'none'}"
            ) from None


def load(folder: Path) -> dict[str, Query]:
    """Return the queries of `folder`, for example `schema/integrations/queries`, by name.

    :raises InvalidDeclaration: there is none, or a file's header is not right.
    """
    paths = sorted(folder.glob("*.sql"))
    if not paths:
        raise InvalidDeclaration(f"{folder}: there is no query here: expected files named <query>.sql")
    return {path.stem: read(path) for path in paths}


def read(path: Path) -> Query:
    """Return the query of one file.

    :raises InvalidDeclaration: the header is not right, or parameters and placeholders differ.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    size = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    title, *rest = lines[:size] or [""]
    header = [_header(line, path) for line in rest]
    query = Query(
        name=path.stem,
        title=title.removeprefix("-- "),
        sql="\n".join(lines[size:]).strip().removesuffix(";"),
        role=_only("as", header, path),
        index=_optional("index", header, path),
        parameters=tuple(_parameter(value, path) for key, value in header if key == "parameter"),
        path=path,
        target=_target(_optional("target", header, path), path),
        grows=_growth(_optional("grows", header, path), path),
    )
    _check_placeholders(query)
    return query


def _header(line: str, path: Path) -> tuple[str, str]:
    match = _HEADER.match(line)
    if match is None:
        raise InvalidDeclaration(f'{path}: header line "{line}": expected {_named_keys()}')
    return match["key"], match["value"]


def _only(key: str, header: list[tuple[str, str]], path: Path) -> str:
    values = [value for name, value in header if name == key]
    if len(values) != 1 or not values[0]:
        raise InvalidDeclaration(f'{path}: expected one line "-- {key}: …", got {len(values)}')
    return values[0]


def _named_keys() -> str:
    *first, last = (f"{key}:" for key in _KEYS)
    return f"{', '.join(first)} or {last}"


def _optional(key: str, header: list[tuple[str, str]], path: Path) -> str | None:
    return _only(key, header, path) if any(name == key for name, _ in header) else None


def _target(text: str | None, path: Path) -> Target:
    if text is None:
        return INDEXED_QUERY
    match = _TARGET.match(text)
    if match is None:
        raise InvalidDeclaration(f'{path}: target "{text}": expected "<milliseconds> ms"')
    return replace(INDEXED_QUERY, what=path.stem.replace("_", " "), limit=float(match["limit"]))


def _growth(text: str | None, path: Path) -> Growth:
    for growth in get_args(Growth):
        if text in (growth, None):
            return "log" if text is None else growth
    raise InvalidDeclaration(f'{path}: grows "{text}": expected {", ".join(get_args(Growth))}')


def _parameter(text: str, path: Path) -> Parameter:
    match = _PARAMETER.match(text)
    if match is None:
        raise InvalidDeclaration(
            f'{path}: parameter "{text}": expected "<name> <type> = <example> [~ <table>.<column>]"'
        )
    parameter = Parameter(match["name"], match["type"], match["example"] or "", match["column"])
    try:
        parameter.value(dict.fromkeys(parameter.subjects))
    except ValueError as error:
        raise InvalidDeclaration(f'{path}: parameter "{text}": {error}') from error
    return parameter


def _check_placeholders(query: Query) -> None:
    used = set(_PLACEHOLDER.findall(query.sql))
    declared = {parameter.name for parameter in query.parameters}
    if used != declared:
        raise InvalidDeclaration(
            f"{query.path}: the header declares {sorted(declared)}, the statement uses {sorted(used)}"
        )
