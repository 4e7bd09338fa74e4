"""A declaration that would accept what the database has now."""

from __future__ import annotations

from typing import Any

from gatepost.adopt.declarations import Declared, call
from gatepost.adopt.order import identifier
from gatepost.adopt.source import Call, assignment
from gatepost.engine.model import SECRET, Drift, urn_name, urn_type
from gatepost.errors import GatepostError
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog import inputs_of
from gatepost.provider.kinds import KINDS
from gatepost.provider.refusal import field_names


def accepting(drift: Drift) -> str | None:
    """Return the piece of a program with which the object is as it should be; None where there is none.

    Of a table it has just the columns that differ; of what has a file, the file's text.
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
        return _text(key, drift, then, now) if key else None
    except GatepostError as error:
        return f"# {error}"


def _text(key: Key, drift: Drift, then: Definition, now: Definition) -> str:
    inputs = inputs_of(key, now)
    made = _call(key, drift, inputs)
    if "sql" not in inputs:
        return assignment(None, _shortened(made, _call(key, drift, inputs_of(key, then))))
    if inputs_of(key, then)["sql"] == inputs["sql"]:
        return assignment(None, made)
    return str(inputs["sql"]).rstrip() + ";"


def _call(key: Key, drift: Drift, inputs: dict[str, Any]) -> Call:
    file = str(drift.old.get("file") or f"{key.name}.sql").removeprefix("schema/")
    name, token = urn_name(drift.urn), urn_type(drift.urn)
    return call(Declared(key, token, inputs, name, sql_file=file), lambda one: identifier(one.name))


def _shortened(now: Call, then: Call) -> Call:
    """Leave out the columns of a table that are as they were."""
    columns = now.named.get("columns")
    if not isinstance(columns, list) or now.function != "Table":
        return now
    differing = [one for one in columns if one not in then.named["columns"]]
    return Call(now.function, now.arguments, {**now.named, "columns": differing})
