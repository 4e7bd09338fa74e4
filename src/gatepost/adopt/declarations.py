"""Inputs of a resource as the call that declares it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatepost.adopt.source import Call, Name
from gatepost.postgres.catalog import Key
from gatepost.provider.from_catalog.clauses import split

Inputs = Mapping[str, Any]
Refer = Callable[[Key], str | None]
"""The variable that holds the resource of an object; None where the program has none."""
_WORD_STARTS = re.compile(r"(?<!^)(?=[A-Z])")
_CONSTRAINTS = {
    "primary_key": "PrimaryKey",
    "unique": "Unique",
    "check": "Check",
    "foreign_key": "ForeignKey",
    "exclusion": "Exclusion",
}


@dataclass(frozen=True)
class Declared:
    """One object that the program declares."""

    key: Key
    token: str
    inputs: Inputs
    name: str
    """The resource's name."""
    sql_file: str | None = None
    """Where the object's whole statement stands, below its schema's folder; None: in the call."""

    @property
    def kind(self) -> str:
        """The class of the resource."""
        return self.token.rpartition(":")[2]


class CannotRefer(Exception):
    """An object that this one belongs to is not declared in the program."""


def call(one: Declared, refer: Refer) -> Call:
    """Return the call that declares the object.

    :raises CannotRefer: names what the program lacks.
    """
    given = {snake(name): value for name, value in one.inputs.items()}
    build = _BUILDERS.get(one.kind, _plain)
    return build(one, given, refer)


def _plain(one: Declared, given: dict[str, Any], refer: Refer) -> Call:  # noqa: ARG001
    return Call(one.kind, [one.name], _named(one, given))


