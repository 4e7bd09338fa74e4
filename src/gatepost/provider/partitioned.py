"""What indexes, constraints and policies ask about a partitioned table on the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from gatepost.postgres.catalog import Facts, Key, query
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.sqltext import Part, ident, joined, raw, text

_LONGEST = 63


@dataclass(frozen=True)
class Partition:
    """A partition as the target has it."""

    schema: str
    name: str
    parent_schema: str
    parent_name: str
    leaf: bool
    """Whether it holds rows itself."""
    empty: bool
    open: bool
    """Whether it has no row security, though its table has."""

    @property
    def target(self) -> Part:
        """The partition, quoted."""
        return ident(self.schema, self.name)

    @property
    def label(self) -> str:
        """The partition as messages call it."""
        return f"{self.schema}.{self.name}"

    @property
    def place(self) -> tuple[str, str]:
        """Its schema and name."""
        return self.schema, self.name

    @property
    def parent(self) -> tuple[str, str]:
        """Schema and name of what it is a partition of."""
        return self.parent_schema, self.parent_name


def partitions_of(facts: Facts, schema: str, table: str) -> list[Partition]:
    """Return a table's partitions, those that are divided further before their own; none of another table."""
    place = facts.planned.present(Key("tables", schema, table))
    if facts.connection is None or place is None or not facts.may_be_partitioned(schema, table):
        return []
    given = {"schema": place.schema, "name": place.name}
    rows = facts.connection.execute(query("partitions"), given).fetchall()
    return [
        Partition(str(s), str(n), str(ps), str(pn), bool(leaf), bool(empty), bool(open_))
        for s, n, ps, pn, leaf, empty, open_ in rows
    ]


@dataclass(frozen=True)
class Parts:
    """An index over a partitioned table, which is one on each partition and then their sum.

    The parts are built concurrently; all else is one transaction that reads no row: there is no moment with
    half an index.
    """

    table: Partition
    """The table itself."""
    names: dict[Partition, str]
    """What the index is called on the table and on each partition."""
    found: dict[tuple[str, str], bool]
    """The indexes of partitions, by schema and name, and whether each is valid."""
    create: Callable[[Part, Part, str], str]
    """The statement that makes an index, of its name, its table, and `concurrently ` or nothing."""
    whole: Callable[[str, Part], str]
    """The statement that declares the sum on a table that holds no rows itself: name, table."""
    part: Callable[[str, Part], str | None]
    """The statement that makes more of a part than an index, of its name and its partition."""

    def built(self) -> Plan:
        """Return the plan that builds a part on each partition with rows; one left by another try is used."""
        plan, on, lock = Plan(), self.table.label, Lock.SHARE_UPDATE_EXCLUSIVE
        for one in self._leaves(empty=False):
            index, left = ident(one.schema, self.names[one]), self._left(one)
            remove = text("drop index concurrently if exists {i}", i=index)
            if left is False:
                plan += Plan((Statement(remove, lock, on, "concurrent", undo=""),))
            if not left:
                sql = self.create(ident(self.names[one]), one.target, "concurrently ")
                builds = index.as_string(None)
                plan += Plan((Statement(sql, lock, on, "concurrent", remove, builds),))
        return plan

    def joined(self) -> Plan:
        """Return the transaction that makes one index of the parts."""
        sums = [one for one in self.names if not one.leaf]
        empty = [one for one in self._leaves(empty=True) if self._left(one) is None]
        own = ((one, self.part(self.names[one], one.target)) for one in self.names if one.leaf)
        texts = (
            *((self.create(ident(self.names[one]), one.target, ""), Lock.SHARE) for one in empty),
            *((sql, Lock.ACCESS_EXCLUSIVE) for _, sql in own if sql),
            *((self.whole(self.names[one], one.target), Lock.SHARE) for one in sums),
            *((self._attach(one), Lock.SHARE_UPDATE_EXCLUSIVE) for one in self.names if one != self.table),
        )
        return Plan(tuple(Statement(sql, lock, self.table.label) for sql, lock in texts))

    def _leaves(self, *, empty: bool) -> list[Partition]:
        return [one for one in self.names if one.leaf and one.empty == empty]

    def _left(self, one: Partition) -> bool | None:
        """Return whether a part that another try left is valid; None where there is none."""
        return self.found.get((one.schema, self.names[one]))

    def _attach(self, one: Partition) -> str:
        above = next(parent for parent in self.names if parent.place == one.parent)
        whole, own = ident(above.schema, self.names[above]), ident(one.schema, self.names[one])
        return text("alter index {i} attach partition {p}", i=whole, p=own)


def parts_of(
    facts: Facts,
    place: tuple[str, str],
    name: str,
    definition: str,
    create: Callable[[Part, Part, str], str],
    whole: Callable[[str, Part], str] | None = None,
    part: Callable[[str, Part], str | None] = lambda *_: None,
) -> Parts | None:
    """Return how the index `name` over a partitioned table with rows is made; None for any other table."""
    size = facts.size(*place)
    if size.empty or not size.partitioned:
        return None
    table = Partition(*place, "", "", leaf=False, empty=True, open=False)
    found, taken = _indexes_of_partitions(facts, *place)
    names = {table: name}
    for one in partitions_of(facts, *place):
        own = part_name(one, name, definition)
        again = part_name(one, name, f"{definition} again")
        names[one] = again if (one.schema, own) in taken else own

    def only(name: str, on: Part) -> str:
        return create(ident(name), joined((raw("only"), on), " "), "")

    return Parts(table, names, found, create, whole or only, part)


def _indexes_of_partitions(
    facts: Facts, schema: str, table: str
) -> tuple[dict[tuple[str, str], bool], set[tuple[str, str]]]:
    """Return the indexes that stand alone, and whether each is valid, and those that are parts of one."""
    place = facts.planned.present(Key("tables", schema, table))
    if facts.connection is None or place is None:
        return {}, set()
    given = {"schema": place.schema, "name": place.name}
    rows = facts.connection.execute(query("partition_indexes"), given).fetchall()
    alone = {(str(s), str(n)): bool(valid) for s, n, valid, attached in rows if not attached}
    return alone, {(str(s), str(n)) for s, n, _, attached in rows if attached}


def fitting(name: str) -> str:
    """Return the name, or as much of it as PostgreSQL keeps and a digest that tells it from others."""
    if len(name.encode()) <= _LONGEST:
        return name
    return f"{name.encode()[:52].decode(errors='ignore')}__{digest(name)}"


def part_name(partition: Partition, name: str, definition: str) -> str:
    """Return what the part of an index or constraint that belongs to a partition is called.

    It carries a digest of the definition: what is found under it is the same, whoever left it.
    """
    return fitting(f"{partition.name}__{name.encode()[:40].decode(errors='ignore')}__{digest(definition)}")


def digest(text: str) -> str:
    """Return eight characters that stand for a text."""
    return sha256(text.encode()).hexdigest()[:8]
