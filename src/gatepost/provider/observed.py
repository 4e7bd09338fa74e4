"""The declaration that an object seems to have been made of: where it differs, in the database's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.errors import UnsupportedFeature
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog import inputs_of
from gatepost.provider.kind import Kind

Inputs = dict[str, Any]


def observed(kind: Kind[Any], key: Key, inputs: Inputs, then: Definition, now: Definition) -> Inputs:
    """Return the inputs as the database has them now: what differs from `then` is taken from `now`.

    The next deployment sees the difference to the program and mends it. Where no declaration can say what
    differs, a property stands in for it that no program declares.
    """
    found = declarations(key, then, now)
    merged: Inputs = _merged(inputs, *found) if found else inputs
    return kind.stand_in(merged, then, now) if is_unsaid(kind, key, then, now) else merged


def is_unsaid(kind: Kind[Any], key: Key, then: Definition, now: Definition) -> bool:
    """Tell whether something has changed that no declaration says."""
    found = declarations(key, then, now)
    if found is None or found[0] == found[1]:
        return True
    return any(_owned(key, one) == found[0] for name in kind.silent for one in _changed(name, then, now))


def _changed(name: str, then: Definition, now: Definition) -> Iterator[Definition]:
    """Yield the former definition with one change of a property: of each of its parts, where it has such."""
    was, is_ = then.get(name), now.get(name)
    if isinstance(was, dict) and isinstance(is_, dict):
        changed = ({**was, part: one} for part, one in is_.items() if was.get(part) != one)
        yield from ({**then, name: one} for one in changed)
    elif was != is_:
        yield {**then, name: is_}


def declarations(key: Key, then: Definition, now: Definition) -> tuple[Inputs, Inputs] | None:
    """Return the inputs that declare an object as it was and as it is; None where none can say that."""
    try:
        return _owned(key, then), _owned(key, now)
    except UnsupportedFeature:
        return None


def _owned(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a definition; of a function with its owner, which can be declared."""
    given = inputs_of(key, definition)
    return {**given, "owner": definition["owner"]} if key.kind == "functions" else given


def _merged(declared: Any, was: Any, is_: Any) -> Any:
    """Return what is there now, each part that did not change as it is declared."""
    if was == is_:
        return declared
    if all(isinstance(one, dict) for one in (declared, was, is_)):
        return _parts(declared, was, is_)
    if not is_ or not all(_has_names(one) for one in (declared, was, is_)):
        return is_
    return list(_parts(*(_by_name(one or []) for one in (declared, was, is_))).values())


def _parts(declared: Inputs, was: Inputs, is_: Inputs) -> Inputs:
    """Return each part that is there now, and what is declared beside what the catalog says."""
    merged = {name: _merged(declared.get(name), was.get(name), one) for name, one in is_.items()}
    beside = {name: one for name, one in declared.items() if name not in was and name not in is_}
    return {name: one for name, one in {**beside, **merged}.items() if one is not None}


def _has_names(value: Any) -> bool:
    """Return whether it is a list of things that have names, or none."""
    listed = isinstance(value or [], list)
    return listed and all(isinstance(one, dict) and {"name", "table"} & one.keys() for one in value or [])


def _by_name(listed: list[Inputs]) -> Inputs:
    return {one.get("name") or f"{one.get('schema', 'public')}.{one['table']}": one for one in listed}
