"""Catalog → declaration: the inputs with which a program would declare what a database has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from gatepost.errors import UnsupportedFeature
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog import on_tables, whole
from gatepost.provider.from_catalog.lasting import lasting
from gatepost.provider.kind import Kind
from gatepost.provider.kinds import KINDS

Mapping = Callable[[Key, Definition], dict[str, Any]]
_MAPPINGS: dict[str, tuple[str, Mapping]] = {
    "tables": ("gatepost:index:Table", whole.table),
    "constraints": ("gatepost:index:Constraint", on_tables.constraint),
    "indexes": ("gatepost:index:Index", on_tables.index),
    "policies": ("gatepost:index:Policy", on_tables.policy),
    "functions": ("gatepost:index:Function", whole.function),
    "triggers": ("gatepost:index:Trigger", on_tables.trigger),
    "views": ("gatepost:index:View", whole.view),
    "sequences": ("gatepost:index:Sequence", whole.sequence),
    "types": ("gatepost:index:Type", whole.type_),
    "materialized_views": ("gatepost:index:MaterializedView", whole.materialized_view),
    "publications": ("gatepost:index:Publication", whole.plain),
    "verbatim": ("gatepost:index:Verbatim", whole.verbatim),
}


def token_of(key: Key) -> str:
    """Return the Pulumi type of the resource that declares an object."""
    return _MAPPINGS[key.kind][0]


def inputs_of(key: Key, definition: Definition) -> dict[str, Any]:
    """Return the inputs of the resource that would declare an object, on the wire's names.

    Deployed to an empty database they make an object with the same definition.

    :raises UnsupportedFeature: says what of the object no declaration can express.
    """
    token, mapping = _MAPPINGS[key.kind]
    if token not in KINDS:
        raise UnsupportedFeature(f"{key.kind.replace('_', ' ')} are not declared")
    given = mapping(key, definition)
    if key.kind != "functions":
        given = lasting(given)
    kind: Kind[Any] = KINDS[token]
    given = {name: value for name, value in given.items() if value != _default(kind, name)}
    known = {field.alias or name for name, field in kind.inputs.model_fields.items()}
    if unknown := sorted(given.keys() - known):
        raise UnsupportedFeature(f"a {token.rpartition(':')[2].lower()} has no {', '.join(unknown)}")
    try:
        kind.inputs.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnsupportedFeature(f"{place}: {first['msg']}, got {first['input']!r}") from None
    return given


def _default(kind: Kind[Any], name: str) -> Any:
    """Return the value that goes without saying; the schema is always said."""
    fields = {field.alias or known: field for known, field in kind.inputs.model_fields.items()}
    return fields[name].default if name in fields and name != "schema" else PydanticUndefined
