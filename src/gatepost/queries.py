"""The SQL that an application runs, one query a file, with what proofs and benchmarks need to know of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import InvalidDeclaration

_HEADER = re.compile(r"^-- (?P<key>as|index|parameter): ?(?P<value>.*)$")
_PARAMETER = re.compile(r"^(?P<name>[a-z_]+) (?P<type>[a-z]+) =(?: (?P<example>.+))?$")
_PLACEHOLDER = re.compile(r"(?<!%)%\((?P<name>[a-z_]+)\)s")


@dataclass(frozen=True)
class Parameter:
    """A named parameter of a query."""

    name: str
    type: str
    """Its PostgreSQL type."""
    example: str
    """A value to try the query with, or `{subject}` for something that the caller has at hand."""


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

    def arguments(self, subjects: Mapping[str, object], **given: object) -> dict[str, object]:
        """Return a value for each parameter: what is given, else its example with `subjects` filled in.

        :raises InvalidDeclaration: an example needs a subject that `subjects` lacks.
        """
        return {
            one.name: given[one.name] if one.name in given else self._example(one, subjects)
            for one in self.parameters
        }

    def _example(self, parameter: Parameter, subjects: Mapping[str, object]) -> object:
        if not (parameter.example.startswith("{") and parameter.example.endswith("}")):
            return int(parameter.example) if parameter.type == "int" else parameter.example
        subject = parameter.example[1:-1]
        if subject not in subjects:
            raise InvalidDeclaration(
                f'{self.path}: parameter "{parameter.name}" needs a subject "{subject}":'
                f" give it, there are {', '.join(sorted(subjects)) or 'none'}"
            )
        return subjects[subject]


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
        index=_only("index", header, path) if any(key == "index" for key, _ in header) else None,
        parameters=tuple(_parameter(value, path) for key, value in header if key == "parameter"),
        path=path,
    )
    _check_placeholders(query)
    return query


def _header(line: str, path: Path) -> tuple[str, str]:
    match = _HEADER.match(line)
    if match is None:
        raise InvalidDeclaration(f'{path}: header line "{line}": expected as:, index: or parameter:')
    return match["key"], match["value"]


def _only(key: str, header: list[tuple[str, str]], path: Path) -> str:
    values = [value for name, value in header if name == key]
    if len(values) != 1 or not values[0]:
        raise InvalidDeclaration(f'{path}: expected one line "-- {key}: …", got {len(values)}')
    return values[0]


def _parameter(text: str, path: Path) -> Parameter:
    match = _PARAMETER.match(text)
    if match is None:
        raise InvalidDeclaration(f'{path}: parameter "{text}": expected "<name> <type> = <example>"')
    return Parameter(match["name"], match["type"], match["example"] or "")


def _check_placeholders(query: Query) -> None:
    used = set(_PLACEHOLDER.findall(query.sql))
    declared = {parameter.name for parameter in query.parameters}
    if used != declared:
        raise InvalidDeclaration(
            f"{query.path}: the header declares {sorted(declared)}, the statement uses {sorted(used)}"
        )
