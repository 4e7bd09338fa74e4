"""What a column's stand-in takes over: indexes and constraints are made again beside the old ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import LiteralString

from gatepost.errors import StillUsed
from gatepost.postgres.catalog import Facts, canonical_names, query
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.insight import parse
from gatepost.provider.renaming import rename_column
from gatepost.provider.site import Site, undone_by
from gatepost.provider.sqltext import Part, ident, literal, part, raw, text

_NOT_VALID_ON_PARTITIONED = 180000
"""The first server on which a partitioned table's foreign key may be proved later."""


def beside(name: str) -> str:
    """Return the name that something has until it takes the place of `name`."""
    return f"{name.encode()[:56].decode(errors='ignore')}__new"


@dataclass(frozen=True)
class Carried:
    """An index, a constraint or a sequence that uses a column."""

    kind: str
    """`index`, `identity`, `sequence`, `incoming` (a foreign key that refers to it), or a `contype`."""
    schema: str
    table: str
    name: str
    definition: str
    comment: str | None
    deferrable: str
    partitioned: bool
    valid: bool

    @property
    def on(self) -> Part:
        """The table that it belongs to, quoted."""
        return ident(self.schema, self.table)

    @property
    def label(self) -> str:
        """The table as messages call it."""
        return f"{self.schema}.{self.table}"

    @property
    def indexes(self) -> bool:
        """Whether it stands on an index."""
        return self.kind in ("index", "p", "u")

    def alter(self, template: LiteralString, **parts: Part) -> Statement:
        """Return a statement that alters the table it belongs to."""
        sql = text("alter table {t} {clause}", t=self.on, clause=part(template, k=ident(self.name), **parts))
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, self.label)

    def validate(self) -> Statement:
        """Return what proves a constraint while clients go on."""
        sql = text("alter table {t} validate constraint {k}", t=self.on, k=ident(self.name))
        return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, self.label, "separate")

    def described(self) -> Iterator[Statement]:
        """Yield what gives it its comment again."""
        if self.comment is None:
            return
        where = (
            part("index {i}", i=ident(self.schema, self.name))
            if self.kind == "index"
            else part("constraint {k} on {t}", k=ident(self.name), t=self.on)
        )
        sql = text("comment on {where} is {c}", where=where, c=literal(self.comment))
        yield Statement(sql, Lock.NONE, self.label)


def carried(facts: Facts, schema: str, table: str, column: str) -> list[Carried]:
    """Return what uses a column and must come along when another takes its place.

    :raises StillUsed: it is used by an exclusion constraint, which cannot be made again beside clients.
    """
    found = hanging(facts, schema, table, column)
    if excluding := [one.name for one in found if one.kind == "x"]:
        raise StillUsed(
            f"{schema}.{table}: exclusion constraint {', '.join(excluding)} uses column"
            f' "{column}" and cannot be built beside clients: drop it for the time of the change'
        )
    return found


def hanging(facts: Facts, schema: str, table: str, column: str) -> list[Carried]:
    """Return the indexes, constraints and sequences that use a column."""
    assert facts.connection is not None
    given = {"schema": schema, "table": table, "column": column}
    with canonical_names(facts.connection):
        rows = facts.connection.execute(query("column_hangs"), given).fetchall()
    return [Carried(*row) for row in rows]  # type: ignore[arg-type]


def prepare(site: Site, found: Iterable[Carried], column: str, incoming: str) -> Plan:
    """Return what builds and proves each twin on the column that comes, while clients go on."""
    left = _leftovers(site)
    steps: list[Statement] = []
    proofs: list[Statement] = []
    for one in found:
        if one.indexes:
            steps += _build(site, one, column, incoming, left)
        elif one.kind in ("c", "f"):
            if beside(one.name) in left:
                steps.append(site.alter("drop constraint {k}", k=ident(beside(one.name))))
            steps.append(_add_twin(site, one, column, incoming))
            proofs.append(site.validate(ident(beside(one.name))))
    return Plan((*steps, *proofs))


def _leftovers(site: Site) -> set[str]:
    assert site.facts.connection is not None
    rows = site.facts.connection.execute(
        "select conname::text from pg_constraint where conrelid = to_regclass(%(t)s)"
        " union select c.relname::text from pg_index as i join pg_class as c on c.oid = i.indexrelid"
        " where i.indrelid = to_regclass(%(t)s)",
        {"t": site.table.as_string(None)},
    ).fetchall()
    return {str(row[0]) for row in rows}


