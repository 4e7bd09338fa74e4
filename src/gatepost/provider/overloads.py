"""A function that goes while others have its name: what hangs on it takes to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from gatepost.errors import StillUsed
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.catalog import rows as rows_of
from gatepost.provider.dependants import Dependant, Rebuilding, Root, rebuilding
from gatepost.provider.insight import Created, calls_in, parse


def handed_over(it: Created, facts: Facts) -> Rebuilding:
    """Return what hangs on a function by the time it goes; nothing where no other has its name.

    :raises StillUsed: something gives it what the other one does not take.
    """
    others = facts.others(Key("functions", it.schema, it.name, it.signature))
    if not others:
        return Rebuilding()
    found = rebuilding(facts, Root(it.schema, it.name, signature=it.signature))
    found = found.apart(tuple(_leaving(it, found, facts)))
    if len(others) > 1:  # PostgreSQL chooses
        return found
    narrowed = _narrowed(it.signature, others[0], facts)
    taken = (_without_casts(it, others[0], narrowed, one) for one in found.dependants)
    return replace(found, dependants=tuple(taken)) if narrowed else found


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


def _narrowed(old: str, new: str, facts: Facts) -> dict[int, str]:
    """Return which arguments the other function does not take as they are, each with its type's name."""
    before, after = (one.split(",") if one else [] for one in (old, new))
    if facts.connection is None:
        return {}
    rows = rows_of(facts.connection, "taken", {"old": before, "new": after[: len(before)]})
    return {at: str(spelled) for at, (spelled, is_taken) in enumerate(rows) if spelled and not is_taken}


def _without_casts(it: Created, other: str, narrowed: Mapping[int, str], one: Dependant) -> Dependant:
    """Return a dependant as it is made again without the casts that PostgreSQL put in for the former types.

    :raises StillUsed: there is none, as it has a value of that very type.
    """
    if not one.made:
        return one
    sql, cut = one.made[0], set[tuple[int, int]]()
    for call in calls_in(parse(sql, one.name)):
        if [part.sval for part in call.funcname] in ([it.schema, it.name], [it.name]):
            for at, value in _given(it, call):
                if spelled := narrowed.get(at):
                    cut.add(_cast(value, spelled, sql) or _refuse(it, other, spelled, one))
    for start, end in sorted(cut, reverse=True):
        sql = sql[:start] + sql[end:]
    return replace(one, made=(sql, *one.made[1:]))


def _given(it: Created, call: Any) -> Iterator[tuple[int, Any]]:
    """Yield the arguments of a call, each with its position."""
    from pglast import ast

    names = [name for name, _ in it.parameters]
    for at, one in enumerate(call.args or ()):
        if isinstance(one, ast.NamedArgExpr):
            yield names.index(str(one.name)), one.arg
        else:
            yield at, one


def _cast(node: Any, spelled: str, sql: str) -> tuple[int, int] | None:
    """Return where the cast to a type stands that an expression ends with."""
    from pglast import ast

    if not isinstance(node, ast.TypeCast):
        return None
    start, written = int(node.location or 0), f"::{spelled}"
    end = start + len(written)
    return (start, end) if sql[start:end] == written and sql[end] not in "([" else None


def _refuse(it: Created, other: str, spelled: str, one: Dependant) -> NoReturn:
    name = f"{it.schema}.{it.name}"
    raise StillUsed(
        f"{name}({it.signature}) is used by {one.name}, which gives it a value of type {spelled}, and"
        f" {name}({other}) takes none: change what uses it in the same deployment, or give the function"
        " another name"
    )
