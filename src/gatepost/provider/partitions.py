"""The partitions of a table as they are declared, and what they have from their table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.plan import Lock, Statement
from gatepost.provider import privileges, storage
from gatepost.provider.kind import Declarations, Inputs, Name
from gatepost.provider.partition_bounds import Bounds, PartitionKey, read_bounds, read_key
from gatepost.provider.row_security import RowSecurity
from gatepost.provider.sqltext import Part, ident, part, text
from gatepost.provider.storage import Storage


class PartitionInputs(Inputs):
    """One partition as it is declared; what it leaves out, it has as its table has it."""

    db_schema: Name | None = Field(default=None, alias="schema")
    name: Name
    bounds: str
    of: Name | None = None
    """The partition that it is a part of; of the table itself where none is named."""
    partition_by: str | None = None
    row_security: RowSecurity | None = None
    privileges: dict[str, list[str]] | None = None
    storage: Storage | None = None
    comment: str | None = None

    def as_the_table(self) -> PartitionInputs:
        """Return the partition without what it has of its own."""
        return self.model_copy(update={"row_security": None, "privileges": None, "storage": None})


@dataclass(frozen=True)
class Member:
    """A partition with everything that it has, of its own or from its table."""

    schema: str
    name: str
    parent: tuple[str, str]
    """Schema and name of what it is a partition of."""
    of: str | None
    key: PartitionKey
    """How its parent divides the rows."""
    bounds: str
    limits: Bounds
    partition_by: str | None
    row_security: RowSecurity
    privileges: Mapping[str, Sequence[str]]
    storage: Mapping[str, str]
    comment: str | None
    open: bool = False
    """Whether it has no row security, though its table has: the policies of the table are not for it then."""

    @property
    def target(self) -> Part:
        """The partition, quoted."""
        return ident(self.schema, self.name)

    @property
    def label(self) -> str:
        """The partition as messages call it."""
        return f"{self.schema}.{self.name}"

    @property
    def on(self) -> Part:
        """The partition as `comment on` calls it."""
        return part("table {t}", t=self.target)

    @property
    def own_key(self) -> PartitionKey | None:
        """How it divides its rows further."""
        return read_key(self.partition_by, self.label) if self.partition_by else None

    @property
    def key_columns(self) -> set[str]:
        """The columns that the parent's key and its own name."""
        return {*self.key.columns, *(self.own_key.columns if self.own_key else ())}

    def alter_parent(self, clause: Part, lock: Lock) -> Statement:
        """Return a statement that alters what it is a partition of."""
        sql = text("alter table {t} {c}", t=ident(*self.parent), c=clause)
        return Statement(sql, lock, ".".join(self.parent))

    def check(self, where: str, columns: frozenset[str]) -> None:
        """Compare its bounds with the key, and parse what it has of its own.

        :raises InvalidDeclaration: names the partition and what is wrong.
        """
        key, limits = self.key, self.limits
        if limits.strategy not in (None, key.strategy):
            raise InvalidDeclaration(f"{where}: bounds of a {limits.strategy} do not fit {key.strategy}")
        if limits.strategy is None and key.strategy == "hash":
            raise InvalidDeclaration(f"{where}: where rows are divided by hash there is no default partition")
        if any(len(one) != len(key.elements) for one in (limits.lower, limits.upper) if one):
            raise InvalidDeclaration(f"{where}: the key has {len(key.elements)} columns: give each a bound")
        if missing := sorted(self.key_columns - columns):
            raise InvalidDeclaration(f"{where}: there is no column {', '.join(missing)}")
        privileges.check(self.privileges, privileges.TABLE, where, columns)
        storage.check(self.storage, where)


def require_key(declared: Declarations, place: tuple[str, str], columns: Iterable[str], where: str) -> None:
    """Reject a unique key of a partitioned table that PostgreSQL could not keep in each partition alone.

    :raises InvalidDeclaration: names the columns of the partition key that it lacks.
    """
    if missing := sorted(set(declared.partition_keys.get(place, ())) - set(columns)):
        raise InvalidDeclaration(
            f'{where}: "{".".join(place)}" is partitioned by {", ".join(missing)}:'
            " what is unique there has those columns too"
        )


@dataclass(frozen=True)
class Partitioned:
    """A table that is divided, and what it hands down to its partitions."""

    schema: str
    name: str
    key: str
    partitions: tuple[PartitionInputs, ...]
    row_security: RowSecurity
    privileges: Mapping[str, Sequence[str]]
    storage: Mapping[str, str]
    retires: bool = True
    """Whether a partition that is no longer declared is dropped; or stays, secured as the table is."""

    @property
    def label(self) -> str:
        """The table as messages call it."""
        return f"{self.schema}.{self.name}"

    @property
    def columns(self) -> set[str]:
        """The columns of every key by which it is divided."""
        own = set(read_key(self.key, self.label).columns)
        return own.union(*(member.key_columns for member in self.members()))

    def check(self, columns: frozenset[str]) -> None:
        """Check the key and every partition.

        :raises InvalidDeclaration: names the partition and what is wrong.
        """
        where = f'table "{self.label}"'
        if missing := sorted(set(read_key(self.key, f"{where}: partition by").columns) - columns):
            raise InvalidDeclaration(f"{where}: partition by: there is no column {', '.join(missing)}")
        names = [one.name for one in self.partitions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InvalidDeclaration(f"{where}: partition {', '.join(twice)} is declared twice")
        for member in self.members():
            member.check(f'{where}: partition "{member.name}"', columns)

    def members(self, also: Iterable[PartitionInputs] = ()) -> list[Member]:
        """Return the declared partitions, and others as they would be if they were declared."""
        given = {one.name: one for one in (*self.partitions, *also)}
        return [self._member(one, given) for one in given.values()]

    def _member(self, one: PartitionInputs, given: Mapping[str, PartitionInputs]) -> Member:
        where = f'table "{self.label}": partition "{one.name}"'
        parent, key = (self.schema, self.name), self.key
        if one.of is not None:
            above = given.get(one.of)
            if above is None or above.partition_by is None:
                raise InvalidDeclaration(f'{where}: "{one.of}" is no partition that is divided further')
            parent, key = (above.db_schema or self.schema, above.name), above.partition_by
        own = self.storage if one.storage is None else one.storage
        return Member(
            one.db_schema or self.schema,
            one.name,
            parent,
            one.of,
            read_key(key, where),
            one.bounds,
            read_bounds(one.bounds, where),
            one.partition_by,
            one.row_security or self.row_security,
            self.privileges if one.privileges is None else one.privileges,
            {} if one.partition_by else own,
            one.comment,
            one.row_security == "off" and self.row_security != "off",
        )
