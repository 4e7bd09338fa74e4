"""Sequences."""

from __future__ import annotations

from collections import abc
from typing import Literal

import pulumi

from gatepost.resources._base import DatabaseObject, wire_privileges
from gatepost.resources._names import declared

_EXACT = 2**53
"""Up to here Pulumi's numbers are exact; a larger one travels as a text."""


class Sequence(DatabaseObject):
    """A sequence of its own; an identity column brings one without a word.

    :param start: the first value; without it the lowest, or the highest of a falling sequence.
    :param owned_by: the column that it goes with when that is dropped: `public.posts.number`.
    :param unlogged: whether it starts over after a crash; that of a `serial` column is as its table is.
    :param privileges: `usage`, `select` and `update` by role; a role that is not named has none.
    """

    schema: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        type: Literal["smallint", "integer", "bigint"] = "bigint",  # noqa: A002
        start: int | None = None,
        increment: int = 1,
        minvalue: int | None = None,
        maxvalue: int | None = None,
        cache: int = 1,
        cycle: bool = False,
        owned_by: str | None = None,
        unlogged: bool | None = None,
        schema: str = "public",
        name: str | None = None,
        privileges: abc.Mapping[str, abc.Sequence[str] | str] | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = name or resource_name
        inputs = {
            "schema": schema,
            "name": name,
            "type": type,
            "start": _wire(start),
            "increment": _wire(increment),
            "minvalue": _wire(minvalue),
            "maxvalue": _wire(maxvalue),
            "cache": _wire(cache),
            "cycle": cycle,
            "owned_by": owned_by,
            "unlogged": unlogged,
            "privileges": wire_privileges(privileges),
            "comment": comment,
        }
        super().__init__("Sequence", resource_name, inputs, opts, texts=[_row_of(owned_by)])
        declared().add(schema, name, self)


def _row_of(column: str | None) -> str | None:
    """Return an expression that uses the column's table."""
    return None if column is None else "null::" + column.rpartition(".")[0]


def _wire(number: int | None) -> int | str | None:
    return number if number is None or abs(number) <= _EXACT else str(number)
