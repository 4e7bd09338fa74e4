"""Row-level security policies: changed without a moment of open or closed access."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, cast

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Definition, Facts, Key, canonical_names, query
from gatepost.postgres.plan import Lock, Plan, Risk, Statement
from gatepost.provider import access
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.on_table import OnTable, OnTableKind
from gatepost.provider.partition_policies import in_partition, in_partitions
from gatepost.provider.renaming import Renaming
from gatepost.provider.sqltext import Part, expression, ident, part, raw, roles, text

_TAKES = {
    "all": {"using", "check"},
    "select": {"using"},
    "insert": {"check"},
    "update": {"using", "check"},
    "delete": {"using"},
}


class PolicyInputs(OnTable):
    """A policy as it is declared."""

    command: Literal["all", "select", "insert", "update", "delete"]
    roles: list[str]
    using: str | None = None
    check: str | None = None
    permissive: bool = True


class PolicyKind(OnTableKind[PolicyInputs]):
    """The life of a policy."""

    token = "gatepost:index:Policy"  # noqa: S105
    inputs = PolicyInputs
    catalog, word = "policies", "policy"

    def check(self, given: PolicyInputs, declared: Declarations) -> None:
        where = self.where(given)
        if not given.roles:
            raise InvalidDeclaration(f"{where}: names no roles: say whom it applies to")
        clauses = {"using": given.using, "check": given.check}
        stated = {name for name, expression in clauses.items() if expression is not None}
        wrong = stated - _TAKES[given.command]
        if wrong or not stated:
            takes = " and ".join(sorted(_TAKES[given.command]))
            raise InvalidDeclaration(f"{where}: a policy for {given.command} takes {takes}")

    def texts(self, given: PolicyInputs) -> Iterable[Text]:
        clauses = {"using": given.using, "check": given.check}
        stated = {name: sql for name, sql in clauses.items() if sql is not None}
        return [Text(sql, f"{self.where(given)}: {name}", own=given.row) for name, sql in stated.items()]

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        return super().differences(_plain(old), _plain(new))

    def in_new_names(self, old: PolicyInputs, new: PolicyInputs, renaming: Renaming) -> PolicyInputs:
        clauses = {
            "using": renaming.respelled(old.using, new.using, "expression", old.row),
            "check": renaming.respelled(old.check, new.check, "expression", old.row),
        }
        return old.model_copy(update=clauses)

    def create(self, given: PolicyInputs, facts: Facts) -> Plan:
        plan = Plan((_create(given), *self.described(given, None)), _risks(None, given, facts))
        return plan + _inherited(given, given.name, facts)

    def update(self, old: PolicyInputs, new: PolicyInputs, facts: Facts) -> Plan:
        plan = super().update(old, new, facts)
        return plan + _inherited(new, old.name, facts) if old.of == new.of else plan

    def change(self, old: PolicyInputs, new: PolicyInputs, facts: Facts) -> Plan:
        """Alter it, or exchange it in one transaction: nobody meets the table without a policy."""
        risks = _risks(old, new, facts)
        if _needs_another(old, new):
            return Plan((self.drop(old), _create(new), *self.described(new, None)), risks)
        renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
        return Plan((*renamed, _alter(new), *self.described(new, old.comment)), risks)

    def delete(self, old: PolicyInputs, facts: Facts) -> Plan:
        plan = super().delete(old, facts)
        gone = (_drop_if_exists(one, old.name) for one in in_partitions(old, facts))
        return Plan((*plan.statements, *gone), _risks(old, None, facts) if plan else ())

    def stand_in(self, inputs: dict[str, Any], then: Definition, now: Definition) -> dict[str, Any]:
        """Another policy of that name in a partition is drift: roles stand in for it."""
        return inputs if now.get("differs") == then.get("differs") else {**inputs, "roles": []}


def _risks(old: PolicyInputs | None, new: PolicyInputs | None, facts: Facts) -> tuple[Risk, ...]:
    """Return what changes for users, where row security is in force and there are rows."""
    given = new or old
    assert given is not None
    size = facts.exposed(given.db_schema, given.table)
    if size.empty or not facts.has_row_security(given.db_schema, given.table):
        return ()
    return access.of_policy(old, new, size)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in values.items() if not (name == "permissive" and value)}
    return {**given, "roles": sorted(values.get("roles", ()))}


def _needs_another(old: PolicyInputs, new: PolicyInputs) -> bool:
    """`alter policy` changes roles and expressions, but neither the command nor whether a clause exists."""
    lost = (old.using and not new.using) or (old.check and not new.check)
    return bool(lost) or (old.command, old.permissive) != (new.command, new.permissive)


def _clauses(given: PolicyInputs) -> Part:
    using = part(" using ({e})", e=expression(given.using)) if given.using is not None else raw("")
    check = part(" with check ({e})", e=expression(given.check)) if given.check is not None else raw("")
    return part("to {roles}{using}{check}", roles=roles(given.roles), using=using, check=check)


def _create(given: PolicyInputs) -> Statement:
    sql = text(
        "create policy {p} on {t} as {kind} for {command} {clauses}",
        p=ident(given.name),
        t=given.of,
        kind=raw("permissive" if given.permissive else "restrictive"),
        command=raw(given.command),
        clauses=_clauses(given),
    )
    return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)


def _alter(given: PolicyInputs) -> Statement:
    sql = text("alter policy {p} on {t} {c}", p=ident(given.name), t=given.of, c=_clauses(given))
    return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)


def _inherited(given: PolicyInputs, old: str, facts: Facts) -> Plan:
    """Give every partition the policy too: whoever reads one directly meets it as well."""
    statements = []
    for one in in_partitions(given, facts):
        statements += [_drop_if_exists(one, old), _create(one), *PolicyKind().described(one, None)]
    return Plan(tuple(statements))


def _drop_if_exists(given: PolicyInputs, name: str) -> Statement:
    sql = text("drop policy if exists {p} on {t}", p=ident(name), t=given.of)
    return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)


def copied(facts: Facts, table: tuple[str, str], partition: tuple[str, str]) -> list[Statement]:
    """Return the statements that give a partition the policies of its table."""
    found = [in_partition(one, *partition) for one in _policies_of(facts, table)]
    return [statement for one in found for statement in (_create(one), *PolicyKind().described(one, None))]


def withdrawn(facts: Facts, table: tuple[str, str], partition: tuple[str, str]) -> list[Statement]:
    """Return the statements that take them from it again."""
    found = (in_partition(one, *partition) for one in _policies_of(facts, table))
    return [_drop_if_exists(one, one.name) for one in found]


def _policies_of(facts: Facts, table: tuple[str, str]) -> list[PolicyInputs]:
    place = facts.planned.present(Key("tables", *table))
    if facts.connection is None or place is None:
        return []
    with canonical_names(facts.connection):
        rows = facts.connection.execute(query("policies"), {"schema": place.schema, "names": [place.name]})
        found = [(str(name), cast("Definition", one)) for _, _, name, one in rows.fetchall()]
    given = (
        {**definition, "schema": table[0], "table": table[1], "name": name} for name, definition in found
    )
    return [PolicyInputs.model_validate({k: v for k, v in one.items() if k != "differs"}) for one in given]
