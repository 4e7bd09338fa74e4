"""Constraints: added without blocking where the table has rows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.insight import parse_expression, unknown_columns
from gatepost.provider.kind import Declarations, Inputs, Name, reject_unknown, require_columns
from gatepost.provider.on_table import OnTable, OnTableKind
from gatepost.provider.sqltext import Part, expression, ident, idents, part, raw, text

Action = Literal["no action", "restrict", "cascade", "set null", "set default"]
_KEYS = ("primary_key", "unique")


class References(Inputs):
    """What a foreign key refers to."""

    db_schema: Name = Field(default="public", alias="schema")
    table: Name
    columns: list[str]


class ConstraintInputs(OnTable):
    """A constraint as it is declared."""

    kind: Literal["primary_key", "unique", "check", "foreign_key"]
    columns: list[str] = []
    expression: str | None = None
    references: References | None = None
    on_delete: Action = "no action"
    on_update: Action = "no action"
    deferrable: bool = False
    nulls_not_distinct: bool = False


class ConstraintKind(OnTableKind[ConstraintInputs]):
    """The life of a constraint."""

    token = "gatepost:index:Constraint"  # noqa: S105
    inputs = ConstraintInputs
    catalog, word, drifts_as = "constraints", "constraint", "expression"

    def check(self, given: ConstraintInputs, declared: Declarations) -> None:
        where = self.where(given)
        known = declared.columns_of(given.db_schema, given.table)
        require_columns(given.columns, known, where, given.table_name)
        if given.kind == "check":
            tree = parse_expression(given.expression or "", where)
            reject_unknown(unknown_columns(tree, {given.table: known}, declared.columns_of), where)
        elif not given.columns:
            raise InvalidDeclaration(f"{where}: names no columns")
        if given.kind == "foreign_key":
            _check_references(given, where, declared)

    def create(self, given: ConstraintInputs, facts: Facts) -> Plan:
        return _added(given, facts) + Plan(tuple(self.described(given, None)))

    def change(self, old: ConstraintInputs, new: ConstraintInputs, facts: Facts) -> Plan:
        """Check or build the new one beside the old, then exchange them in one transaction."""
        described = Plan(tuple(self.described(new, None)))
        drop = Plan((self.drop(old),))
        if new.kind in _KEYS:
            return _built(new, facts) + drop + _key(new, facts) + described
        beside = new.model_copy(update={"name": new.beside("__new")})
        left = Plan((self.drop(beside),) if facts.read(self.key(beside)) else ())
        exchange = Plan((self.rename(new, beside.name, new.name),))
        return left + _checked(beside, facts) + drop + exchange + described

    def drop(self, old: ConstraintInputs) -> Statement:
        return Statement(_drop(old), Lock.ACCESS_EXCLUSIVE, old.table_name)

    def rename(self, given: ConstraintInputs, old: str, new: str) -> Statement:
        sql = text("alter table {t} rename constraint {o} to {n}", t=given.of, o=ident(old), n=ident(new))
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)


def _check_references(given: ConstraintInputs, where: str, declared: Declarations) -> None:
    there = given.references
    if there is None:
        raise InvalidDeclaration(f"{where}: names no table that it references")
    if len(there.columns) != len(given.columns):
        raise InvalidDeclaration(
            f"{where}: {len(given.columns)} columns cannot reference {len(there.columns)}: name as many"
        )
    known = declared.columns_of(there.db_schema, there.table)
    require_columns(there.columns, known, where, f"{there.db_schema}.{there.table}")


def _added(given: ConstraintInputs, facts: Facts) -> Plan:
    if given.kind in _KEYS:
        return _built(given, facts) + _key(given, facts)
    return _checked(given, facts)


def _checked(given: ConstraintInputs, facts: Facts) -> Plan:
    """Add a check or foreign key; where there are rows it is validated without blocking."""
    if facts.size(given.db_schema, given.table).empty:
        return Plan((_add(given, _definition(given)),))
    undo = _drop(given, if_exists=True)
    added = _add(given, part("{d} not valid", d=_definition(given)), undo)
    validate = text("alter table {t} validate constraint {k}", t=given.of, k=ident(given.name))
    return Plan(
        (added, Statement(validate, Lock.SHARE_UPDATE_EXCLUSIVE, given.table_name, "separate", undo=""))
    )


def _built(given: ConstraintInputs, facts: Facts) -> Plan:
    """Build a key's index without blocking, where there are rows."""
    name = given.beside("__new")
    remove = text("drop index concurrently if exists {k}", k=ident(given.db_schema, name))
    left = facts.read(Key("indexes", given.db_schema, given.table, name))
    lock, on = Lock.SHARE_UPDATE_EXCLUSIVE, given.table_name
    plan = Plan((Statement(remove, lock, on, "concurrent", undo=""),) if left else ())
    if facts.size(given.db_schema, given.table).empty:
        return plan
    builds = ident(given.db_schema, name).as_string(None)
    build = text(
        "create unique index concurrently {k} on {t} ({c}){nulls}",
        k=ident(name),
        t=given.of,
        c=idents(given.columns),
        nulls=raw(" nulls not distinct" if given.nulls_not_distinct else ""),
    )
    return plan + Plan((Statement(build, lock, on, "concurrent", remove, builds),))


def _key(given: ConstraintInputs, facts: Facts) -> Plan:
    """Make a key, of the index built for it where there are rows; that then takes the key's name."""
    empty = facts.size(given.db_schema, given.table).empty
    nulls = raw(" nulls not distinct" if given.nulls_not_distinct else "")
    columns = part("{nulls} ({c})", nulls=nulls, c=idents(given.columns))
    using = part(" using index {k}", k=ident(given.beside("__new")))
    definition = part(
        "{kind}{on}{deferrable}",
        kind=raw(given.kind.replace("_", " ")),
        on=columns if empty else using,
        deferrable=_deferrable(given),
    )
    return Plan((_add(given, definition),))


def _add(given: ConstraintInputs, definition: Part, undo: str | None = None) -> Statement:
    sql = text("alter table {t} add constraint {k} {d}", t=given.of, k=ident(given.name), d=definition)
    lock = Lock.SHARE_ROW_EXCLUSIVE if given.kind == "foreign_key" else Lock.ACCESS_EXCLUSIVE
    return Statement(sql, lock, given.table_name, undo=undo)


def _drop(given: ConstraintInputs, *, if_exists: bool = False) -> str:
    exists = raw("if exists " if if_exists else "")
    return text("alter table {t} drop constraint {e}{k}", t=given.of, e=exists, k=ident(given.name))


def _definition(given: ConstraintInputs) -> Part:
    if given.references is None:
        return part("check ({e})", e=expression(given.expression or "true"))
    there = given.references
    return part(
        "foreign key ({c}) references {t} ({r}) on update {u} on delete {d}{deferrable}",
        c=idents(given.columns),
        t=ident(there.db_schema, there.table),
        r=idents(there.columns),
        u=raw(given.on_update),
        d=raw(given.on_delete),
        deferrable=_deferrable(given),
    )


def _deferrable(given: ConstraintInputs) -> Part:
    return raw(" deferrable" if given.deferrable else "")
