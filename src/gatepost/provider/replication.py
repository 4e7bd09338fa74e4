"""What a publication does to whoever writes its tables and whoever subscribes to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gatepost.insight.reading import read
from gatepost.postgres.catalog import Facts, Key, Size, query
from gatepost.postgres.plan import Hazard, Lock, Risk, risk
from gatepost.provider.implication import TRUE, implies, term
from gatepost.provider.sqltext import ident

if TYPE_CHECKING:
    from gatepost.provider.constraint_clauses import ConstraintInputs
    from gatepost.provider.publication import PublicationInputs, PublishedTable

_TOLD = ("update", "delete")
"""The operations for which a row must be told from others."""


@dataclass(frozen=True)
class Identity:
    """The columns by which the rows of a table are told from each other."""

    schema: str
    name: str
    full: bool
    columns: frozenset[str] | None

    def lacks(self, published: PublishedTable | None) -> str | None:
        """Return why its rows cannot be updated or deleted once it is published so; None where they can."""
        if self.columns is None and not self.full:
            return "it has no replica identity: give it a primary key first"
        listed = frozenset(published.columns) if published else frozenset()
        if listed and self.full:
            return "its replica identity is the whole row: publish all columns"
        if listed and (missing := sorted((self.columns or frozenset()) - listed)):
            return f"its replica identity has {', '.join(missing)}: publish that too"
        filtered = _columns(published) if published and not self.full else frozenset()
        if missing := sorted(filtered - (self.columns or frozenset())):
            return f"the condition uses {', '.join(missing)}, which its replica identity has not"
        return None


def of_publication(old: PublicationInputs | None, new: PublicationInputs, facts: Facts) -> tuple[Risk, ...]:
    """Return what a new or another publication does to writers and subscribers."""
    stood = set(_unwritable(old, facts)) if old else set()
    fails = (one for one in _unwritable(new, facts) if one not in stood)
    verbs = " and ".join(one.upper() for one in _TOLD if one in new.publish)
    broken = (f"{verbs} of {table} fail: {why}." for table, why in fails)
    missed = _missed(old, new, facts) if old else ()
    return (
        *(_more(old, new, facts) if old else ()),
        *(one for detail in broken for one in risk(Hazard.BREAKS_WRITES, new.name, detail, lock=Lock.NONE)),
        *(
            one
            for detail in missed
            for one in risk(Hazard.BREAKS_CLIENTS, (old or new).name, detail, lock=Lock.NONE)
        ),
    )


def _more(old: PublicationInputs, new: PublicationInputs, facts: Facts) -> Iterator[Risk]:
    """Yield what subscribers get of rows that they did not."""

    def widens(detail: str, size: Size | None = None) -> tuple[Risk, ...]:
        return risk(Hazard.WIDENS_ACCESS, new.name, f"Subscribers get {detail}.", size=size, lock=Lock.NONE)

    if new.all_tables and not old.all_tables:
        yield from widens("every table")
    for schema in sorted(set(new.schemas) - set(old.schemas)):
        yield from widens(f"every table of {schema}")
    added = [one for one in ("insert", "update") if one in new.publish and one not in old.publish]
    if added and (new.all_tables or new.schemas):
        yield from widens(f"rows by {' and '.join(added)} too")
    named = {(one.db_schema, one.table): one for one in old.tables}
    for one in new.tables:
        if not old.all_tables and one.db_schema not in old.schemas:
            size = facts.exposed(one.db_schema, one.table)
            more = _more_of_table(named.get((one.db_schema, one.table)), one, added, facts)
            yield from (found for detail in more for found in widens(detail, size))


def _more_of_table(
    old: PublishedTable | None, new: PublishedTable, added: Sequence[str], facts: Facts
) -> Iterator[str]:
    label = f"{new.db_schema}.{new.table}"
    if old is None:
        yield label
        return
    every = _all_columns(new, facts)
    had, has = (frozenset(one.columns) or every for one in (old, new))
    if more := sorted(has - had):
        yield f"{', '.join(more)} of {label}"
    before, after = (TRUE if one.where is None else term(one.where) for one in (old, new))
    if not implies(after, before):
        yield f"more rows of {label}"
    if added:
        yield f"rows of {label} by {' and '.join(added)} too"


def of_key(old: ConstraintInputs, new: ConstraintInputs | None, facts: Facts) -> tuple[Risk, ...]:
    """Return what it does that a primary key goes, or becomes one of other columns."""
    place = facts.planned.present(Key("tables", old.db_schema, old.table))
    if old.kind != "primary_key" or facts.connection is None or place is None:
        return ()
    given = {"table": ident(place.schema, place.name).as_string(None)}
    found = facts.connection.execute(query("published"), given).fetchall()
    keeps = new is not None and not new.deferrable
    columns = frozenset(new.columns) if new and keeps else frozenset()
    other = columns != frozenset(old.columns)
    fails = [
        str(name)
        for name, listed, filtered in cast("list[tuple[str, list[str], bool]]", found)
        if not keeps or columns - set(listed) or (filtered and other)
    ]
    if not fails:
        return ()
    detail = f"UPDATE and DELETE fail: {', '.join(fails)} publishes them and has no other replica identity."
    size = facts.size(old.db_schema, old.table)
    return risk(Hazard.BREAKS_WRITES, old.table_name, detail, size=size)


def _columns(published: PublishedTable) -> frozenset[str]:
    """Return the columns that the condition of a published table uses."""
    if published.where is None:
        return frozenset()
    own = ((published.table, (published.db_schema, published.table)),)
    return frozenset(one.names[-1] for one in read(published.where, "expression", own).columns)


def _unwritable(given: PublicationInputs, facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the tables that nobody can update any more, and why."""
    if not set(_TOLD) & set(given.publish):
        return
    named = {(one.db_schema, one.table): one for one in given.tables}
    for one in _identities(given, facts):
        if why := one.lacks(named.get((one.schema, one.name))):
            yield f"{one.schema}.{one.name}", why


