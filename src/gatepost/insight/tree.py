"""SQL as trees of plain data, parsed by PostgreSQL's own grammar."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import Any

Node = Any
PARSER = Lock()
"""PostgreSQL's parser works without Python's lock: plans are made in several threads, it parses in one."""


class WrongSQL(ValueError):
    """An SQL text that PostgreSQL would refuse; `offset` counts characters."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@lru_cache(maxsize=64)
def statements(sql: str) -> list[Node]:
    """Return the statements of `sql`, each as `{"SelectStmt": {…}}`; nobody may change them.

    :raises WrongSQL: a syntax error.
    """
    from pglast.parser import ParseError, parse_sql_json

    try:
        with PARSER:
            parsed = parse_sql_json(sql)
    except ParseError as error:
        message, offset = str(error.args[0]), error.args[1]
        # pglast takes PostgreSQL's count of characters for bytes.
        at = len(sql) if offset is None else len(sql[:offset].encode())
        raise WrongSQL(message, at) from None
    return [one["stmt"] for one in json.loads(parsed).get("stmts", ()) if "stmt" in one]


def routines(sql: str) -> list[Node]:
    """Return the PL/pgSQL bodies in `sql`.

    :raises WrongSQL: a body is wrong in itself, or says what only a server understands; no place is known.
    """
    from pglast.parser import ParseError, parse_plpgsql_json

    try:
        with PARSER:
            parsed = parse_plpgsql_json(sql)
    except ParseError as error:
        raise WrongSQL(str(error.args[0]), -1) from None
    return list(json.loads(parsed))


def items(node: Node) -> list[Node]:
    """Return the members of a list, wrapped in a node or not; nothing for nothing."""
    if isinstance(node, dict):
        node = node.get("List", node).get("items", ())
    return list(node or ())


def words(node: Node) -> list[str]:
    """Return a name's parts; a star is `*`."""
    return [part.get("String", {}).get("sval", "*") for part in node or ()]


def found(node: Node, kind: str) -> Iterator[Node]:
    """Yield every node of one kind, however deep."""
    if isinstance(node, list):
        for one in node:
            yield from found(one, kind)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == kind:
                yield value
            if isinstance(value, dict | list):
                yield from found(value, kind)


def offset_of(node: Node) -> int:
    """Return where the node begins, in bytes; -1 where that is not known.

    What stands at the beginning has no location: PostgreSQL's tree leaves a zero out.
    """
    return int(node.get("location", 0))
