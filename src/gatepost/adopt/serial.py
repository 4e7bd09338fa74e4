"""Columns of type serial: the sequence that PostgreSQL made for one is declared with it."""

from __future__ import annotations

from typing import Any

from gatepost.adopt.database import Database, Unexpressed
from gatepost.postgres.catalog import Key
from gatepost.provider.from_catalog.clauses import Clauses

_SERIAL = {"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}
_LONGEST = 63
_LARGEST = {"smallint": "32767", "integer": "2147483647", "bigint": "9223372036854775807"}
_USUAL = {"start": "1", "increment": "1", "minvalue": "1", "cache": "1", "cycle": False}


def fold(database: Database) -> None:
    """Give columns that own the sequence of their default the type `serial`.

    Such a sequence needs a declaration of its own only where it differs from what PostgreSQL makes.
    """
    absorbed: dict[Key, Key] = {}
    for key in [key for key in database.definitions if key.kind == "sequences"]:
        definition = database.definitions[key]
        if not definition.get("ownedBy"):
            continue
        schema, name, column_name = Clauses(definition["ownedBy"]).name()
        table = Key("tables", schema, name)
        if table not in database.definitions:
            _unowned(database, key, f"its owner {definition['ownedBy']} is not in the program")
            continue
        columns = database.definitions[table]["columns"]
        column = next(one for one in columns if one["name"] == column_name)
        if _is_serial(column, key):
            column["type"] = _SERIAL[column["type"]]
            del column["default"]
            database.needs[table].discard(key)
            alike = definition.get("unlogged") == database.definitions[table].get("unlogged")
            if alike and _is_usual(key, definition, table, column):
                absorbed[key] = table
            else:
                database.needs[key].add(table)
        elif key in database.needs[table]:
            _unowned(database, key, f"{definition['ownedBy']} owns it, which is also made with its help")
        else:
            database.needs[key].add(table)
    _absorb(database, absorbed)


def _is_serial(column: dict[str, Any], key: Key) -> bool:
    default = Clauses(column.get("default") or "")
    if column["type"] not in _SERIAL or column.get("nullable") or not default.take("nextval"):
        return False
    named = default.next()
    quoted, _, cast = named.inside.rpartition("::")
    return (
        default.is_done
        and cast == "regclass"
        and Clauses(quoted[1:-1].replace("''", "'")).name() == [key.schema, key.name]
    )


def _is_usual(key: Key, definition: dict[str, Any], table: Key, column: dict[str, Any]) -> bool:
    """Return whether the sequence is just as a serial column makes it."""
    type_ = next(plain for plain, serial in _SERIAL.items() if serial == column["type"])
    usual = {**_USUAL, "type": type_, "maxvalue": _LARGEST[type_]}
    return (
        (key.schema, key.name) == (table.schema, sequence_name(table.name, column["name"]))
        and all(definition[name] == value for name, value in usual.items())
        and not definition.get("privileges")
        and not definition.get("comment")
    )


def sequence_name(table: str, column: str) -> str:
    """Return the name that PostgreSQL gives a column's sequence: the longer of both names is cut first."""
    names = [table.encode(), column.encode()]
    while len(names[0]) + len(names[1]) > _LONGEST - len("__seq"):
        longer = 0 if len(names[0]) > len(names[1]) else 1
        names[longer] = names[longer][:-1]
    return "_".join([*(name.decode(errors="ignore") for name in names), "seq"])


def _absorb(database: Database, absorbed: dict[Key, Key]) -> None:
    """Let the tables stand for their sequences."""
    for key in absorbed:
        del database.definitions[key]
        del database.needs[key]
    for needs in database.needs.values():
        for key in needs & absorbed.keys():
            needs.discard(key)
            needs.add(absorbed[key])


def _unowned(database: Database, key: Key, reason: str) -> None:
    del database.definitions[key]["ownedBy"]
    database.unexpressed.append(Unexpressed(f"owner of sequence {key.schema}.{key.name}", reason))