def _identities(given: PublicationInputs, facts: Facts) -> Iterator[Identity]:
    wholes = [None] if given.all_tables else list(given.schemas)
    for identity in (one for schema in wholes for one in _found(facts, schema, None)):
        # Nobody writes yet what this deployment makes, and its keys are made beside the publication.
        if Key("tables", identity.schema, identity.name) not in facts.planned.made:
            yield identity
    for one in given.tables:
        place = facts.planned.present(Key("tables", one.db_schema, one.table))
        there = list(_found(facts, place.schema, place.name)) if place else []
        for found in there or [Identity(one.db_schema, one.table, full=False, columns=None)]:
            if not _gets_a_key(one, facts):
                yield Identity(one.db_schema, one.table, found.full, found.columns)


def _gets_a_key(table: PublishedTable, facts: Facts) -> bool:
    """Return whether this deployment may make the table's key: it comes before what publishes the table."""
    place = table.db_schema, table.table
    told = f"replica identity of table {ident(*place).as_string(None)}".replace('"', "")
    return any(
        (one.kind == "constraints" and (one.schema, one.name) == place)
        or (one.is_property and one.name.replace('"', "") == told)
        for one in facts.planned.made
    )


def _found(facts: Facts, schema: str | None, name: str | None) -> Iterator[Identity]:
    if facts.connection is None:
        return
    given = {"schema": schema, "name": name}
    rows = facts.connection.execute(query("replica_identity"), given).fetchall()
    for there, table, full, known in cast("list[tuple[str, str, bool, list[str] | None]]", rows):
        yield Identity(there, table, full, None if known is None else frozenset(known))


def _missed(old: PublicationInputs, new: PublicationInputs, facts: Facts) -> Iterator[str]:
    """Yield what subscribers miss or fail at from now on."""
    if old.name != new.name:
        yield "Subscriptions to it fail."
    if gone := [one for one in old.publish if one not in new.publish]:
        yield f"Subscribers get no {' and no '.join(gone)} any more."
    if old.all_tables and not new.all_tables:
        yield "Subscribers get no change of any other table any more."
    if old.via_partition_root != new.via_partition_root and _has_partitions(old, facts):
        yield "Changes of partitions arrive as those of another table."
    if new.all_tables:
        return
    for schema in old.schemas:
        if schema not in new.schemas:
            yield f"Subscribers get no change of other tables of {schema} any more."
    named = {(one.db_schema, one.table): one for one in new.tables}
    for one in old.tables:
        if one.db_schema not in new.schemas:
            yield from _of_table(one, named.get((one.db_schema, one.table)), facts)


def _has_partitions(given: PublicationInputs, facts: Facts) -> bool:
    whole = given.all_tables or given.schemas
    return bool(whole) or any(facts.size(one.db_schema, one.table).partitioned for one in given.tables)


def _of_table(old: PublishedTable, new: PublishedTable | None, facts: Facts) -> Iterator[str]:
    label = f"{old.db_schema}.{old.table}"
    if new is None:
        yield f"Subscribers get no change of {label} any more."
        return
    every = _all_columns(old, facts)
    had, has = (frozenset(one.columns) or every for one in (old, new))
    if lost := sorted(had - has):
        yield f"Subscribers get {', '.join(lost)} of {label} no more."
    if more := sorted(has - had):
        yield f"Subscriptions fail whose table {label} has no {', '.join(more)}."
    before, after = (TRUE if one.where is None else term(one.where) for one in (old, new))
    if not implies(before, after):
        yield f"Subscribers get fewer rows of {label}."


def _all_columns(table: PublishedTable, facts: Facts) -> frozenset[str]:
    there = facts.read(Key("tables", table.db_schema, table.table)) or {}
    return frozenset(str(one["name"]) for one in there.get("columns", ()))
