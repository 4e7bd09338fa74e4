"""The provider as a Pulumi package: what other languages' SDKs are generated from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gatepost import resources
from gatepost.package.words import class_text, parameters_text, property_text
from gatepost.provider.kind import Kind
from gatepost.provider.kinds import KINDS

Spec = dict[str, Any]
_ANY: Spec = {"$ref": "pulumi.json#/Any"}
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
_NAME = "gatepost"
_DEFINITION = "What the database says of it, in PostgreSQL's own words; a change there is drift."
_LANGUAGES: Spec = {
    "nodejs": {"packageName": "@gatepost/gatepost", "respectSchemaVersion": True},
    "go": {
        "importBasePath": "gatepost.example/sdk/go/gatepost",
        "rootPackageName": "gatepost",
        "respectSchemaVersion": True,
        "generateResourceContainerTypes": False,
    },
    "csharp": {"respectSchemaVersion": True},
    "java": {"basePackage": "dev", "packages": {}, "buildFiles": "gradle"},
    "python": {"packageName": "gatepost_sdk", "pyproject": {"enabled": True}, "respectSchemaVersion": True},
}


@lru_cache(maxsize=1)
def package_schema() -> str:
    """Return Pulumi's schema of this package as JSON, made from the kinds, their inputs and the classes."""
    types: dict[str, Spec] = {}
    made = {kind.token: _resource(kind, types) for kind in KINDS.values()}
    config = _provider_properties()
    schema = {
        "name": _NAME,
        "displayName": "Gatepost",
        "version": version("gatepost"),
        "description": "PostgreSQL tables, policies, functions and indexes, changed while clients go on.",
        "keywords": ["category/database", "kind/native", "postgresql"],
        "license": "Apache-2.0",
        "publisher": "Gatepost",
        "meta": {"moduleFormat": "(.*)"},
        "config": {"variables": config},
        "provider": {
            "description": class_text(resources.Provider),
            "type": "object",
            "inputProperties": config,
            "requiredInputs": sorted(_REQUIRED_SETTINGS),
            "properties": config,
        },
        "types": dict(sorted(types.items())),
        "resources": made,
        "language": _LANGUAGES,
    }
    return json.dumps(schema)


_REQUIRED_SETTINGS = frozenset({"host", "database", "username"})
_DEFAULT_SETTINGS = {"port": "5432", "sslmode": "prefer", "environment": "local"}


def _provider_properties() -> dict[str, Spec]:
    """All settings are strings on the wire; lists are written with commas."""
    found: dict[str, Spec] = {}
    for name, described in parameters_text(resources.Provider).items():
        found[name] = {"type": "string", "description": described}
        if name in _DEFAULT_SETTINGS:
            found[name]["default"] = _DEFAULT_SETTINGS[name]
    found["password"]["secret"] = True
    return found


def _resource(kind: Kind[Any], types: dict[str, Spec]) -> Spec:
    name = kind.token.rpartition(":")[2]
    public = getattr(resources, name, kind.inputs)
    inputs, required = _properties(kind.inputs, name, types, public)
    found = {one: {"type": "string", "description": property_text(one, name)} for one in kind.outputs}
    definition = {"definition": {**_ANY, "description": _DEFINITION}}
    return {
        "description": class_text(public),
        "inputProperties": inputs,
        "requiredInputs": required,
        "properties": {**inputs, **found, **definition},
        "required": sorted({*required, *kind.outputs, "definition"}),
    }


def _properties(
    model: type[BaseModel], owner: str, types: dict[str, Spec], public: type
) -> tuple[dict[str, Spec], list[str]]:
    """Return the properties of a model by their names on the wire, and which of them must be given."""
    properties, required, described = {}, [], parameters_text(public)
    for name, field in model.model_fields.items():
        wire = field.alias or name
        spec = _type(field.annotation, f"{owner}{wire[0].upper()}{wire[1:]}", types)
        text = described.get(wire) or described.get(name) or property_text(name, owner, model, public)
        properties[wire] = {**spec, "description": text, **_default(field, spec)}
        if field.is_required():
            required.append(wire)
    return properties, sorted(required)


def _default(field: FieldInfo, spec: Spec) -> Spec:
    """A default is told where it says something: enumerations and objects have none in a schema."""
    told = field.default if isinstance(field.default, str | int | float) else None
    return {"default": told} if told not in (None, False, "") and "type" in spec else {}


def _type(annotation: Any, name: str, types: dict[str, Spec]) -> Spec:
    """Return the schema of a type; enumerations and models go to `types` under a name of their own."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__value__"):
        return _type(annotation.__value__, name, types)
    if origin is Literal:
        return _enumeration(arguments, name, types)
    if origin in (Union, UnionType):
        return _choice([one for one in arguments if one is not NoneType], name, types)
    if origin in (list, tuple, set, frozenset):
        return {"type": "array", "items": _type(arguments[0], _singular(name), types)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type(arguments[1], _singular(name), types)}
    if origin is not None and hasattr(annotation, "__metadata__"):
        return _type(arguments[0], name, types)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _object(annotation, types)
    return {"type": _PLAIN[annotation]} if annotation in _PLAIN else dict(_ANY)


def _choice(members: list[Any], name: str, types: dict[str, Spec]) -> Spec:
    if len(members) == 1:
        return _type(members[0], name, types)
    specs = [_type(one, name, types) for one in members]
    distinct = [spec for number, spec in enumerate(specs) if spec not in specs[:number]]
    return distinct[0] if len(distinct) == 1 else {"oneOf": distinct}


def _object(model: type[BaseModel], types: dict[str, Spec]) -> Spec:
    name = model.__name__.removesuffix("Inputs")
    token = f"{_NAME}:index:{name}"
    token = f"{token}Args" if token in KINDS else token
    if token not in types:
        types[token] = {}
        public = getattr(resources, name, model)
        properties, required = _properties(model, name, types, public)
        types[token] = {
            "description": class_text(public),
            "type": "object",
            "properties": properties,
            "required": required,
        }
    return {"$ref": f"#/types/{token}"}


def _enumeration(values: tuple[Any, ...], name: str, types: dict[str, Spec]) -> Spec:
    if not all(isinstance(value, str) for value in values):
        return {"type": "string"}
    token = f"{_NAME}:index:{name}"
    members = [{"name": "".join(_words(value)), "value": value} for value in values]
    types[token] = {"type": "string", "enum": members, "description": f"One of {', '.join(values)}."}
    return {"$ref": f"#/types/{token}"}


def _words(value: str) -> Iterator[str]:
    yield from (word.capitalize() for word in re.findall(r"[a-zA-Z0-9]+", value))


def _singular(name: str) -> str:
    return name.removesuffix("s")
