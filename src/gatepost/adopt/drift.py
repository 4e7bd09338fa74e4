"""A declaration that would accept what the database has now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.adopt.database import partitions
from gatepost.adopt.declarations import CannotRefer, Declared, call, snake
from gatepost.adopt.order import identifier
from gatepost.adopt.source import Call, assignment
from gatepost.engine.model import SECRET, Drift, urn_name, urn_type
from gatepost.engine.postgresql.kind import Kind as Around
from gatepost.engine.postgresql.provider import KINDS as AROUND
from gatepost.errors import GatepostError
from gatepost.exported import Resource, is_ours, known_inputs
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider import observed
from gatepost.provider.from_catalog import inputs_of, token_of
from gatepost.provider.kinds import KINDS, kind_of
from gatepost.provider.refusal import field_names

UNSAID = frozenset({"owner", "differs", "valid"})
"""What of an object's definition is no property of a declaration: unless it is, as a function's owner."""


@dataclass(frozen=True)
class Addition:
    """What somebody made by hand in the midst of what a program declares."""

    urn: str
    """What its resource would be called."""
    what: str
    definition: Definition
    accept: str
    """The piece of a program that takes it over, or why there is none."""


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


def is_unsaid(drift: Drift) -> bool:
    """Tell whether no declaration says all that has changed: a property stands in for it, or none does."""
    key, then, now = _read(drift)
    return key is not None and observed.is_unsaid(KINDS[urn_type(drift.urn)], key, then, now)


def accepting(drift: Drift, variables: Variables) -> str | None:
    """Return the piece of a program with which the object is as it should be; None where there is none.

    It stands in place of the object's declaration; of what has a file, the file's text is beside it.
    """
    if drift.new is None:
        return "# nothing: take its declaration out of the program"
    if around := AROUND.get(urn_type(drift.urn)):
        return surrounding(around, urn_name(drift.urn), drift.new)
    key, then, now = _read(drift)
    if key is None:
        return None
    if is_unsaid(drift):
        what = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
        then_ = "takes it over as it is" if what == ["owner"] else "and `gatepost up` mend it"
        return f"# nothing: no declaration says that ({', '.join(what)}); `gatepost refresh` {then_}"
    try:
        return _changed(key, drift, variables)
    except (GatepostError, CannotRefer) as error:
        return f"# {error}"


def _read(drift: Drift) -> tuple[Key | None, Definition, Definition]:
    """Return where a changed object is, and its definitions; None where that is none of ours, or a secret."""
    kind = KINDS.get(urn_type(drift.urn))
    then, now = drift.old.get("definition"), (drift.new or {}).get("definition")
    if kind is None or not isinstance(then, dict) or not isinstance(now, dict) or SECRET in str(now):
        return None, {}, {}
    return kind.key(kind.inputs.model_validate(_declared(drift.urn, drift.old))), then, now


def _declared(urn: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs among a resource's outputs."""
    names = field_names(kind_of(urn_type(urn)).inputs)
    return {name: value for name, value in found.items() if name in names and value is not None}


def importing(urn: str, key: Key, definition: Definition, variables: Variables) -> str:
    """Return the piece of a program that takes an object over which somebody made by hand."""
    try:
        given = inputs_of(key, definition)
        kind = kind_of(token_of(key))
        identity = kind.identify(kind.inputs.model_validate(given))
        made = _call(key, urn, given, f"{urn_name(urn)}.sql", variables)
    except (GatepostError, CannotRefer) as error:
        return f"# {error}"
    options = Call("pulumi.ResourceOptions", [], {"import_": identity})
    call_ = Call(made.function, made.arguments, {**made.named, "opts": options})
    text = _unproved(definition) + assignment(None, call_)
    return f"{text}\n{_statement(given)}" if "sql" in given else text


def surrounding(kind: Around, name: str, found: Mapping[str, Any]) -> str:
    """Return what declares a role, a schema, a grant …, without its secrets."""
    named: dict[str, Any] = {}
    for key, prop in kind.properties.items():
        value = found.get(key)
        if prop.required or not (prop.write_only or value == SECRET or kind.is_default(key, value)):
            named[snake(key)] = [] if value is None else value
    secrets = [snake(key) for key in kind.properties if found.get(key) == SECRET]
    remark = f"# with its {', '.join(secrets)}, if it has one\n" if secrets else ""
    return remark + assignment(None, Call(f"postgresql.{type(kind).__name__}", [name], named))


def _changed(key: Key, drift: Drift, variables: Variables) -> str:
    was, is_ = (_declared(drift.urn, one or {}) for one in (drift.old, drift.new))
    file = is_.pop("file", None)
    is_.pop("untracked", None)
    made = _unproved((drift.new or {})["definition"]) + assignment(
        None, _call(key, drift.urn, is_, file and file.removeprefix("schema/"), variables)
    )
    if file is None or was["sql"] == is_["sql"]:
        return made
    return f"{made}\n{_statement(is_)}"


def _unproved(definition: Definition) -> str:
    """Return what a domain's declaration does not say of its checks."""
    names = [name for name, check in (definition.get("checks") or {}).items() if check.endswith(" not valid")]
    return f"# not proved here, and proved where it is deployed anew: {', '.join(names)}\n" if names else ""


def _statement(given: dict[str, Any]) -> str:
    return str(given["sql"]).rstrip() + ";"


def _call(key: Key, urn: str, inputs: dict[str, Any], file: str | None, variables: Variables) -> Call:
    name, token = urn_name(urn), urn_type(urn)
    return call(Declared(key, token, inputs, name, sql_file=file), variables.refer)
