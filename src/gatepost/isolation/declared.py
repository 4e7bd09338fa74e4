"""What the program says of its tables and roles: the intents, and who inherits whose rights."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.intent import COMMANDS, Command, Intent, Member, Membership, Rule, Through, Update
from gatepost.intent_data import intent_from
from gatepost.isolation.case import Subject
from gatepost.verify.declared import Declared, Source

_LIMITED = re.compile(r"^(?P<command>\w+)\s*\((?P<columns>.*)\)$")


@dataclass(frozen=True)
class Declaration:
    """The tables of one database and the roles around them."""

    source: Source
    subjects: Mapping[str, Subject]
    """By name, in the order of the program."""
    without_intent: tuple[str, ...]
    inherits: Mapping[str, frozenset[str]]
    """Per role, itself and all whose rights it has."""
    api_roles: frozenset[str]
    """Those that a login takes on with `set role`."""
    logins: Mapping[str, str] = field(default_factory=dict)
    """Passwords of the login roles that are declared with one."""
    left_out: frozenset[str] = frozenset()
    """Roles that are not there, or that the deployer cannot take on."""

    @property
    def roles(self) -> list[str]:
        """Return every role that an intent or privilege names, and those that logins take on."""
        named = {role for one in self.subjects.values() for role in (*one.intent.roles, *one.granted)}
        owners = {one.owner for one in self.subjects.values()}
        return sorted((named | self.api_roles | owners) - self.left_out)

    @property
    def memberships(self) -> dict[str, Membership]:
        """The tables of memberships that intents go by, each with its role and what counts, if any rule
        names them."""
        found: dict[str, Membership] = {}
        for of in (rule.of for _, rule in self.rules() if isinstance(rule, Member)):
            known = found.get(of.table, of)
            found[of.table] = replace(of, role=known.role or of.role, where=known.where or of.where)
        return found

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Yield every rule of every intent and its parts, with the table of whose rows it speaks."""
        for one in self.subjects.values():
            for given in one.intent.roles.values():
                for rule in given.values():
                    yield from parts_of(rule, one.name)

    def roles_of(self, role: str) -> frozenset[str]:
        """Return a role and all whose rights it inherits."""
        return self.inherits.get(role, frozenset({role}))


def parts_of(rule: Rule | Update, table: str) -> Iterator[tuple[str, Rule]]:
    """Yield a rule of a table and all that it is made of, each with the table of whose rows it speaks."""
    if isinstance(rule, Update):
        yield from parts_of(rule.old, table)
        yield from parts_of(rule.new, table)
        return
    yield table, rule
    for part in getattr(rule, "parts", ()):
        yield from parts_of(part, table)
    if isinstance(rule, Through):
        yield from parts_of(rule.rule, rule.table)
    if isinstance(rule, Member) and rule.of.where is not None:
        yield from parts_of(rule.of.where, rule.of.table)


def declaration_of(sources: Sequence[Source], only: Sequence[str] = ()) -> Declaration:
    """Return what a program declares.

    :param only: names of tables; all where there are none.
    :raises InvalidDeclaration: no table of these is declared.
    """
    source = next((one for one in sources if one.package == "gatepost"), None)
    if source is None:
        raise InvalidDeclaration("the program declares no tables: there is nothing to prove")
    tables = [one for one in source.objects if one.kind == "Table"]
    subjects = {one.name: one for one in (_subject(table, source.owner) for table in tables)}
    unknown = sorted({_qualified(name) for name in only} - subjects.keys())
    if unknown:
        raise InvalidDeclaration(f"no table {', '.join(unknown)}: there are {', '.join(subjects)}")
    around = [one for each in sources if each.package == "postgresql" for one in each.objects]
    return Declaration(
        source,
        subjects,
        tuple(_name(one) for one in tables if one.inputs.get("intent") is None),
        _closure(_memberships(around)),
        _api_roles(around),
        {one.inputs["name"]: str(one.inputs["password"]) for one in around if _has_password(one)},
    )


def _qualified(name: str) -> str:
    return name if "." in name else f"public.{name}"


def _name(table: Declared) -> str:
    return f"{table.inputs.get('schema', 'public')}.{table.inputs['name']}"


def _subject(table: Declared, owner: str) -> Subject:
    given = table.inputs
    return Subject(
        _name(table),
        table.feature,
        tuple(column["name"] for column in given["columns"]),
        intent_from(given["intent"]) if given.get("intent") is not None else Intent(),
        owner,
        given.get("rowSecurity") == "forced",
        {role: _limits(held) for role, held in (given.get("privileges") or {}).items()},
        tuple(f"{one.get('schema', given.get('schema', 'public'))}.{one['name']}" for one in _leaves(given)),
    )


def _leaves(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = given.get("partitions") or ()
    return [one for one in parts if not one.get("partitionBy")]


def _limits(held: Iterable[str]) -> dict[Command, frozenset[str]]:
    """Return the columns of the commands that a privilege limits to some."""
    limited: dict[Command, set[str]] = defaultdict(set)
    whole: set[str] = set()
    for one in held:
        if match := _LIMITED.match(one.strip()):
            command = match["command"].lower()
            names = {name.strip().strip('"') for name in match["columns"].split(",")}
            for known in COMMANDS:
                if known == command:
                    limited[known] |= names
        else:
            whole.add(one.strip().lower())
    return {command: frozenset(names) for command, names in limited.items() if command not in whole}


def _memberships(around: Iterable[Declared]) -> dict[str, set[str]]:
    """Return, per role, the roles whose rights it has at once; a login that inherits nothing has none."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in around:
        if one.kind == "Role" and one.inputs.get("inherit") is not False:
            found[one.inputs["name"]] |= set(one.inputs.get("roles") or ())
        elif one.kind == "GrantRole":
            found[one.inputs["role"]].add(one.inputs["grantRole"])
    return found


def _closure(direct: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    def reach(role: str, seen: set[str]) -> set[str]:
        for other in direct.get(role, ()):
            if other not in seen:
                reach(other, seen | {role})
                seen |= {other} | reach(other, {*seen, other})
        return seen

    return {role: frozenset(reach(role, {role})) for role in direct}


def _api_roles(around: Iterable[Declared]) -> frozenset[str]:
    listed = [
        one.inputs.get("roles") or ()
        for one in around
        if one.kind == "Role" and one.inputs.get("login") and one.inputs.get("inherit") is False
    ]
    return frozenset(role for roles in listed for role in roles) or frozenset(_SUPABASE)


_SUPABASE = ("anon", "authenticated", "service_role")
"""The roles of a platform that brings them along."""


def _has_password(one: Declared) -> bool:
    return one.kind == "Role" and bool(one.inputs.get("login")) and bool(one.inputs.get("password"))
