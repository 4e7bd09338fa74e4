"""Names in the program: of resources, which are unique in a stack, and of variables, unique in a module."""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

from gatepost.adopt.order import identifier
from gatepost.postgres.catalog import Key

_TAKEN = {
    *dir(builtins),
    *keyword.kwlist,
    *keyword.softkwlist,
    "pulumi",
    "target",
    "SQL",
    "Path",
    "postgresql",
}


def resources(tokens: Mapping[Key, str], others: Iterable[tuple[str, str]] = ()) -> dict[Key, str]:
    """Return a name for each object's resource: its own where that is enough, else with table and schema.

    :param others: type and name of resources that there are.
    """
    chosen: dict[Key, str] = {}
    taken = set(others)
    for spell in (_own, _with_table, _with_schema, _in_full):
        open_ = [key for key in tokens if key not in chosen]
        counted = Counter((tokens[key], spell(key)) for key in open_)
        for key in open_:
            name = tokens[key], spell(key)
            if counted[name] == 1 and name not in taken:
                chosen[key] = name[1]
                taken.add(name)
    for key in sorted((key for key in tokens if key not in chosen), key=str):
        numbered = (f"{_in_full(key)}_{number}" for number in range(2, 10_000))
        chosen[key] = next(name for name in numbered if (tokens[key], name) not in taken)
        taken.add((tokens[key], chosen[key]))
    return chosen


def _own(key: Key) -> str:
    return _plain(key.name if key.kind == "functions" or not key.object else key.object)


def _with_table(key: Key) -> str:
    return _plain(f"{key.name}_{key.object}" if key.object else key.name)


def _with_schema(key: Key) -> str:
    return _plain(f"{key.schema}_{_own(key)}")


def _in_full(key: Key) -> str:
    return _plain("_".join(part for part in (key.schema, key.name, key.object) if part))


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("_") or "unnamed"


def variables(keys: Iterable[Key], names: Mapping[Key, str], taken: Iterable[str]) -> dict[Key, str]:
    """Return a variable for each of the objects that others in the program refer to."""
    found: dict[Key, str] = {}
    used = {*_TAKEN, *taken}
    for key in keys:
        stem = identifier(names[key])
        numbered = (f"{stem}_{n}" for n in range(2, 10_000))
        candidates = chain((stem, f"{stem}_{key.kind.rstrip('s')}"), numbered)
        found[key] = next(name for name in candidates if name not in used)
        used.add(found[key])
    return found
