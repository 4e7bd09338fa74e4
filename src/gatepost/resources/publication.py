"""Publications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources._names import declared
from gatepost.resources.table import Table

Operation = Literal["insert", "update", "delete", "truncate"]


@dataclass(frozen=True)
class Published:
    """A part of a table for a publication: some columns, or the rows that meet a condition."""

    table: Table
    columns: Sequence[str] = ()
    where: str | None = None

    def wire(self) -> dict[str, Any]:
        """Return the table's inputs, what was not given left out."""
        given = {
            "schema": self.table.schema,
            "table": self.table.name,
            "columns": list(self.columns) or None,
            "where": self.where,
        }
        return {name: value for name, value in given.items() if value is not None}


class Publication(DatabaseObject):
    """A publication for logical replication.

    :param tables: what it publishes, each a table or a part of one.
    :param schemas: whole schemas, with tables that they will have; only a superuser may publish those, or
        `all_tables`.
    :param publish: which changes; all of them where it is not said.
    :param via_partition_root: partitions publish as the table that they are part of.
    """

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        tables: Sequence[Table | Published] = (),
        *,
        schemas: Sequence[str] = (),
        all_tables: bool = False,
        publish: Sequence[Operation] = ("insert", "update", "delete", "truncate"),
        via_partition_root: bool = False,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        published = [one if isinstance(one, Published) else Published(one) for one in tables]
        inputs = {
            "name": name or resource_name,
            "tables": [one.wire() for one in published],
            "schemas": list(schemas),
            "all_tables": all_tables,
            "publish": list(publish),
            "via_partition_root": via_partition_root,
            "comment": comment,
        }
        texts = [one.where for one in published]
        after = [made for one in published for made in declared().objects.get(one.table.place, ())]
        super().__init__("Publication", resource_name, inputs, opts, texts=texts, after=after)
