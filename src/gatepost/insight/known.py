"""The names that a server has by itself: of PostgreSQL 15 to 18 and of the extensions that come with it."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Literal

Sort = Literal["relation", "function", "type"]
_SYSTEM = frozenset({"pg_catalog", "information_schema"})
_PSEUDO_TYPES = frozenset({"smallserial", "serial", "bigserial", "serial2", "serial4", "serial8"})


@lru_cache(maxsize=3)
def of_server(sort: Sort) -> frozenset[str]:
    """Return the names that are found without a schema."""
    names = _groups(sort).get("pg_catalog", "").split()
    return frozenset(names) | (_PSEUDO_TYPES if sort == "type" else frozenset())


@lru_cache(maxsize=3)
def of_extensions(sort: Sort) -> frozenset[str]:
    """Return the names that some extension makes, in whatever schema it was put."""
    groups = _groups(sort)
    return frozenset(
        name for group, names in groups.items() if group not in _SYSTEM for name in names.split()
    )


def _groups(sort: Sort) -> dict[str, str]:
    text = files("gatepost.insight").joinpath("known.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)[sort]
    return found
