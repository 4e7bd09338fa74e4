"""Tables: columns, row security, privileges, comments."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key, Size
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement
from gatepost.provider import columns, comment, privileges
from gatepost.provider.column import ColumnInputs
from gatepost.provider.columns import Site
from gatepost.provider.kind import Declarations, Inputs, Kind, Name
from gatepost.provider.sqltext import Part, ident, joined, part, raw, text

RowSecurity = Literal["off", "enabled", "forced"]


class TableInputs(Inputs):
    """A table as it is declared."""

    db_schema: Name = Field(default="public", alias="schema")
    name: Name
    columns: tuple[ColumnInputs, ...]
    comment: str | None = None
    row_security: RowSecurity = "off"
    privileges: dict[str, list[str]] = {}

    @property
    def where(self) -> str:
        """The table as messages call it."""
        return f"{self.db_schema}.{self.name}"


class TableKind(Kind[TableInputs]):
    """The life of a table."""

    token = "gatepost:index:Table"  # noqa: S105
    inputs = TableInputs

    def key(self, given: TableInputs) -> Key:
        return Key("tables", given.db_schema, given.name)

    def check(self, given: TableInputs, declared: Declarations) -> None:
        where = f'table "{given.where}"'
        names = [one.name for one in given.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidDeclaration(f"{where}: column {', '.join(twice)} is declared twice")
        for one in given.columns:
            one.check(where, given.name, frozenset(names))
        privileges.check(given.privileges, privileges.TABLE, where, frozenset(names))

    def announce(self, given: TableInputs, declared: Declarations) -> None:
        names = frozenset(one.name for one in given.columns)
        declared.columns[given.db_schema, given.name] = names

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """Columns are compared by name: their order in an existing table cannot be changed."""
        return super().differences(_by_name(old), _by_name(new))

    def create(self, given: TableInputs, facts: Facts) -> Plan:
        target, name = _target(given), given.where
        lines = joined((one.definition() for one in given.columns), ",\n    ")
        statements = [
            Statement(
                text("create table {t} (\n    {lines}\n)", t=target, lines=lines), Lock.ACCESS_EXCLUSIVE, name
            )
        ]
        statements += comment.changes(_on(target), name, None, given.comment)
        for one in given.columns:
            on = part("column {t}.{c}", t=target, c=ident(one.name))
            statements += comment.changes(on, name, None, one.comment)
        statements += _row_security(target, name, "off", given.row_security)
        inherited = facts.default_grantees(given.db_schema, "r")
        if inherited:
            statements.append(privileges.revoke_all("table", target, name, inherited))
        statements += privileges.changes("table", target, name, None, given.privileges)
        return Plan(tuple(statements))

    def update(self, old: TableInputs, new: TableInputs, facts: Facts) -> Plan:
        size = facts.size(old.db_schema, old.name)
        moved = Plan(tuple(_move(old, new)))
        target, name = _target(new), new.where
        # What closes access comes before what opens it.
        secured = Plan(tuple(_row_security(target, name, old.row_security, new.row_security)))
        site = Site(old.db_schema, old.name, target, name, new.row_security == "forced", facts, size)
        altered = columns.changes(site, old.columns, new.columns)
        held = privileges.without(old.privileges, altered.gone())
        granted = privileges.changes("table", target, name, held, new.privileges)
        described = comment.changes(_on(target), name, old.comment, new.comment)
        return altered.prepare() + moved + secured + altered.apply() + Plan((*granted, *described))

    def delete(self, old: TableInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        size = facts.size(old.db_schema, old.name)
        sql = text("drop table {t}", t=_target(old))
        return Plan((Statement(sql, Lock.ACCESS_EXCLUSIVE, old.where),), _deletes(old.where, size))

    def observe(self, inputs: dict[str, Any], then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
        """Take what changed from the catalog; what did not keeps its declared spelling."""
        comparable = {name: value for name, value in now.items() if name not in ("columns", "owner")}
        before = {name: value for name, value in then.items() if name not in ("columns", "owner")}
        observed = super().observe(inputs, before, comparable)
        declared = {one["name"]: one for one in inputs["columns"]}
        canonical = {one["name"]: one for one in then.get("columns", ())}
        observed["columns"] = [
            _observe_column(declared.get(one["name"], {}), canonical.get(one["name"], {}), one)
            for one in now["columns"]
        ]
        return observed


def _observe_column(declared: dict[str, Any], then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    changed = {name: now.get(name) for name in then.keys() | now.keys() if then.get(name) != now.get(name)}
    observed = {**declared, **changed}
    return {name: value for name, value in observed.items() if value is not None}


def _by_name(values: dict[str, Any]) -> dict[str, Any]:
    columns = {one["name"]: _plain_column(one) for one in values.get("columns", ())}
    by_role = privileges.normal(values.get("privileges"))
    rest = {name: value for name, value in values.items() if value not in ("off", None)}
    return {**rest, "columns": columns, "privileges": by_role or None}


def _plain_column(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in (None, False)}


def _target(given: TableInputs) -> Part:
    return ident(given.db_schema, given.name)


def _on(target: Part) -> Part:
    return part("table {t}", t=target)


def _row_security(target: Part, name: str, old: RowSecurity, new: RowSecurity) -> list[Statement]:
    clauses = []
    if (old == "off") != (new == "off"):
        clauses.append("disable" if new == "off" else "enable")
    if (old == "forced") != (new == "forced"):
        clauses.append("force" if new == "forced" else "no force")
    return [
        Statement(
            text("alter table {t} {clause} row level security", t=target, clause=raw(clause)),
            Lock.ACCESS_EXCLUSIVE,
            name,
        )
        for clause in clauses
    ]


def _move(old: TableInputs, new: TableInputs) -> list[Statement]:
    statements = []
    if old.name != new.name:
        renamed = text("alter table {t} rename to {n}", t=_target(old), n=ident(new.name))
        statements.append(Statement(renamed, Lock.ACCESS_EXCLUSIVE, old.where))
    if old.db_schema != new.db_schema:
        here = ident(old.db_schema, new.name)
        moved = text("alter table {t} set schema {s}", t=here, s=ident(new.db_schema))
        statements.append(Statement(moved, Lock.ACCESS_EXCLUSIVE, old.where))
    return statements


def _deletes(name: str, size: Size) -> tuple[Risk, ...]:
    if size.empty:
        return ()
    detail = f"The table has {size}."
    return (Risk(Hazard.DELETES_DATA, name, detail),)
