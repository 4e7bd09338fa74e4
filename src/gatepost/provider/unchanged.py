"""Declarations that need no second check: nothing of them, nor of what they depend on, has changed.

A deployment that changes nothing parses no SQL. Where something did change, its check must know what stands
beside it: only then is the rest announced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gatepost.provider.claims import Claims
from gatepost.provider.kind import Declarations, Kind
from gatepost.provider.refusal import field_names

_Told = tuple[str, Kind[Any], Mapping[str, Any]]


@dataclass
class Unchanged:
    """What was deployed before and is declared again word for word."""

    _told: list[_Told] = field(default_factory=list)

    def note(self, urn: str, kind: Kind[Any], given: Mapping[str, Any], outputs: Mapping[str, Any]) -> bool:
        """Take note of a declaration, unless the object was seen to differ from it."""
        names = _names(kind)
        if given != {name: value for name, value in outputs.items() if name in names and value is not None}:
            return False
        self._told.append((urn, kind, given))
        return True

    def announce(self, declared: Declarations, claims: Claims) -> None:
        """Tell the checks that follow what else the program declares."""
        told, self._told = self._told, []
        for urn, kind, given in told:
            inputs = kind.inputs.model_validate(given)
            claims.claim(kind.key(inputs), inputs, urn)
            kind.stands(inputs, declared)


@cache
def _names(kind: Kind[Any]) -> frozenset[str]:
    return frozenset(field_names(kind.inputs))
