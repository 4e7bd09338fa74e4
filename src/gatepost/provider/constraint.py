"""Constraints: added without blocking where the table has rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import constraint_checks, limits, not_null, references, replication, storage, weakening
from gatepost.provider.constraint_clauses import (
    ConstraintInputs,
    References,
    addition,
    create_index,
    definition_of,
    timing_of,
    using_index,
)
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.on_table import OnTableKind
from gatepost.provider.partitioned import Parts, part_name, partitions_of, parts_of
from gatepost.provider.renaming import Renaming, follows
from gatepost.provider.site import Site
from gatepost.provider.sqltext import Part, ident, part, raw, text
from gatepost.provider.validation import validate

_KEYS = ("primary_key", "unique")
_TIMING = ("deferrable", "initially_deferred")
_NOT_VALID_ON_PARTITIONED = 180000
"""The first server on which a foreign key of a partitioned table can be not valid."""


class ConstraintKind(OnTableKind[ConstraintInputs]):
    """The life of a constraint."""

    token = "gatepost:index:Constraint"  # noqa: S105
    inputs = ConstraintInputs
    catalog, word, drifts_as = "constraints", "constraint", "expression"
    silent = ("triggers",)

    def check(self, given: ConstraintInputs, declared: Declarations) -> None:
        constraint_checks.check(given, self.where(given), declared)

    def texts(self, given: ConstraintInputs) -> Iterable[Text]:
        if given.kind == "check":
            yield Text(given.expression or "", self.where(given), own=given.row)
        elif given.kind == "exclusion":
            added = addition(given, definition_of(given))
            yield Text(added, self.where(given), "statement", given.row, made_up=True)

    def in_new_names(
        self, old: ConstraintInputs, new: ConstraintInputs, renaming: Renaming
    ) -> ConstraintInputs:
        update: dict[str, Any] = {
            "columns": renaming.listed(old.place, old.columns),
            "on_delete_columns": renaming.listed(old.place, old.on_delete_columns),
            "include": renaming.listed(old.place, old.include),
            "expression": renaming.respelled(old.expression, new.expression, "expression", old.row),
        }
        if there := old.references:
            named = self._referred(old, new, renaming) or there
            columns = renaming.listed(named.place, there.columns)
            update["references"] = named.model_copy(update={"columns": columns})
        if old.kind == new.kind == "exclusion" and (names := renaming.of(old.place)):
            before, after = (addition(old, definition_of(one)) for one in (old, new))
            if follows(before, after, names):
                update |= {"elements": new.elements, "where": new.where}
        return old.model_copy(update=update)

    def _referred(
        self, old: ConstraintInputs, new: ConstraintInputs, renaming: Renaming
    ) -> References | None:
        """Return what is referred to if that is the same table as before under another name."""
        before, after = old.references, new.references
        if before is None or after is None or before.place == after.place:
            return None
        there = self.standing(old, new, renaming.facts)
        return after if there and renaming.is_target(self.key(there), after.place) else None

    def create(self, given: ConstraintInputs, facts: Facts) -> Plan:
        self._require(given, facts)
        before, added = _added(given, facts)
        return before + added + Plan(tuple(self.described(given, None)))

    def _require(self, given: ConstraintInputs, facts: Facts) -> None:
        """Refuse what the server would refuse, and tell later plans of a key."""
        limits.require_constraint(given, facts)
        references.require(given, self.where(given), facts)
        if given.kind in _KEYS and not given.deferrable and not given.period:
            references.note_key(given.place, given.columns, facts)

    def change(self, old: ConstraintInputs, new: ConstraintInputs, facts: Facts) -> Plan:
        """Check or build the new one beside the old, then exchange them in one transaction."""
        self._require(new, facts)
        described = Plan(tuple(self.described(new, None)))
        drop = Plan((self.drop(old),))
        if old.not_valid != new.not_valid and old.same_but(new, "not_valid", *self.remarks):
            return (
                drop + _unproved(new, facts) + described if new.not_valid else self._proved(old, new, facts)
            )
        if new.kind == "foreign_key" and old.same_but(new, *_TIMING, *self.remarks):
            renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
            return Plan((*renamed, _retimed(new), *self.described(new, old.comment)))
        if old.same_but(new, "storage", *self.remarks):
            return self._stored(old, new)
        weaker = Plan(risks=weakening.of_constraint(old, new, facts))
        if new.kind in _KEYS or _by_parts(new, facts):
            limits.require_unreferenced(old, facts)
            before, added = _added(new, facts)
            risks = Plan(risks=replication.of_key(old, new, facts))
            return before + drop + added + described + risks + weaker
        beside = new.model_copy(update={"name": new.beside("__new")})
        left = Plan((self.drop(beside),) if facts.read(self.key(beside)) else ())
        before, added = _added(beside, facts)
        exchange = Plan((self.rename(new, beside.name, new.name),))
        return left + before + added + drop + exchange + described + weaker

    def _proved(self, old: ConstraintInputs, new: ConstraintInputs, facts: Facts) -> Plan:
        """Prove what was not valid."""
        renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
        return Plan((*renamed, *self.described(new, old.comment), _validation(new, facts)))

    def _stored(self, old: ConstraintInputs, new: ConstraintInputs) -> Plan:
        """Change how its index is stored from now on."""
        renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
        index = ident(new.db_schema, new.name)
        stored = storage.changes(index, new.table_name, old.storage, new.storage)
        return Plan((*renamed, *stored, *self.described(new, old.comment)))

    def delete(self, old: ConstraintInputs, facts: Facts) -> Plan:
        plan = super().delete(old, facts)
        return Plan(plan.statements, _breaks(old, facts) if plan else ())

    def drop(self, old: ConstraintInputs) -> Statement:
        return Statement(_drop(old), Lock.ACCESS_EXCLUSIVE, old.table_name)

    def rename(self, given: ConstraintInputs, old: str, new: str) -> Statement:
        sql = text("alter table {t} rename constraint {o} to {n}", t=given.of, o=ident(old), n=ident(new))
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)


def _breaks(old: ConstraintInputs, facts: Facts) -> tuple[Risk, ...]:
    size, on = facts.size(old.db_schema, old.table), f"{old.table_name}.{old.name}"
    found = risk(Hazard.BREAKS_CLIENTS, on, "What it kept out may come in.", size=size)
    if old.kind in _KEYS:
        found += risk(Hazard.INDEX_DROPPED, on, size=size)
    return found + replication.of_key(old, None, facts)


def _by_parts(given: ConstraintInputs, facts: Facts) -> bool:
    """Whether a foreign key is proved partition by partition: on the whole it could only block."""
    size = facts.size(given.db_schema, given.table)
    return given.kind == "foreign_key" and size.partitioned and not size.empty


def _added(given: ConstraintInputs, facts: Facts) -> tuple[Plan, Plan]:
    """Return what is built or proved without blocking, and what then makes the constraint."""
    if given.not_valid:
        return Plan(), _unproved(given, facts)
    if not given.enforced:
        return Plan(), Plan((_add(given, definition_of(given)),))
    if given.kind in _KEYS and not given.excludes:
        required = _required(given, facts)
        if parts := _key_parts(given, facts):
            return required + parts.built(), parts.joined()
        return required + _built(given, facts), _key(given, facts)
    if facts.size(given.db_schema, given.table).empty:
        return Plan(), Plan((_add(given, definition_of(given)),))
    if given.excludes:
        return Plan(), _excluded(given, facts)
    if _by_parts(given, facts):
        return _proved_by_parts(given, facts), Plan((_add(given, definition_of(given)),))
    return Plan(), _checked(given, facts)


def _required(given: ConstraintInputs, facts: Facts) -> Plan:
    """Return what makes the columns of a primary key not null beside clients, where there are rows."""
    size = facts.size(given.db_schema, given.table)
    if given.kind != "primary_key" or size.empty:
        return Plan()
    found = facts.read(Key("tables", *given.place)) or {}
    nullable = {str(one["name"]) for one in found.get("columns", ()) if one.get("nullable")}
    site = Site(given.db_schema, given.table, given.place, False, facts, size)
    columns = [one for one in given.columns if one in nullable]
    return sum((not_null.prove(site, one) + not_null.settle(site, one, one) for one in columns), Plan())


def _checked(given: ConstraintInputs, facts: Facts) -> Plan:
    """Add a check or foreign key that is validated without blocking."""
    undo = _drop(given, if_exists=True)
    added = _add(given, part("{d} not valid", d=definition_of(given)), undo)
    return Plan((added, _validation(given, facts)))


def _unproved(given: ConstraintInputs, facts: Facts) -> Plan:
    """Add a check or foreign key that only new rows must satisfy.

    :raises InvalidDeclaration: the server cannot do that with a foreign key of a partitioned table.
    """
    partitioned = given.kind == "foreign_key" and partitions_of(facts, given.db_schema, given.table)
    if partitioned and facts.version < _NOT_VALID_ON_PARTITIONED:
        raise InvalidDeclaration(
            f'constraint "{given.name}" on "{given.table_name}": a foreign key of a partitioned table can be'
            f" not valid from PostgreSQL 18 on, this is {facts.version // 10000}: leave out not_valid"
        )
    return Plan((_add(given, part("{d} not valid", d=definition_of(given))),))


def _validation(given: ConstraintInputs, facts: Facts) -> Statement:
    there, table = given.references, (given.db_schema, given.table)
    key = there.columns if there else ()
    return validate(given.name, table, there.place if there else None, facts, key=key)


def _proved_by_parts(given: ConstraintInputs, facts: Facts) -> Plan:
    """Add a foreign key to each partition and validate it there: the table's own takes them over unread."""
    plan, definition = Plan(), definition_of(given)
    table = (given.db_schema, given.table)
    for one in partitions_of(facts, *table):
        name = part_name(one, given.name, definition.as_string(None))
        left = facts.read(Key("constraints", *one.place, name))
        if not one.leaf or (left and left["validated"]):
            continue
        own = given.model_copy(update={"db_schema": one.schema, "table": one.name, "name": name})
        added = _add(own, part("{d} not valid", d=definition), _drop(own, if_exists=True))
        assert given.references is not None
        proved = validate(name, one.place, given.references.place, facts, of=table)
        plan += Plan((proved,) if left else (added, proved))
    return plan


