"""A declaration that would accept what the database has now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gatepost.adopt.database import partitions
from gatepost.adopt.declarations import CannotRefer, Declared, call
from gatepost.adopt.order import identifier
from gatepost.adopt.source import Call, assignment
from gatepost.engine.model import SECRET, Drift, urn_name, urn_type
from gatepost.errors import GatepostError
from gatepost.exported import Resource, is_ours, known_inputs
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog import inputs_of, token_of
from gatepost.provider.kinds import KINDS, kind_of
from gatepost.provider.refusal import field_names


@dataclass(frozen=True)
class Addition:
    """What somebody made by hand in the midst of what a program declares."""

    urn: str
    """What its resource would be called."""
    key: Key
    definition: Definition


@dataclass(frozen=True)
class Variables:
    """What the resources of a program are probably called in it: by their names."""

    _names: dict[Key, str] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Variables:
        """Take the resources of a stack's exported state."""
        found, tables = {}, {}
        for resource in filter(is_ours, resources):
            kind, given = kind_of(resource["type"]), known_inputs(resource)
            if key := kind.key(kind.inputs.model_validate(given)):
                found[key], tables[key] = identifier(urn_name(resource["urn"])), given
        for part, table in partitions(tables).items():
            found[Key("partitions", part.schema, part.name)] = found[table]
        functions = {key: name for key, name in found.items() if key.kind == "functions"}
        found |= {Key("functions", key.schema, key.name): name for key, name in functions.items()}
        return cls(found)

    def refer(self, key: Key) -> str | None:
        """Return the variable of an object's resource; None where there is none."""
        return self._names.get(key)


def accepting(drift: Drift, variables: Variables) -> str | None:
    """Return the piece of a program with which the object is as it should be; None where there is none.

    Of a table it has just the columns and partitions that differ; of what has a file, the file's text.
    """
    kind = KINDS.get(urn_type(drift.urn))
    if kind is None:
        return None
    if drift.new is None:
        return "# nothing: take its declaration out of the program"
    then, now = drift.old.get("definition"), drift.new.get("definition")
    if not isinstance(then, dict) or not isinstance(now, dict) or SECRET in str(now):
        return None
    names = field_names(kind.inputs)
    declared = {name: value for name, value in drift.old.items() if name in names and value is not None}
    key = kind.key(kind.inputs.model_validate(declared))
    try:
        return _changed(key, drift, then, now, variables) if key else None
    except (GatepostError, CannotRefer) as error:
        return f"# {error}"


def importing(added: Addition, variables: Variables) -> str:
    """Return the piece of a program that takes an object over which somebody made by hand."""
    try:
        given = inputs_of(added.key, added.definition)
        kind = kind_of(token_of(added.key))
        identity = kind.identify(kind.inputs.model_validate(given))
        made = _call(added.key, added.urn, given, f"{urn_name(added.urn)}.sql", variables)
    except (GatepostError, CannotRefer) as error:
        return f"# {error}"
    options = Call("pulumi.ResourceOptions", [], {"import_": identity})
    text = assignment(None, Call(made.function, made.arguments, {**made.named, "opts": options}))
    return f"{text}\n{_statement(given)}" if "sql" in given else text


def _changed(key: Key, drift: Drift, then: Definition, now: Definition, variables: Variables) -> str:
    was, is_ = (_inputs(key, one) for one in (then, now))
    if was == is_:
        what = ", ".join(sorted(name for name in {*then, *now} if then.get(name) != now.get(name)))
        return f"# nothing: no declaration says that ({what}); `gatepost refresh` takes it over as it is"
    if is_.get("owner") == then.get("owner"):
        was, is_ = ({name: one[name] for name in one if name != "owner"} for one in (was, is_))
    file = str(drift.old.get("file") or f"{key.name}.sql").removeprefix("schema/")
    made, before = (_call(key, drift.urn, one, file, variables) for one in (is_, was))
    if "sql" not in is_:
        return _shortened(made, before)
    return assignment(None, made) if was["sql"] == is_["sql"] else _statement(is_)


def _inputs(key: Key, definition: Definition) -> dict[str, Any]:
    """Return the inputs of a definition, its owner among them where that is declared."""
    given = inputs_of(key, definition)
    owned = "owner" in kind_of(token_of(key)).inputs.model_fields
    return {**given, "owner": definition["owner"]} if owned else given


def _statement(given: dict[str, Any]) -> str:
    return str(given["sql"]).rstrip() + ";"


def _call(key: Key, urn: str, inputs: dict[str, Any], file: str, variables: Variables) -> Call:
    name, token = urn_name(urn), urn_type(urn)
    return call(Declared(key, token, inputs, name, sql_file=file), variables.refer)


def _shortened(now: Call, then: Call) -> str:
    """Leave out the columns and partitions of a table that are as they were; name those that are gone."""
    if now.function != "Table":
        return assignment(None, now)
    named, gone = dict(now.named), []
    columns, before = named["columns"], then.named["columns"]
    named["columns"] = [one for one in columns if one not in before]
    gone += _gone("column", before, columns)
    divided, was = named.pop("partition_by", None), then.named.get("partition_by")
    if isinstance(divided, Call) and isinstance(was, Call) and divided != was:
        parts, others = divided.arguments[1], was.arguments[1]
        gone += _gone("partition", others, parts)
        differing = [one for one in parts if one not in others]
        named["partition_by"] = Call(divided.function, [divided.arguments[0], differing])
    without = f"# without {', '.join(gone)}\n" if gone else ""
    return without + assignment(None, Call(now.function, now.arguments, named))


def _gone(word: str, before: Iterable[Any], now: Iterable[Any]) -> list[str]:
    there = {one.arguments[0] for one in now}
    return [f"{word} {one.arguments[0]}" for one in before if one.arguments[0] not in there]
