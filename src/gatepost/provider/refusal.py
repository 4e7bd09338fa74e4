"""What is wrong with a declaration's shape, in our words rather than pydantic's."""

from __future__ import annotations

from typing import Any, get_args

from pulumi.provider.experimental.provider import CheckFailure
from pydantic import BaseModel, ValidationError

from gatepost.provider.values import has_unknown

_ABOUT_THE_KEY = ("missing", "extra_forbidden")


def refusals(error: ValidationError, model: type[BaseModel], *, secret: bool) -> list[CheckFailure]:
    """Return a failure a mistake; a value that is not known yet is none.

    :param secret: the inputs hold a secret: repeat no value.
    """
    return [
        CheckFailure(".".join(str(part) for part in one["loc"]), _reason(one, model, secret))
        for one in error.errors()
        if one["type"] in _ABOUT_THE_KEY or not has_unknown(one["input"])
    ]


def _reason(error: Any, model: type[BaseModel], secret: bool) -> str:
    *path, name = error["loc"]
    if error["type"] == "missing":
        return f'"{name}" is required'
    if error["type"] == "extra_forbidden":
        known = ", ".join(sorted(field_names(_model_at(path, model))))
        return f'unknown property "{name}": it is one of {known}'
    wrong = "" if secret else f", got {error['input']!r}"
    if error["type"] == "literal_error":
        return f'"{name}" is one of {error["ctx"]["expected"]}{wrong}'
    message = error["msg"].removeprefix("Value error, ")
    return f'"{name}": {message[0].lower()}{message[1:]}{wrong}'


def field_names(model: type[BaseModel]) -> dict[str, str]:
    """Return the model's field by each name that a property has on the wire."""
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _model_at(path: list[str | int], model: type[BaseModel]) -> type[BaseModel]:
    """Return the model that describes the value at `path`."""
    for part in path:
        if isinstance(part, str) and part in field_names(model):
            annotation = model.model_fields[field_names(model)[part]].annotation
            model = next(_models_in(annotation), model)
    return model


def _models_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
