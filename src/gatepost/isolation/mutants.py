"""Policies made a little wrong, one after the other: a proof that does not notice proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gatepost.intent import All, Any_, Intent, Rule, Update
from gatepost.isolation.expressions import columns_in, conjuncts_of, shortened, without_operands
from gatepost.isolation.implication import implies
from gatepost.isolation.rows import identifier
from gatepost.isolation.structure import rows_of

if TYPE_CHECKING:
    from psycopg.sql import Composed

    from gatepost.postgres.connect import Connection

_COMMANDS = frozenset({"select", "insert", "update", "delete"})


@dataclass(frozen=True)
class PolicyText:
    """A policy in PostgreSQL's words."""

    table: str
    name: str
    permissive: bool
    command: str
    roles: tuple[str, ...]
    using: str | None
    check: str | None

    @property
    def commands(self) -> frozenset[str]:
        """The commands that it decides on."""
        return _COMMANDS if self.command == "all" else frozenset({self.command})

    def holds_for(self, holder: Holder) -> bool:
        """Return whether the policy speaks of a role."""
        return "public" in self.roles or bool(set(self.roles) & holder.inherits)

    def statement(self) -> Composed:
        """Return what makes the policy."""
        from psycopg import sql

        roles = [sql.SQL("public") if one == "public" else sql.Identifier(one) for one in self.roles]
        clauses = [("using ({})", self.using), ("with check ({})", self.check)]
        return sql.SQL("create policy {} on {} as {} for {} to {} {}").format(
            sql.Identifier(self.name),
            identifier(self.table),
            sql.SQL("permissive" if self.permissive else "restrictive"),
            sql.SQL(self.command),
            sql.SQL(", ").join(roles),
            sql.SQL(" ").join(sql.SQL(form).format(sql.SQL(text)) for form, text in clauses if text),
        )


@dataclass(frozen=True)
class Holder:
    """A role that may give commands on a table."""

    role: str
    commands: frozenset[str]
    updates: frozenset[str]
    inherits: frozenset[str]


@dataclass(frozen=True)
class Mutant:
    """One policy, made wrong in one way."""

    policy: PolicyText
    change: str
    """What was done to it, in words."""
    becomes: PolicyText | None
    """None: it is dropped."""
    operand: str = ""
    """What was taken out, where something was."""
    equal: str = ""
    """Why nobody could tell it from the policy; empty where somebody should."""

    @property
    def name(self) -> str:
        """How reports and suppressions call it."""
        return f"policy {self.policy.name}: {self.change}"

    def apply(self, connection: Connection) -> None:
        """Make it so, in the open transaction."""
        from psycopg import sql

        drop = sql.SQL("drop policy {} on {}").format(
            sql.Identifier(self.policy.name), identifier(self.policy.table)
        )
        connection.execute(drop)
        if self.becomes is not None:
            connection.execute(self.becomes.statement())


def mutants_in(connection: Connection, intents: Mapping[str, Intent], roles: Collection[str]) -> list[Mutant]:
    """Return the mutants of every policy on tables with an intent, as far as `roles` could tell them."""
    holders = _holders(connection, roles)
    columns = {row["table_name"]: set[str]() for row in rows_of(connection, "columns")}
    for row in rows_of(connection, "columns"):
        columns[row["table_name"]].add(row["name"])
    found = []
    for policy in policies_in(connection):
        if (table := policy.table) in intents:
            judge = _Judge(policy, holders.get(table, []), columns[table], intents[table])
            found += [replace(one, equal=judge.reason(one)) for one in _mutants(policy)]
    return found


def policies_in(connection: Connection) -> list[PolicyText]:
    """Return every policy of a database but those of partitions."""
    return [
        PolicyText(
            row["table_name"],
            row["name"],
            row["permissive"],
            row["command"],
            tuple(row["roles"]),
            row["using_text"],
            row["check_text"],
        )
        for row in rows_of(connection, "policies")
    ]


def _holders(connection: Connection, roles: Collection[str]) -> dict[str, list[Holder]]:
    found: dict[str, list[Holder]] = {}
    for row in rows_of(connection, "holders"):
        sets: Any = [frozenset(row[name]) for name in ("commands", "updates", "inherits")]
        if sets[0] and row["role"] in roles:
            found.setdefault(row["table_name"], []).append(Holder(row["role"], *sets))
    return found