def _named(one: Declared, given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments without what goes without saying."""
    if given.get("schema") == "public":
        del given["schema"]
    if given.get("name") == one.name:
        del given["name"]
    return given


def _table(one: Declared, given: dict[str, Any], refer: Refer) -> Call:
    above = [_named_relation(of["schema"], of["table"], refer) for of in given.pop("inherits", ())]
    columns = [column(values) for values in given.pop("columns")]
    if key := given.pop("partition_by", None):
        given["partition_by"] = _divided(key, given.pop("partitions", ()), None)
    given.pop("drop_undeclared", None)
    if "intent" in given:
        given["intent"] = Name("...")
    named = _named(one, given)
    first: dict[str, Any] = {name: named.pop(name) for name in ("schema", "name", "comment") if name in named}
    inherits = {"inherits": above} if above else {}
    return Call("Table", [one.name], {**first, "columns": columns, **inherits, **named})


def _divided(key: str, partitions: Sequence[Inputs], of: str | None) -> Call:
    """Return how a table, or the partition `of`, is divided."""
    strategy, _, columns = key.partition(" ")
    parts = [_partition(one, partitions) for one in partitions if one.get("of") == of]
    return Call(strategy.title(), [split(columns[1:-1]), parts])


def _partition(values: Inputs, partitions: Sequence[Inputs]) -> Call:
    given = {snake(name): value for name, value in values.items() if name != "of"}
    if key := given.pop("partition_by", None):
        given["partition_by"] = _divided(key, partitions, values["name"])
    return Call("Partition", [given.pop("name"), given.pop("bounds")], given)


def column(values: Inputs) -> Call:
    """Return the call that declares a column."""
    given = {snake(name): value for name, value in values.items()}
    first = [given.pop("name"), given.pop("type")]
    given |= {name: given.pop(name) for name in ("comment",) if name in given}
    if change := given.get("change"):
        given["change"] = Call("ColumnChange", [], dict(change))
    return Call("Column", first, given)


def _constraint(one: Declared, given: dict[str, Any], refer: Refer) -> Call:
    kind, first = given.pop("kind"), [one.name, _relation(given, refer)]
    named = _named(one, given)
    if kind == "check":
        first.append(named.pop("expression"))
    elif kind == "exclusion":
        first.append({one["element"]: one["operator"] for one in named.pop("elements")})
    else:
        first.append(named.pop("columns"))
    if kind == "foreign_key":
        there = named.pop("references")
        variable = _named_relation(there["schema"], there["table"], refer)
        of = {} if there["columns"] == ["id"] else {"columns_of": there["columns"]}
        named = {"references": variable, **of, **named}
    return Call(_CONSTRAINTS[kind], first, named)


def _index(one: Declared, given: dict[str, Any], refer: Refer) -> Call:
    first = [one.name, _relation(given, refer), given.pop("columns")]
    return Call("Index", first, _named(one, given))


def _policy(one: Declared, given: dict[str, Any], refer: Refer) -> Call:
    first = [one.name, _relation(given, refer)]
    return Call("Policy", first, _named(one, given))


def _trigger(one: Declared, given: dict[str, Any], refer: Refer) -> Call:
    first = [one.name, _relation(given, refer)]
    schema, _, name = given.pop("function").partition(".")
    variable = refer(Key("functions", schema, name))
    function = Name(variable) if variable else f"{schema}.{name}"
    return Call("Trigger", first, {"function": function, **_named(one, given)})


def _from_file(one: Declared, given: dict[str, Any], refer: Refer) -> Call:  # noqa: ARG001
    sql = given.pop("sql")
    named = _named(one, given)
    text = Name(f"SQL / {_quoted(one.sql_file)}") if one.sql_file else sql
    return Call(one.kind, [one.name], {"sql": text, **named})


def _type(one: Declared, given: dict[str, Any], refer: Refer) -> Call:  # noqa: ARG001
    kind, named = given.pop("kind"), _named(one, given)
    if kind == "enum":
        return Call("Enum", [one.name, named.pop("values", [])], named)
    if kind == "domain":
        return Call("Domain", [one.name, named.pop("type")], named)
    attributes = [
        Call("Attribute", [values["name"], values["type"]], _but(values, "name", "type"))
        for values in named.pop("attributes", [])
    ]
    return Call("Composite", [one.name, attributes], named)


def _but(values: Inputs, *names: str) -> dict[str, Any]:
    return {snake(name): value for name, value in values.items() if name not in names}


def _publication(one: Declared, given: dict[str, Any], refer: Refer) -> Call:
    tables = [_published(values, refer) for values in given.pop("tables", [])]
    return Call("Publication", [one.name, *([tables] if tables else [])], _named(one, given))


def _published(values: Inputs, refer: Refer) -> Any:
    table = _named_relation(values["schema"], values["table"], refer)
    part = _but(values, "schema", "table")
    return Call("Published", [table], part) if part else table


_BUILDERS: dict[str, Callable[[Declared, dict[str, Any], Refer], Call]] = {
    "Table": _table,
    "Constraint": _constraint,
    "Index": _index,
    "Policy": _policy,
    "Trigger": _trigger,
    "Function": _from_file,
    "View": _from_file,
    "Verbatim": _from_file,
    "MaterializedView": _from_file,
    "Type": _type,
    "Publication": _publication,
}


def _relation(given: dict[str, Any], refer: Refer) -> Name:
    """Return the variable of the table or view that the object belongs to, which says schema and name."""
    return _named_relation(given.pop("schema"), given.pop("table"), refer)


def _named_relation(schema: str, table: str, refer: Refer) -> Name:
    for kind in ("tables", "views", "materialized_views"):
        if variable := refer(Key(kind, schema, table)):
            return Name(variable)
    if variable := refer(Key("partitions", schema, table)):
        return Name(f"{variable}.partition({_quoted(table)})")
    raise CannotRefer(f"{schema}.{table}")


def snake(name: str) -> str:
    """Return a name on the wire as Python's argument is called: `rowSecurity` → `row_security`."""
    return _WORD_STARTS.sub("_", name).lower()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
