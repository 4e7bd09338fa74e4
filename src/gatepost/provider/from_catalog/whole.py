"""Tables, functions and views as a program would declare them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gatepost.errors import UnsupportedFeature
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog.clauses import bare
from gatepost.provider.materialized_view import head as materialized_view_head
from gatepost.provider.sqltext import ident, literal, raw, text
from gatepost.provider.view import head as view_head

Inputs = dict[str, Any]
_SHORT = {
    re.compile(r"^timestamp(\(\d\))? with time zone"): r"timestamptz\1",
    re.compile(r"^timestamp(\(\d\))? without time zone"): r"timestamp\1",
    re.compile(r"^time(\(\d\))? without time zone"): r"time\1",
    re.compile(r"^character varying"): "varchar",
}
_NOTHING: tuple[object, ...] = (None, False, "off", {}, [], "")


def table(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a table: its definition has their names."""
    given = {name: value for name, value in definition.items() if value not in _NOTHING}
    given.pop("owner", None)
    if "partitionBy" in given:
        given["partitionBy"] = _lower(given["partitionBy"])
    if "partitions" in given:
        given["partitions"] = [_partition(one) for one in given["partitions"]]
    columns = [_column(one) for one in definition["columns"]]
    return {"schema": key.schema, "name": key.name, **given, "columns": columns}


def _partition(definition: Definition) -> Inputs:
    """Return a partition with what it has of its own: no privileges, or no row security, are that too."""
    given = {name: value for name, value in definition.items() if value is not None}
    if "partitionBy" in given:
        given["partitionBy"] = _lower(given["partitionBy"])
    return {**given, "bounds": _lower(given["bounds"])}


def _lower(text: str) -> str:
    """Return SQL with its first keyword as people write it."""
    head, blank, rest = text.partition(" ")
    return head.lower() + blank + rest.replace(") TO (", ") to (")


def _column(definition: Definition) -> Inputs:
    given = {name: value for name, value in definition.items() if value not in _NOTHING}
    for name in ("default", "generated"):
        if name in given:
            given[name] = bare(given[name])
    given["type"] = short(given["type"])
    return given


def short(type_: str) -> str:
    """Return a type by the shorter of its names."""
    for long, name in _SHORT.items():
        type_ = long.sub(name, type_)
    return type_


def function(_key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a function: its whole statement, as PostgreSQL prints it."""
    sql = definition["definition"].replace("CREATE OR REPLACE ", "CREATE ", 1)
    return {"sql": sql, **_remarks(definition)}


def view(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a view: its whole statement."""
    head = view_head(ident(key.schema, key.name), definition)
    return {"sql": head + definition["definition"], **_remarks(definition)}


def materialized_view(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a materialized view: its whole statement."""
    head = materialized_view_head(ident(key.schema, key.name), definition)
    return {"sql": head + definition["definition"], **_remarks(definition)}


def _remarks(definition: Definition) -> Inputs:
    given = {name: definition.get(name) for name in ("privileges", "comment", "columnComments")}
    return {name: value for name, value in given.items() if value not in _NOTHING}


_LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def sequence(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a sequence without what a sequence has by itself."""
    numbers = {
        name: int(definition[name]) for name in ("start", "increment", "minvalue", "maxvalue", "cache")
    }
    rising, largest = numbers["increment"] > 0, _LIMITS[definition["type"]]
    usual = {"minvalue": 1, "maxvalue": largest} if rising else {"minvalue": -largest - 1, "maxvalue": -1}
    usual["start"] = numbers["minvalue"] if rising else numbers["maxvalue"]
    given = {name: number for name, number in numbers.items() if usual.get(name) != number}
    rest = {
        name: definition.get(name)
        for name in ("type", "cycle", "ownedBy", "unlogged", "privileges", "comment")
    }
    return {"schema": key.schema, "name": key.name, **given, **_said(rest)}


def plain(key: Key, definition: Definition) -> Inputs:
    """Return inputs that the definition has under their own names."""
    given = {name: value for name, value in definition.items() if name != "owner"}
    return {**({"schema": key.schema} if key.schema else {}), "name": key.name, **_said(given)}


def type_(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of an enum, domain or composite type."""
    given = plain(key, definition)
    if "type" in given:
        given["type"] = short(given["type"])
    if "checks" in given:
        given["checks"] = {
            name: bare(check.removesuffix(" not valid")) for name, check in given["checks"].items()
        }
    if "attributes" in given:
        given["attributes"] = [{**one, "type": short(one["type"])} for one in given["attributes"]]
    return given


def _said(given: Inputs) -> Inputs:
    return {name: value for name, value in given.items() if value is not None and value not in ({}, [])}


def verbatim(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a property, rule or statistics object; the catalog has no statement of others."""
    if "sql" in definition:
        return {"creates": key.name, "sql": definition["sql"]}
    if "definition" not in definition:
        raise UnsupportedFeature(f"{key.name}: write down the statements that make it, as pg_dump shows them")
    return {"creates": key.name, "sql": ";\n".join(_statements(key.name, definition))}


_ENABLED = {"D": "disable", "R": "enable replica", "A": "enable always"}


def _statements(name: str, definition: Definition) -> Iterator[str]:
    yield definition["definition"].rstrip().rstrip(";")
    if definition.get("enabled", "O") != "O":
        rule, _, table = name.removeprefix("rule ").rpartition(" on ")
        yield f"alter table {table} {_ENABLED[definition['enabled']]} rule {rule}"
    if "target" in definition:
        yield f"alter {name} set statistics {definition['target']}"
    if "comment" in definition:
        yield text("comment on {what} is {said}", what=raw(name), said=literal(definition["comment"]))