def _excluded(given: ConstraintInputs, facts: Facts) -> Plan:
    """Add an exclusion constraint, or a key with a period: its index cannot be built beside it."""
    size, added = facts.size(given.db_schema, given.table), _add(given, definition_of(given))
    detail = "An exclusion constraint's index cannot be built concurrently."
    hazards = (Hazard.BLOCKS_READS, Hazard.BLOCKS_WRITES)
    risks = (one for hazard in hazards for one in risk(hazard, given.table_name, detail, size=size))
    return Plan((added,), tuple(risks))


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
    build = create_index(given, ident(name), given.of, "concurrently ")
    return plan + Plan((Statement(build, lock, on, "concurrent", remove, builds),))


def _key(given: ConstraintInputs, facts: Facts) -> Plan:
    """Make a key, of the index built for it where there are rows; that then takes the key's name."""
    if facts.size(given.db_schema, given.table).empty:
        return Plan((_add(given, definition_of(given)),))
    return Plan((_add(given, using_index(given, given.beside("__new"))),))


def _key_parts(given: ConstraintInputs, facts: Facts) -> Parts | None:
    """Return how a key of a partitioned table with rows is made: a key of each partition, then their sum."""

    def create(name: Part, on: Part, how: str) -> str:
        return create_index(given, name, on, how)

    def whole(name: str, on: Part) -> str:
        definition = definition_of(given)
        return text("alter table only {t} add constraint {k} {d}", t=on, k=ident(name), d=definition)

    def own(name: str, on: Part) -> str:
        return text("alter table {t} add constraint {k} {d}", t=on, k=ident(name), d=using_index(given, name))

    place, definition = (given.db_schema, given.table), definition_of(given).as_string(None)
    return parts_of(facts, place, given.name, definition, create, whole, own)


def _retimed(given: ConstraintInputs) -> Statement:
    timing = timing_of(given) if given.deferrable else raw(" not deferrable")
    sql = text("alter table {t} alter constraint {k}{timing}", t=given.of, k=ident(given.name), timing=timing)
    return Statement(sql, Lock.SHARE_ROW_EXCLUSIVE, given.table_name)


def _add(given: ConstraintInputs, definition: Part, undo: str | None = None) -> Statement:
    lock = Lock.SHARE_ROW_EXCLUSIVE if given.kind == "foreign_key" else Lock.ACCESS_EXCLUSIVE
    return Statement(addition(given, definition), lock, given.table_name, undo=undo)


def _drop(given: ConstraintInputs, *, if_exists: bool = False) -> str:
    exists = raw("if exists " if if_exists else "")
    return text("alter table {t} drop constraint {e}{k}", t=given.of, e=exists, k=ident(given.name))
