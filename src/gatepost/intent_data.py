"""Intents as plain data, as a program's inputs and its state have them, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.intent import (
    All,
    Any_,
    Claimed,
    Everybody,
    Having,
    Intent,
    Member,
    Membership,
    Own,
    Rule,
    Through,
    Update,
)


def data_of(intent: Intent) -> dict[str, Any]:
    """Return the intent as plain data, rules by role and command; without nulls, which Pulumi leaves out."""
    roles = {
        role: {command: _data_of(rule) for command, rule in given.items()}
        for role, given in intent.roles.items()
    }
    return {"roles": roles} | ({"accepted": dict(intent.accepted)} if intent.accepted else {})


def _data_of(rule: Rule | Update) -> dict[str, Any]:
    match rule:
        case Update(old, new):
            return {"old": _data_of(old), "new": _data_of(new)}
        case Own(column):
            return {"own": column}
        case Having(column, values):
            told = [value for value in values if value is not None]
            return {
                "having": {"column": column, "values": told, **({"null": True} if None in values else {})}
            }
        case Member(of, column, roles):
            some = {} if roles is None else {"roles": list(roles)}
            return {"member": {**_membership(of), "column": column, **some}}
        case Claimed(column, claim, signed_in):
            return {"claimed": {"column": column, "claim": claim, "signedIn": signed_in}}
        case Through(column, table, there, key):
            return {"through": {"column": column, "table": table, "key": key, "rule": _data_of(there)}}
        case All(parts):
            return {"all": [_data_of(part) for part in parts]}
        case Any_(parts):
            return {"any": [_data_of(part) for part in parts]}
    return {"everybody": True}


def _membership(of: Membership) -> dict[str, Any]:
    given = {"table": of.table, "tenant": of.tenant, "user": of.user, "role": of.role}
    where = {} if of.where is None else {"where": _data_of(of.where)}
    return {name: value for name, value in given.items() if value is not None} | where


def intent_from(data: Mapping[str, Any]) -> Intent:
    """Return the intent that `data_of` gave as plain data.

    :raises InvalidDeclaration: says which role's and command's rule is wrong, and how.
    """
    if data.keys() - {"roles", "accepted"}:
        raise InvalidDeclaration(f"intent: expected roles and accepted, got {', '.join(sorted(data))}")
    roles = {role: _commands(role, given) for role, given in data.get("roles", {}).items()}
    return Intent(**roles).accepting(data.get("accepted", {}))


def _commands(role: str, given: Any) -> Any:
    if not isinstance(given, Mapping):
        raise InvalidDeclaration(f'intent of "{role}": expected rules by command, got {given!r}')
    return {
        command: _rule_or_update(rule, f'intent of "{role}": {command}') for command, rule in given.items()
    }


def _rule_or_update(data: Any, where: str) -> Rule | Update:
    if isinstance(data, Mapping) and data.keys() == {"old", "new"}:
        return Update(_rule_from(data["old"], where), _rule_from(data["new"], where))
    return _rule_from(data, where)


def _rule_from(data: Any, where: str) -> Rule:
    if not isinstance(data, Mapping) or len(data) != 1 or next(iter(data)) not in _READ:
        known = ", ".join(_READ)
        raise InvalidDeclaration(f"{where}: expected one of {known}, got {data!r}")
    ((name, given),) = data.items()
    try:
        return _READ[name](given, where)
    except (KeyError, TypeError) as error:
        raise InvalidDeclaration(f"{where}: {name} is not complete, got {given!r} ({error})") from None


def _all(given: Any, where: str) -> Rule:
    return All(tuple(_rule_from(part, where) for part in given))


def _any(given: Any, where: str) -> Rule:
    return Any_(tuple(_rule_from(part, where) for part in given))


def _having(given: Any, _where: str) -> Rule:
    # Pulumi knows one kind of number.
    told = [int(one) if isinstance(one, float) and one.is_integer() else one for one in given["values"]]
    null = (None,) if given.get("null") else ()
    return Having(given["column"], (*told, *null))


def _member(given: Any, where: str) -> Rule:
    filtered = _rule_from(given["where"], where) if "where" in given else None
    of = Membership(given["table"], given["tenant"], given["user"], given.get("role"), filtered)
    return of.member(given["column"], tuple(given["roles"]) if "roles" in given else None)


def _through(given: Any, where: str) -> Rule:
    return Through(given["column"], given["table"], _rule_from(given["rule"], where), given["key"])


_READ: Mapping[str, Callable[[Any, str], Rule]] = {
    "everybody": lambda _given, _where: Everybody(),
    "own": lambda given, _where: Own(given),
    "member": _member,
    "claimed": lambda given, _where: Claimed(given["column"], given["claim"], given["signedIn"]),
    "through": _through,
    "having": _having,
    "all": _all,
    "any": _any,
}
