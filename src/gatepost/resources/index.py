"""Indexes."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources._names import declared
from gatepost.resources.materialized_view import MaterializedView
from gatepost.resources.partition import Storage, wire_storage
from gatepost.resources.table import PartitionOf, Table


class Index(DatabaseObject):
    """An index, built concurrently where the table has rows: of a partitioned one, partition by partition.

    :param columns: the SQL of each index element: a column, with its order or operator class where it
        needs one (`"created_at desc"`), or an expression in parentheses (`"(lower(email))"`).
    :param where: the predicate of a partial index.
    :param storage: storage parameters of the index, for example `{"fillfactor": 70}`.
    :param serves: the query file that this index is for, below the feature's `queries/`.
    """

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        table: Table | PartitionOf | MaterializedView,
        columns: Sequence[str],
        *,
        unique: bool | None = None,
        where: str | None = None,
        include: Sequence[str] = (),
        method: str | None = None,
        nulls_not_distinct: bool | None = None,
        storage: Storage | None = None,
        tablespace: str | None = None,
        serves: str | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "schema": table.schema,
            "table": table.name,
            "name": name or resource_name,
            "columns": list(columns),
            "unique": unique,
            "where": where,
            "include": list(include) or None,
            "method": method,
            "nulls_not_distinct": nulls_not_distinct,
            "storage": wire_storage(storage),
            "tablespace": tablespace,
            "serves": serves,
            "comment": comment,
        }
        super().__init__("Index", resource_name, inputs, opts, texts=[*columns, where])
        declared().add(table.place[0], name or resource_name, self)
