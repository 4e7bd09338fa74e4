"""Tables: columns, row security, privileges, comments, storage parameters, partitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from gatepost.errors import InvalidDeclaration
from gatepost.intent_data import intent_from
from gatepost.postgres.catalog import Facts, Key, Size
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import (
    access,
    columns,
    comment,
    limits,
    partition_changes,
    privileges,
    row_security,
    storage,
)
from gatepost.provider.column import ColumnInputs
from gatepost.provider.columns import Site
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.kind import Inputs, Kind, Name, require_columns
from gatepost.provider.partitions import Member, Partitioned, PartitionInputs
from gatepost.provider.renaming import follows
from gatepost.provider.row_security import RowSecurity
from gatepost.provider.sqltext import Part, ident, joined, part, raw, text
from gatepost.provider.storage import Storage


class TableInputs(Inputs):
    """A table as it is declared."""

    db_schema: Name = Field(default="public", alias="schema")
    name: Name
    columns: tuple[ColumnInputs, ...]
    comment: str | None = None
    row_security: RowSecurity = "off"
    privileges: dict[str, list[str]] = {}
    storage: Storage = {}
    """Of a partitioned table: those of its partitions."""
    partition_by: str | None = None
    partitions: tuple[PartitionInputs, ...] = ()
    drop_undeclared: bool = True
    """Whether a partition that is no longer declared is dropped; otherwise it stays."""
    intent: dict[str, dict[str, Any]] | None = None
    """Who may do what to whose rows: nothing in the database comes of it."""

    @property
    def where(self) -> str:
        """The table as messages call it."""
        return f"{self.db_schema}.{self.name}"

    def in_new_names(self, new: TableInputs, names: Mapping[str, str]) -> TableInputs:
        """Return the table with its partition keys as they read where columns got other names."""
        if not names or self.partition_by is None:
            return self
        keys = {one.name: one.partition_by for one in new.partitions}
        parts = (
            one.model_copy(update={"partition_by": _key(one.partition_by, keys.get(one.name), names)})
            for one in self.partitions
        )
        update = {
            "partition_by": _key(self.partition_by, new.partition_by, names),
            "partitions": tuple(parts),
        }
        return self.model_copy(update=update)

    def partitioned(self, without: Iterable[str] = ()) -> Partitioned | None:
        """Return the table as its partitions see it, if it has any.

        :param without: columns that are no more; privileges on them went with them.
        """
        if self.partition_by is None:
            return None
        held = privileges.without(self.privileges, set(without)) if without else self.privileges
        return Partitioned(
            self.db_schema,
            self.name,
            self.partition_by,
            self.partitions,
            self.row_security,
            held,
            self.storage,
            self.drop_undeclared,
        )


def _key(old: str | None, new: str | None, names: Mapping[str, str]) -> str | None:
    statement = "create table t () partition by {}".format
    return new if old and new and follows(statement(old), statement(new), names) else old


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
            one.check(where)
        privileges.check(given.privileges, privileges.TABLE, where, frozenset(names))
        storage.check(given.storage, where)
        if given.intent is not None:
            used = intent_from(given.intent).columns
            require_columns(used, frozenset(names), f"{where}: intent", given.where)
        if divided := given.partitioned():
            divided.check(frozenset(names))
        elif given.partitions:
            raise InvalidDeclaration(f"{where}: has partitions, but does not say by what it is partitioned")

    def texts(self, given: TableInputs) -> Iterable[Text]:
        known = frozenset(one.name for one in given.columns)
        for one in given.columns:
            yield from one.texts(f'table "{given.where}"', given.name, known)

    def announce(self, given: TableInputs, declared: Declarations) -> None:
        names = frozenset(one.name for one in given.columns if not one.retired)
        places = [(one.db_schema or given.db_schema, one.name) for one in given.partitions]
        declared.columns |= dict.fromkeys([(given.db_schema, given.name), *places], names)
        asked = ((one.renamed_from, one.name) for one in given.columns)
        former = {old: name for old, name in asked if old is not None and old not in names}
        declared.renamed |= {(given.db_schema, given.name): former} if former else {}
        if divided := given.partitioned():
            declared.partition_keys[given.db_schema, given.name] = tuple(sorted(divided.columns))

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """Columns are compared by name: their order in an existing table cannot be changed."""
        return super().differences(_by_name(old), _by_name(new))

    def create(self, given: TableInputs, facts: Facts) -> Plan:
        limits.require_virtual(given, facts)
        target, name = _target(given), given.where
        lines = joined((one.definition() for one in given.columns), ",\n    ")
        own = storage.clause({} if given.partition_by else given.storage)
        divided = part(" partition by {k}", k=raw(given.partition_by)) if given.partition_by else raw("")
        sql = text(
            "create table {t} (\n    {lines}\n){divided}{own}",
            t=target,
            lines=lines,
            divided=divided,
            own=own,
        )
        statements = [Statement(sql, Lock.ACCESS_EXCLUSIVE, name)]
        statements += comment.changes(_on(target), name, None, given.comment)
        for one in given.columns:
            on = part("column {t}.{c}", t=target, c=ident(one.name))
            statements += comment.changes(on, name, None, one.comment)
        statements += row_security.changes(target, name, "off", given.row_security)
        inherited = facts.default_grantees(given.db_schema, "r")
        if inherited:
            statements.append(privileges.revoke_all("table", target, name, inherited))
        statements += privileges.changes("table", target, name, None, given.privileges)
        parts = (partition_changes.create(one, facts) for one in _members(given))
        return sum(parts, Plan(tuple(statements)))

    def update(self, old: TableInputs, new: TableInputs, facts: Facts) -> Plan:
        limits.require_virtual(new, facts)
        limits.require_key(old, new)
        size = facts.size(old.db_schema, old.name)
        moved = Plan(tuple(_move(old, new)), _breaks(old, new, size))
        target, name = _target(new), new.where
        # What closes access comes before what opens it.
        secured = Plan(tuple(row_security.changes(target, name, old.row_security, new.row_security)))
        site = Site(old.db_schema, old.name, target, name, new.row_security == "forced", facts, size)
        altered = columns.changes(site, old.columns, new.columns)
        held = altered.held(old.privileges)
        granted = privileges.changes("table", target, name, held, new.privileges)
        described = comment.changes(_on(target), name, old.comment, new.comment)
        stored = () if new.partition_by else storage.changes(target, name, old.storage, new.storage)
        divided = partition_changes.changes(
            old.in_new_names(new, altered.names).partitioned(altered.gone()), new.partitioned(), facts
        )
        return (
            divided.before
            + altered.prepare()
            + moved
            + divided.moved
            + secured
            + altered.apply()
            + Plan((*granted, *described, *stored), access.of_table(old, new, facts))
            + divided.applied
            + altered.finish()
        )

    def delete(self, old: TableInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        size = facts.size(old.db_schema, old.name)
        sql = text("drop table {t}", t=_target(old))
        lost = risk(Hazard.DELETES_DATA, old.where, "The table goes.", size=size)
        dropped = Statement(sql, Lock.ACCESS_EXCLUSIVE, old.where)
        return Plan((dropped, *columns.forget(old.where, old.columns)), lost + _breaks(old, None, size))

    def observe(self, inputs: dict[str, Any], then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
        """Take what changed from the catalog; what did not keeps its declared spelling."""
        listed = ("columns", "partitions")
        comparable = {name: value for name, value in now.items() if name not in (*listed, "owner")}
        before = {name: value for name, value in then.items() if name not in (*listed, "owner")}
        observed = super().observe(inputs, before, comparable)
        for what in listed:
            declared = {one["name"]: one for one in inputs.get(what, ())}
            canonical = {one["name"]: one for one in then.get(what, ())}
            found = [
                _observe_one(declared[one["name"]], canonical.get(one["name"], {}), one)
                if one["name"] in declared
                else one
                for one in now.get(what, ())
                if one["name"] in declared or one != canonical.get(one["name"])
            ]
            observed |= {what: found} if found or what in inputs else {}
        return observed


def _members(given: TableInputs) -> list[Member]:
    divided = given.partitioned()
    return divided.members() if divided else []


def _observe_one(declared: dict[str, Any], then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    changed = {name: now.get(name) for name in then.keys() | now.keys() if then.get(name) != now.get(name)}
    observed = {**declared, **changed}
    return {name: value for name, value in observed.items() if value is not None}


def _by_name(values: dict[str, Any]) -> dict[str, Any]:
    columns = {one["name"]: _plain(one) for one in values.get("columns", ())}
    parts = {one["name"]: _plain(one) for one in values.get("partitions", ())}
    by_role = privileges.normal(values.get("privileges"))
    undeclared = values.get("dropUndeclared") is False
    rest = {name: value for name, value in values.items() if value not in ("off", None)}
    return {
        **rest,
        "columns": columns,
        "partitions": parts or None,
        "storage": values.get("storage") or None,
        "privileges": by_role or None,
        "dropUndeclared": undeclared or None,
    }


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """What a column was once called makes no difference."""
    return {
        name: value for name, value in given.items() if value not in (None, False) and name != "renamedFrom"
    }


def _target(given: TableInputs) -> Part:
    return ident(given.db_schema, given.name)


def _on(target: Part) -> Part:
    return part("table {t}", t=target)


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


def _breaks(old: TableInputs, new: TableInputs | None, size: Size) -> tuple[Risk, ...]:
    if new is None or new.where != old.where:
        detail = f"The table becomes {new.where}." if new else "The table goes."
        return risk(Hazard.BREAKS_CLIENTS, old.where, detail, size=size)
    return ()
