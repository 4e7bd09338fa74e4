"""Statements as the protocol wants them: numbered placeholders, and the order of the parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, LiteralString

from gatepost.errors import UsageError
from gatepost.queries import Query

if TYPE_CHECKING:
    from psycopg.sql import Composable

    Statement = Query | LiteralString | Composable
    """What a transaction runs: a query file's, a constant, or composed with `psycopg.sql`."""

_TOKEN = re.compile(r"%(?:\((?P<name>\w+)\)s|(?P<percent>%)|(?P<wrong>.|$))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One statement, ready to send."""

    sql: bytes
    names: tuple[str, ...]
    """The parameters' names, in the order of `$1`, `$2` …"""
    is_kept: bool = True
    """Whether the server is to keep it prepared: not for text that is composed anew each time."""
    takes_text: bool = False
    """Whether its parameters are plain text, so that nothing needs to find out how each value is sent."""

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the parameters in order.

        :raises UsageError: one is missing or not known.
        """
        if len(parameters) == len(self.names):
            try:
                return [parameters[name] for name in self.names]
            except KeyError:
                pass
        known, given = ", ".join(sorted(self.names)) or "none", ", ".join(sorted(parameters)) or "none"
        raise UsageError(f"the statement has the parameters {known}, given were {given}")


def compiled(statement: Statement, parameters: Mapping[str, Any]) -> Compiled:
    """Return the statement ready to send; as in psycopg, `%` is plain text where there are no parameters."""
    if isinstance(statement, Query):
        return _compile(statement.sql, bool(parameters or statement.parameters), True)
    if isinstance(statement, str):
        return _compile(statement, bool(parameters), True)
    return _compile(statement.as_string(None), bool(parameters), False)


@lru_cache(maxsize=2048)
def _compile(sql: str, has_parameters: bool, is_kept: bool) -> Compiled:
    if not has_parameters:
        return Compiled(sql.encode(), (), is_kept)
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match["percent"]:
            return "%"
        if match["name"] is None:
            raise UsageError(f"placeholder {match[0]!r}: expected %(name)s, or %% for a percent sign")
        return f"${numbers.setdefault(match['name'], len(numbers) + 1)}"

    return Compiled(_TOKEN.sub(number, sql).encode(), tuple(numbers), is_kept)