def _mutants(policy: PolicyText) -> Iterator[Mutant]:
    yield Mutant(policy, "dropped", None)
    for side in ("using", "check"):
        yield from _clause(policy, side)
    if "public" not in policy.roles:
        yield Mutant(policy, "for every role", replace(policy, roles=("public",)))
    if not policy.permissive:
        yield Mutant(policy, "permissive", replace(policy, permissive=True))
    if policy.check is not None and policy.using not in (None, policy.check):
        swapped = replace(policy, using=policy.check, check=policy.using)
        yield Mutant(policy, "using and check swapped", swapped)
    if policy.command != "all":
        wider = replace(policy, command="all", using=policy.using or policy.check)
        yield Mutant(policy, "for every command", wider)


def _clause(policy: PolicyText, side: str) -> Iterator[Mutant]:
    text = policy.using if side == "using" else policy.check
    is_checked = policy.command in ("update", "all") and policy.using is not None
    if text is None and not (side == "check" and is_checked):
        return
    if (text or policy.using) != "true":
        yield Mutant(policy, f"{side} is true", _with(policy, side, "true"))
    for removed, rest in without_operands(text or ""):
        made = _with(policy, side, rest)
        yield Mutant(policy, f"{side} without {shortened(removed)}", made, operand=removed)


def _with(policy: PolicyText, side: str, text: str) -> PolicyText:
    if side == "check":
        return replace(policy, check=text)
    # A check that is not written is the using clause: it must not be weakened with it.
    checked = policy.check or (policy.using if policy.command in ("update", "all") else None)
    return replace(policy, using=text, check=checked)


@dataclass(frozen=True)
class _Judge:
    """Says why a mutant of one policy would do exactly what the policy does."""

    policy: PolicyText
    holders: Sequence[Holder]
    columns: set[str]
    intent: Intent

    def reason(self, mutant: Mutant) -> str:
        """Return the proof that nobody could tell the difference; empty where there is none."""
        becomes, policy = mutant.becomes, self.policy
        if becomes is None:
            return ""
        if becomes.roles != policy.roles:
            others = [one for one in self.holders if not policy.holds_for(one)]
            reached = self._reach_already(others, policy.commands)
            return "whoever else has the privilege reaches these rows already" if reached else ""
        meant = [one for one in self.holders if policy.holds_for(one)]
        if becomes.command != policy.command:
            reached = self._reach_already(meant, becomes.commands - policy.commands)
            return "whom it names may do that to these rows already, or to none" if reached else ""
        if mutant.change == "using and check swapped" and self._same_for_new_rows():
            return "the intent says the same of old and new rows"
        if becomes.using == policy.using and policy.command == "update":
            return self._unchanging(meant) or self._found_by(mutant, meant)
        return ""

    def _reach_already(self, holders: Sequence[Holder], commands: frozenset[str]) -> bool:
        """Return whether the intent gives these roles every row that the policy is meant to give."""
        return all(
            implies(self._meant(own), self._rule(holder.inherits, command), self.policy.table)
            for holder in holders
            for command in commands & holder.commands
            for own in ([command] if command in self.policy.commands else self.policy.commands)
        )

    def _meant(self, command: str) -> Rule:
        return self._rule(frozenset(self.policy.roles), command)

    def _rule(self, roles: frozenset[str], command: str) -> Rule:
        found: list[Rule] = []
        for role in sorted(roles & self.intent.roles.keys()):
            for known, rule in self.intent.roles[role].items():
                if known == command:
                    found += [All((rule.old, rule.new)) if isinstance(rule, Update) else rule]
        return Any_(tuple(found))

    def _unchanging(self, meant: Sequence[Holder]) -> str:
        """A new row is as good as the old one if nobody may set what the check looks at."""
        looked_at = columns_in(self.policy.check or self.policy.using or "", self.policy.table, self.columns)
        settable = frozenset[str]().union(*(one.updates for one in meant))
        if self._same_for_new_rows() and not looked_at & settable:
            return f"whom it names may not update {', '.join(sorted(looked_at)) or 'what it looks at'}"
        return ""

    def _found_by(self, mutant: Mutant, meant: Sequence[Holder]) -> str:
        """What a row was found by still holds of the new one if nobody may set what it looks at."""
        looked_at = columns_in(mutant.operand, self.policy.table, self.columns)
        settable = frozenset[str]().union(*(one.updates for one in meant))
        if mutant.operand in conjuncts_of(self.policy.using or "") and not looked_at & settable:
            return f"the row was found by it, and whom it names may not update {', '.join(sorted(looked_at))}"
        return ""

    def _same_for_new_rows(self) -> bool:
        return not any(isinstance(given.get("update"), Update) for given in self.intent.roles.values())