def _build(site: Site, one: Carried, column: str, incoming: str, left: set[str]) -> Iterator[Statement]:
    twin = ident(one.schema, beside(one.name))
    gone = text("drop index concurrently if exists {i}", i=twin)
    lock = Lock.SHARE_UPDATE_EXCLUSIVE
    if beside(one.name) in left:
        yield Statement(gone, lock, site.label, "concurrent", undo="")
    built = twin_index(one.definition, beside(one.name), column, incoming)
    yield Statement(built, lock, site.label, "concurrent", undo=gone, builds=twin.as_string(None))


def _add_twin(site: Site, one: Carried, column: str, incoming: str) -> Statement:
    name = ident(beside(one.name))
    whole = text("alter table t add constraint k {d}", d=raw(one.definition))
    clause = twin_constraint(whole, column, incoming)
    undo = site.alter("drop constraint if exists {k}", k=name)
    return undone_by(undo, site.alter("add constraint {k} {clause} not valid", k=name, clause=raw(clause)))


def swap(site: Site, found: list[Carried]) -> tuple[Plan, Plan]:
    """Return what takes the old ones away, and what puts their twins in their places."""
    away, place = Plan(), Plan()
    # A foreign key holds the index that it refers to: it goes first and comes last.
    for one in sorted(found, key=lambda item: item.kind != "incoming"):
        if one.kind == "index":
            dropped = Statement(
                text("drop index {i}", i=ident(one.schema, one.name)), Lock.ACCESS_EXCLUSIVE, site.label
            )
            away += Plan((dropped,))
        elif one.kind in ("incoming", "p", "u", "c", "f"):
            away += Plan((one.alter("drop constraint {k}"),))
    for one in sorted(found, key=lambda item: item.kind == "incoming"):
        place += Plan((*_placed(site, one), *one.described()))
    return away, place


def _placed(site: Site, one: Carried) -> Iterator[Statement]:
    twin, named = ident(beside(one.name)), ident(one.name)
    if one.kind == "index":
        sql = text("alter index {i} rename to {n}", i=ident(one.schema, beside(one.name)), n=named)
        yield Statement(sql, Lock.ACCESS_EXCLUSIVE, site.label)
    elif one.kind in ("p", "u"):
        word = raw("primary key" if one.kind == "p" else "unique")
        yield one.alter(
            "add constraint {k} {word} using index {i}{later}", word=word, i=twin, later=raw(one.deferrable)
        )
    elif one.kind in ("c", "f"):
        yield one.alter("rename constraint {twin} to {k}", twin=twin)
    elif one.kind == "incoming":
        later = raw(" not valid" if _proved_later(site, one) else "")
        yield one.alter("add constraint {k} {d}{later}", d=raw(one.definition), later=later)


def validate(site: Site, found: Iterable[Carried], *, exchanged: bool) -> Plan:
    """Return what proves the foreign keys that refer to the column: all of them after it was exchanged."""
    incoming = [one for one in found if one.kind == "incoming" and (exchanged or not one.valid)]
    referring = [one for one in incoming if _proved_later(site, one)]
    return Plan(tuple(one.validate() for one in referring))


def _proved_later(site: Site, one: Carried) -> bool:
    return not one.partitioned or site.facts.version >= _NOT_VALID_ON_PARTITIONED


def twin_index(definition: str, name: str, column: str, incoming: str) -> str:
    """Return an index's statement for another name and column, as one that lets clients go on."""
    from pglast.stream import RawStream

    (tree,) = parse(definition, f'index "{name}"')
    rename_column(tree, column, incoming)
    tree.idxname, tree.concurrent = name, True
    if not tree.nulls_not_distinct:
        return str(RawStream()(tree))
    tree.nulls_not_distinct = False
    head = copy(tree)
    head.options = head.tableSpace = head.whereClause = None
    start, whole = str(RawStream()(head)), str(RawStream()(tree))
    return f"{start} NULLS NOT DISTINCT{whole[len(start) :]}"


def twin_constraint(statement: str, column: str, incoming: str) -> str:
    """Return the clause of `alter table … add constraint k …` for another column."""
    from pglast.stream import RawStream

    (tree,) = parse(statement, "constraint")
    rename_column(tree, column, incoming)
    return str(RawStream()(tree)).partition(" ADD CONSTRAINT k ")[2]
