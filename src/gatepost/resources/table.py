"""Tables and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import pulumi

from gatepost.errors import InvalidDeclaration
from gatepost.intent import Intent
from gatepost.intent_data import data_of
from gatepost.resources._base import DatabaseObject, camel, wire_privileges
from gatepost.resources._names import declared
from gatepost.resources.column_change import ColumnChange
from gatepost.resources.partition import PartitionBy, RowSecurity, Storage, wire_storage


@dataclass(frozen=True)
class Column:
    """A column of a table; `type`, `default`, `generated` and `collation` are SQL."""

    name: str
    type: str
    default: str | None = None
    nullable: bool = False
    generated: str | None = None
    """The expression of a generated column."""
    virtual: bool = False
    """Whether a generated column is computed when it is read, rather than stored: from PostgreSQL 18 on."""
    identity: Literal["always", "by default"] | None = None
    identity_options: Mapping[str, int | bool] | None = None
    """`start`, `increment`, `minvalue`, `maxvalue`, `cache`, `cycle` of an identity."""
    collation: str | None = None
    """SQL too: `'"C"'` with its quotes, `'"de-x-icu"'`, `'blog.german'`."""
    comment: str | None = None
    retired: bool = False
    """The first of the two releases of a drop: clients need not write it, nothing declared may use it. The
    second leaves the column out."""
    renamed_from: str | None = None
    """The name that it had; may stay when it is renamed."""
    change: ColumnChange | None = None
    """How it gets another type while clients go on."""

    def wire(self) -> dict[str, Any]:
        """Return the column's inputs, what was not given left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given["change"] = self.change.wire() if self.change else None
        return {camel(name): value for name, value in given.items() if value not in (None, False)}


@dataclass
class PartitionOf:
    """A partition as a place for indexes and constraints of its own."""

    schema: pulumi.Output[str]
    name: pulumi.Output[str]
    keys: list[pulumi.Resource]
    place: tuple[str, str]


class Table(DatabaseObject):
    """A table: its columns, row security, privileges, comments, storage parameters and partitions.

    :param row_security: `forced` holds for the owner too and is what a tenant's table needs.
    :param privileges: by role, for example `{"authenticated": ["select", "update (title)"]}`. They are
        the whole truth: a role that is not named has none.
    :param storage: storage parameters, for example `{"fillfactor": 80}`; of a partitioned table they are
        those of its partitions.
    :param unlogged: whether it is left out of the write-ahead log: faster to write, and empty after a crash.
    :param inherits: tables whose columns and checks it has beside its own, which alone are declared here.
    :param partition_by: how its rows are divided, and into what: `Range("occurred_at", Monthly(ahead=3))`.
        A partition has the row security, policies, privileges, indexes and constraints of its table.
    :param intent: who may do what to whose rows, by role and command: what `gatepost prove isolation` holds
        the policies to. Nothing in the database comes of it.
    """

    schema: pulumi.Output[str]
    name: pulumi.Output[str]
    keys: list[pulumi.Resource]
    """Its primary key and unique constraints, on which foreign keys to it depend."""
    place: tuple[str, str]
    """Its schema and name in the database."""

    def __init__(
        self,
        resource_name: str,
        *,
        columns: Sequence[Column],
        schema: str = "public",
        name: str | None = None,
        comment: str | None = None,
        row_security: RowSecurity = "off",
        privileges: Mapping[str, Sequence[str] | str] | None = None,
        storage: Storage | None = None,
        unlogged: bool | None = None,
        inherits: Sequence[Table] = (),
        partition_by: PartitionBy | None = None,
        intent: Intent | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = name or resource_name
        inputs = {
            "schema": schema,
            "name": name,
            "columns": [column.wire() for column in columns],
            "comment": comment,
            "row_security": row_security,
            "privileges": wire_privileges(privileges),
            "storage": wire_storage(storage),
            "unlogged": unlogged,
            "inherits": [{"schema": one.schema, "table": one.name} for one in inherits] or None,
            "intent": None if intent is None else data_of(intent),
            **_divided(partition_by, name),
        }
        texts = [
            text for column in columns for text in (f"null::{column.type}", column.default, column.generated)
        ]
        super().__init__("Table", resource_name, inputs, opts, texts=texts, after=inherits)
        self.keys = []
        self.place = (schema, name)
        self._parts = {one["name"]: one.get("schema", schema) for one in inputs.get("partitions") or ()}
        for place in ((schema, name), *((where, part) for part, where in self._parts.items())):
            declared().add(*place, self)

    def partition(self, name: str) -> PartitionOf:
        """Return one of the table's partitions, for an index or constraint that only it has."""
        if name not in self._parts:
            known = ", ".join(self._parts) or "none"
            raise InvalidDeclaration(
                f'table "{".".join(self.place)}" has no partition "{name}": it has {known}'
            )
        schema = self._parts[name]
        at = (self.schema.apply(lambda _: schema), self.name.apply(lambda _: name))
        return PartitionOf(*at, [], (schema, name))


def _divided(by: PartitionBy | None, table: str) -> dict[str, Any]:
    if by is None:
        return {}
    kept = None if by.drops_undeclared else False
    return {"partition_by": by.key, "partitions": list(by.wire(table)), "drop_undeclared": kept}
