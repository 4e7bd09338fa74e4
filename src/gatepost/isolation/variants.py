"""Intents that say a little else, one part of a rule at a time: what cases are aimed at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gatepost.intent import All, Any_, Command, Everybody, Intent, Member, Rule, Through, Update

_NOBODY = Any_(())


def variants(intent: Intent, owner: str, role: str, command: Command) -> Iterator[Intent]:
    """Yield the intents that differ in the rule of one role and command, or give it to others too.

    :param owner: the role that owns the table, which has every privilege.
    """
    given = intent.roles.get(role, {}).get(command)
    if given is None:
        return
    for rule in _otherwise(given):
        yield _with(intent, role, command, rule)
    for other in {*intent.roles, owner} - {role}:
        known = intent.roles.get(other, {})
        if other == owner or command in known:
            yield _with(intent, other, command, _either(known.get(command, _NOBODY), given))
    for also, known_rule in intent.roles[role].items():
        if also != command:
            yield _with(intent, role, also, _either(known_rule, given))


def _with(intent: Intent, role: str, command: Command, rule: Rule | Update) -> Intent:
    return Intent(**{**intent.roles, role: {**intent.roles.get(role, {}), command: rule}})


def _either(one: Rule | Update, other: Rule | Update) -> Rule | Update:
    if not isinstance(one, Update):
        return Any_((one, other.old if isinstance(other, Update) else other))
    old, new = (other.old, other.new) if isinstance(other, Update) else (other, other)
    return Update(Any_((one.old, old)), Any_((one.new, new)))


def _otherwise(given: Rule | Update) -> Iterator[Rule | Update]:
    """Yield a rule with one part of it wider or away; old and new rows each by themselves."""
    if not isinstance(given, Update):
        yield from _parts_otherwise(given)
        return
    yield from (replace(given, old=rule) for rule in _parts_otherwise(given.old))
    yield from (replace(given, new=rule) for rule in _parts_otherwise(given.new))
    yield Update(given.new, given.old)


def _parts_otherwise(rule: Rule) -> Iterator[Rule]:
    yield Everybody()
    yield _NOBODY
    if isinstance(rule, All | Any_):
        for at, part in enumerate(rule.parts):
            for other in _parts_otherwise(part):
                yield type(rule)((*rule.parts[:at], other, *rule.parts[at + 1 :]))
    elif isinstance(rule, Through):
        yield from (replace(rule, rule=other) for other in _parts_otherwise(rule.rule))
    elif isinstance(rule, Member):
        if rule.roles is not None:
            yield replace(rule, roles=None)
        if rule.of.where is not None:
            yield from (
                replace(rule, of=replace(rule.of, where=one)) for one in _parts_otherwise(rule.of.where)
            )
