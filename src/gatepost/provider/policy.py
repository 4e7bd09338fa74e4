"""Row-level security policies: changed without a moment of open or closed access."""

from __future__ import annotations

from typing import Any, Literal

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.insight import parse_expression, unknown_columns
from gatepost.provider.kind import Declarations, reject_unknown
from gatepost.provider.on_table import OnTable, OnTableKind
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
        known = declared.columns_of(given.db_schema, given.table)
        for name in sorted(stated):
            tree = parse_expression(clauses[name] or "", f"{where}: {name}")
            missing = unknown_columns(tree, {given.table: known}, declared.columns_of)
            reject_unknown(missing, f"{where}: {name}")

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        return super().differences(_plain(old), _plain(new))

    def create(self, given: PolicyInputs, facts: Facts) -> Plan:
        return Plan((_create(given), *self.described(given, None)))

    def change(self, old: PolicyInputs, new: PolicyInputs, facts: Facts) -> Plan:
        if _needs_another(old, new):
            return Plan((self.drop(old), _create(new), *self.described(new, None)))
        renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
        return Plan((*renamed, _alter(new), *self.described(new, old.comment)))


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
