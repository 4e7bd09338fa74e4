"""A table as it is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from gatepost.provider import privileges
from gatepost.provider.column import ColumnInputs
from gatepost.provider.declarations import Declarations
from gatepost.provider.kind import Inputs, Name
from gatepost.provider.partitions import Partitioned, PartitionInputs
from gatepost.provider.renaming import follows
from gatepost.provider.row_security import RowSecurity
from gatepost.provider.storage import Storage


class Inherited(Inputs):
    """A table from which another inherits."""

    db_schema: Name = Field(default="public", alias="schema")
    table: Name

    @property
    def place(self) -> tuple[str, str]:
        """Its schema and name."""
        return self.db_schema, self.table


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
    unlogged: bool = False
    inherits: tuple[Inherited, ...] = ()
    """The tables whose columns it has beside its own."""
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


def columns_of(given: TableInputs, declared: Declarations, *, retired: bool = True) -> frozenset[str] | None:
    """Return the table's columns with those that it inherits; None where not all are known."""
    above = [declared.columns_of(*one.place) for one in given.inherits]
    own = frozenset(one.name for one in given.columns if retired or not one.retired)
    return None if None in above else own.union(*(one for one in above if one is not None))
