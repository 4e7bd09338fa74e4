"""A function that goes while others have its name: what hangs on it takes to one of them."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.postgres.catalog import Facts, Key
from gatepost.provider.dependants import Dependant, Rebuilding, Root, rebuilding
from gatepost.provider.insight import Created


def handed_over(it: Created, facts: Facts) -> Rebuilding:
    """Return what hangs on a function by the time it goes; nothing where no other has its name."""
    if not facts.has_others(Key("functions", it.schema, it.name, it.signature)):
        return Rebuilding()
    found = rebuilding(facts, Root(it.schema, it.name, signature=it.signature))
    return found.apart(tuple(_leaving(it, found, facts)))


def _leaving(it: Created, found: Rebuilding, facts: Facts) -> Iterator[Dependant]:
    """Yield what this deployment removes or changes before, so that it does not use the function any more."""
    gone: set[str] = set()
    for one in found.dependants:
        calls = facts.planned.calling.get(one.key) if one.key else None
        left = calls is not None and not any(_may_be(it, *call) for call in calls)
        if left or one.needs <= gone:
            gone.add(one.id)
            yield one


def _may_be(it: Created, name: str, given: int) -> bool:
    """Return whether a call with so many arguments may be one of the function."""
    required = sum(not has_default for _, has_default in it.parameters)
    if it.signature.rpartition(",")[2].startswith("_"):  # its last argument may be variadic
        return name == it.name and given >= required - 1
    return name == it.name and required <= given <= len(it.parameters)
