"""What settings of gates may be, whoever gives them: `gates.yaml` or the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from gatepost.errors import UsageError


def _no_bool(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError("a number is expected")  # noqa: TRY004 - a refusal, as pydantic takes it
    return given


_Given = BeforeValidator(_no_bool)
_Count = Annotated[int, Field(ge=1), _Given]
_Number = Annotated[int, Field(ge=0), _Given]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), _Given]
_NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False), _Given]
_Commit = Annotated[str, Field(pattern="^[0-9a-f]{7,40}$")]
_Text = Annotated[str, Field(min_length=1)]
_TYPES: Mapping[str, Any] = {
    "accepted": dict[_Commit, _Text],
    "at": _Positive,
    "cases": _Count,
    "clients": _Number,
    "duration": _Positive,
    "every_query": bool,
    "history": _Text,
    "longest_lock": _Positive,
    "longest_statement": _Positive,
    "longest_transaction": _NotNegative,
    "minutes": _Positive,
    "processes": _Count,
    "rows": _Number,
    "seed": _Number,
    "users": _Count,
    "watch": _NotNegative,
}
"""By name: a name means the same in every gate. Numbers may be text: YAML takes `1e9` for it."""


def check(options: Mapping[str, Any], where: str) -> None:
    """Reject what cannot be right.

    :param where: names who has the settings, for the message.
    :raises UsageError: a setting is none of what it may be.
    """
    for name, value in options.items():
        try:
            TypeAdapter(_TYPES.get(name, Any)).validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, (name, *first["loc"])))
            message = first["msg"].lower()
            raise UsageError(f"{where}, {place}: {message}, got {first['input']!r}") from error
