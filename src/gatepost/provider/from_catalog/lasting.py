"""Expressions that PostgreSQL prints one way and reads another: spelled so that they stay what they are."""

from __future__ import annotations

import re
from typing import Any

_TEXT = r"'(?:[^']|'')*'::character varying(?:\(\d+\))?"
_CAST_LIST = re.compile(rf"\b(ANY|ALL) \(\(ARRAY\[({_TEXT}(?:, {_TEXT})*)\]\)::text\[\]\)")
_NO_SQL = frozenset({"comment", "columnComments", "values", "arguments", "name", "table", "schema"})


def lasting(given: Any) -> Any:
    """Return inputs whose expressions read back as they are printed.

    A `varchar` column `in ('a', 'b')` is printed with the whole list cast to `text[]`, and read again each
    element is cast instead; without the cast PostgreSQL puts it where it was.
    """
    if isinstance(given, dict):
        return {name: one if name in _NO_SQL else lasting(one) for name, one in given.items()}
    if isinstance(given, list):
        return [lasting(one) for one in given]
    return _CAST_LIST.sub(r"\1 (ARRAY[\2])", given) if isinstance(given, str) else given
