"""A function that goes while others have its name: what hangs on it takes to one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gatepost.errors import StillUsed
from gatepost.postgres.catalog import Facts, Key
from gatepost.provider.dependants import Dependant, Rebuilding, Root, called, rebuilding
from gatepost.provider.exchange import Exchange, Signature
from gatepost.provider.insight import Created, created, parse, sql_of


def handed_over(sql: str, facts: Facts) -> Rebuilding:
    """Return what hangs on a function by the time it goes; nothing where no other has its name.

    :param sql: the statement that made it.
    :raises StillUsed: something does not understand the one that has its name.
    """
    it = created(sql, "function")
    others = facts.others(Key("functions", it.schema, it.name, it.signature))
    if not others:
        return Rebuilding()
    found = rebuilding(facts, Root(it.schema, it.name, signature=it.signature))
    found = found.apart(tuple(_leaving(it, found, facts)))
    new = _statement(others[0], facts) if len(others) == 1 else None
    if new is None:  # among several PostgreSQL chooses
        return found
    _require_fitting(Exchange(Signature.of(sql), Signature.of(new), facts))
    return exchanged(found, sql, new, facts)


def exchanged(found: Rebuilding, old: str, new: str, facts: Facts) -> Rebuilding:
    """Return what hangs on a function as it is made again on another one.

    :param old: the statement that made the function.
    :param new: the statement that makes the other.
    :raises StillUsed: something does not understand it.
    """
    exchange = Exchange(Signature.of(old), Signature.of(new), facts)
    return replace(found, dependants=tuple(_following(one, exchange) for one in found.dependants))


def _statement(function: Key, facts: Facts) -> str | None:
    """Return the statement that makes a function, as it is declared or as it is there."""
    there = facts.declared(function) or (facts.read(function) or {}).get("definition")
    return str(there) if there else None


def _following(one: Dependant, exchange: Exchange) -> Dependant:
    """Return what hangs on it in words that the new function takes: the catalog's, or else the declared ones.

    The catalog has casts in them that PostgreSQL put in for the former types.
    """
    declared = _declared(one, exchange.facts)
    changes = declared is not None and one.key in exchange.facts.planned.calling
    if not one.made or (not changes and exchange.is_understood(one.made[0])):
        return one
    if declared is not None and exchange.is_understood(declared):
        return replace(one, made=(declared, *one.made[1:]))
    raise _unfit(one.name, exchange)


def _require_fitting(exchange: Exchange) -> None:
    """Ask the same of what this deployment is yet to make or change, with both functions there.

    :raises StillUsed: something does not understand the other one, or may mean both.
    """
    facts = exchange.facts
    coming = {key for key in tuple(facts.planned.made) if facts.read(key) is None} | {*facts.planned.calling}
    for key in sorted(coming, key=str):
        if (declared := facts.declared(key)) is None:
            continue
        if not exchange.is_understood(declared):
            raise _unfit(called(key), exchange)
        if exchange.is_ambiguous(declared):
            raise StillUsed(
                f"{called(key)} may mean {exchange.old} and {exchange.new}, and PostgreSQL does not choose"
                " while both are there: change it in the next deployment, or give the function another name"
            )


def _unfit(name: str, exchange: Exchange) -> StillUsed:
    return StillUsed(
        f"{name} uses {exchange.old}, and does not fit {exchange.new}, which takes its place: change what it"
        " says in the same deployment, or give the function another name"
    )


def _declared(one: Dependant, facts: Facts) -> str | None:
    """Return the statement that makes it in the declared words, where it is declared."""
    declared = facts.declared(one.key) if one.key else None
    if declared is None or one.key is None or one.key.kind != "tables":
        return declared
    return _of_column(one, declared)


def _of_column(one: Dependant, table: str) -> str | None:
    """Return what makes a default or generated column in the words of its table's declaration."""
    (made,), (declared,) = parse(one.made[0], one.name), parse(table, one.name)
    column = next((c for c in declared.tableElts if getattr(c, "colname", None) == one.own_name), None)
    words = next((c.raw_expr for c in (column and column.constraints) or () if c.raw_expr), None)
    if words is None:
        return None
    if one.type == "default value":
        made.cmds[0].def_ = words
    for clause in getattr(made.cmds[0].def_, "constraints", None) or ():
        clause.raw_expr = words if clause.raw_expr else None
    return sql_of(made)


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
