"""Tables: columns, row security, privileges, comments, storage parameters, partitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.findings import Findings
from gatepost.provider.kind import Kind, require_columns
from gatepost.provider.partitions import Member
from gatepost.provider.site import Site
from gatepost.provider.sqltext import Part, ident, joined, part, raw, text
from gatepost.provider.table_inputs import TableInputs, columns_of
from gatepost.provider.types import one_spelling


class TableKind(Kind[TableInputs]):
    """The life of a table."""

    token = "gatepost:index:Table"  # noqa: S105
    inputs = TableInputs
    unsaid = ("dropUndeclared", "intent")

    def key(self, given: TableInputs) -> Key:
        return Key("tables", given.db_schema, given.name)

    def check(self, given: TableInputs, declared: Declarations) -> None:
        where = f'table "{given.where}"'
        names = [one.name for one in given.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidDeclaration(f"{where}: column {', '.join(twice)} is declared twice")
        wrong, known = Findings(), columns_of(given, declared)
        for one in given.columns:
            with wrong.noted():
                one.check(where)
        with wrong.noted():
            privileges.check(given.privileges, privileges.TABLE, where, known)
        with wrong.noted():
            storage.check(given.storage, where)
        with wrong.noted():
            self._check_parts(given, where, frozenset(names))
        if given.intent is not None:
            with wrong.noted():
                require_columns(intent_from(given.intent).columns, known, f"{where}: intent", given.where)
        wrong.settle()

    def _check_parts(self, given: TableInputs, where: str, names: frozenset[str]) -> None:
        if given.inherits and given.partition_by:
            raise InvalidDeclaration(f"{where}: a table that is partitioned inherits from none")
        if divided := given.partitioned():
            divided.check(names)
        elif given.partitions:
            raise InvalidDeclaration(f"{where}: has partitions, but does not say by what it is partitioned")

    def texts(self, given: TableInputs) -> Iterable[Text]:
        known = None if given.inherits else frozenset(one.name for one in given.columns)
        for one in given.columns:
            yield from one.texts(f'table "{given.where}"', given.name, known)

    def announce(self, given: TableInputs, declared: Declarations) -> None:
        names = columns_of(given, declared, retired=False)
        places = [(one.db_schema or given.db_schema, one.name) for one in given.partitions]
        declared.columns |= dict.fromkeys([(given.db_schema, given.name), *places], names)
        types = {one.name: one.type for one in given.columns if one.change is None}
        declared.types_of |= dict.fromkeys([(given.db_schema, given.name), *places], types)
        asked = ((one.renamed_from, one.name) for one in given.columns)
        former = {old: name for old, name in asked if old is not None and old not in (names or ())}
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
            "create {logged}table {t} (\n    {lines}\n){above}{divided}{own}",
            logged=raw("unlogged " if given.unlogged else ""),
            t=target,
            above=_inherits(given),
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
        limits.require_same_above(old, new)
        size = facts.size(old.db_schema, old.name)
        moved = Plan(tuple(_move(old, new)), _breaks(old, new, size))
        target, name = _target(new), new.where
        # What closes access comes before what opens it.
        secured = Plan(tuple(row_security.changes(target, name, old.row_security, new.row_security)))
        site = Site(
            old.db_schema, old.name, (new.db_schema, new.name), new.row_security == "forced", facts, size
        )
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
            + _logged(old, new, facts)
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


def _members(given: TableInputs) -> list[Member]:
    divided = given.partitioned()
    return divided.members() if divided else []


def _by_name(values: dict[str, Any]) -> dict[str, Any]:
    columns = {one["name"]: _plain(one) for one in values.get("columns", ())}
    parts = {one["name"]: _plain(one) for one in values.get("partitions", ())}
    by_role = privileges.normal(values.get("privileges"))
    undeclared = values.get("dropUndeclared") is False
    rest = {name: value for name, value in values.items() if value not in ("off", None, False, [])}
    return {
        **rest,
        "columns": columns,
        "partitions": parts or None,
        "storage": values.get("storage") or None,
        "privileges": by_role or None,
        "dropUndeclared": undeclared or None,
    }


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """What a column was once called makes no difference, nor how its type is spelled."""
    kept = {
        name: value for name, value in given.items() if value not in (None, False) and name != "renamedFrom"
    }
    return kept | {"type": one_spelling(kept["type"])} if "type" in kept else kept


def _target(given: TableInputs) -> Part:
    return ident(given.db_schema, given.name)


def _inherits(given: TableInputs) -> Part:
    above = joined(ident(*one.place) for one in given.inherits)
    return part(" inherits ({a})", a=above) if given.inherits else raw("")


def _logged(old: TableInputs, new: TableInputs, facts: Facts) -> Plan:
    """Return what makes a table unlogged, or logged: all its rows are written again."""
    if old.unlogged == new.unlogged:
        return Plan()
    place = (old.db_schema, old.name)
    limits.require_rows_nowhere_else(place, facts, "logged or unlogged")
    size = facts.size(*place)
    word = raw("unlogged" if new.unlogged else "logged")
    changed = Statement(
        text("alter table {t} set {w}", t=_target(new), w=word), Lock.ACCESS_EXCLUSIVE, new.where
    )
    risks = risk(Hazard.REWRITES_TABLE, old.where, f"It becomes {word.as_string(None)}.", size=size)
    lost = "A crash of the server empties it from then on, and no replica has it."
    return Plan(
        (changed,), risks + (risk(Hazard.DELETES_DATA, old.where, lost, size=size) if new.unlogged else ())
    )


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
