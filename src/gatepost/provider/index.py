"""Indexes: built concurrently where the table has rows, replaced without a moment without one."""

from __future__ import annotations

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.insight import parse, unknown_columns
from gatepost.provider.kind import Declarations, reject_unknown, require_columns
from gatepost.provider.on_table import OnTable, OnTableKind
from gatepost.provider.sqltext import Part, expression, ident, idents, joined, part, raw, text


class IndexInputs(OnTable):
    """An index as it is declared."""

    columns: list[str]
    unique: bool = False
    where: str | None = None
    include: list[str] = []
    method: str = "btree"
    nulls_not_distinct: bool = False
    serves: str | None = None


class IndexKind(OnTableKind[IndexInputs]):
    """The life of an index."""

    token = "gatepost:index:Index"  # noqa: S105
    inputs = IndexInputs
    catalog, word = "indexes", "index"
    remarks, drifts_as = ("name", "comment", "serves"), "columns"

    def identify(self, given: IndexInputs) -> str:
        return f"{given.db_schema}.{given.name}"

    def check(self, given: IndexInputs, declared: Declarations) -> None:
        where = self.where(given)
        if not given.columns:
            raise InvalidDeclaration(f"{where}: names no columns")
        statements = parse(_create(given, given.name, concurrently=False), where)
        if len(statements) != 1:
            raise InvalidDeclaration(
                f"{where}: expected columns and expressions, got more than one statement"
            )
        known = declared.columns_of(given.db_schema, given.table)
        elements = (*statements[0].indexParams, *(statements[0].indexIncludingParams or ()))
        require_columns([e.name for e in elements if e.name], known, where, given.table_name)
        expressions = (statements[0].whereClause, [element.expr for element in elements])
        missing = unknown_columns(expressions, {given.table: known}, declared.columns_of)
        reject_unknown(missing, where)

    def create(self, given: IndexInputs, facts: Facts) -> Plan:
        left = facts.read(self.key(given))
        repair = self._leftover(given, given.name, facts) if left and not left["valid"] else Plan()
        return repair + _build(given, given.name, facts) + Plan(tuple(self.described(given, None)))

    def change(self, old: IndexInputs, new: IndexInputs, facts: Facts) -> Plan:
        """Build the new one first, swap the names, drop the old one last."""
        beside, gone = new.beside("__new"), old.beside("__old")
        left = self._leftover(new, beside, facts) + self._leftover(old, gone, facts)
        swap = (self.rename(old, old.name, gone), self.rename(new, beside, new.name))
        drop = Plan((_drop(old, gone, concurrently=not _is_empty(old, facts)),))
        return left + _build(new, beside, facts) + Plan((*swap, *self.described(new, None))) + drop

    def _leftover(self, given: IndexInputs, name: str, facts: Facts) -> Plan:
        """Return the plan that removes what a deployment left that was cut short."""
        if facts.read(self.key(given.model_copy(update={"name": name}))) is None:
            return Plan()
        return Plan((_drop(given, name, concurrently=True, undo=""),))

    def delete(self, old: IndexInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        return Plan((_drop(old, old.name, concurrently=not _is_empty(old, facts)),))

    def rename(self, given: IndexInputs, old: str, new: str) -> Statement:
        sql = text("alter index {o} rename to {n}", o=ident(given.db_schema, old), n=ident(new))
        return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, given.table_name)

    def place(self, given: IndexInputs) -> Part:
        return part("index {k}", k=ident(given.db_schema, given.name))


def _is_empty(given: IndexInputs, facts: Facts) -> bool:
    return facts.size(given.db_schema, given.table).empty


def _build(given: IndexInputs, name: str, facts: Facts) -> Plan:
    if _is_empty(given, facts):
        sql = _create(given, name, concurrently=False)
        return Plan((Statement(sql, Lock.SHARE, given.table_name),))
    undo = _drop(given, name, concurrently=True, if_exists=True).sql
    sql = _create(given, name, concurrently=True)
    builds = ident(given.db_schema, name).as_string(None)
    lock = Lock.SHARE_UPDATE_EXCLUSIVE
    return Plan((Statement(sql, lock, given.table_name, "concurrent", undo, builds),))


def _create(given: IndexInputs, name: str, *, concurrently: bool) -> str:
    return text(
        "create {unique}index {concurrently}{name} on {table} using {method} ({columns})"
        "{include}{nulls}{where}",
        unique=raw("unique " if given.unique else ""),
        concurrently=raw("concurrently " if concurrently else ""),
        name=ident(name),
        table=given.of,
        method=ident(given.method),
        columns=joined(raw(column) for column in given.columns),
        include=part(" include ({c})", c=idents(given.include)) if given.include else raw(""),
        nulls=raw(" nulls not distinct" if given.nulls_not_distinct else ""),
        where=part(" where {w}", w=expression(given.where)) if given.where else raw(""),
    )


def _drop(
    given: IndexInputs, name: str, *, concurrently: bool, if_exists: bool = False, undo: str | None = None
) -> Statement:
    sql = text(
        "drop index {concurrently}{exists}{name}",
        concurrently=raw("concurrently " if concurrently else ""),
        exists=raw("if exists " if if_exists else ""),
        name=ident(given.db_schema, name),
    )
    if concurrently:
        return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, given.table_name, "concurrent", undo)
    return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)
