"""Constraints of tables: primary keys, unique, check, foreign keys and exclusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources._names import declared
from gatepost.resources.partition import Storage, wire_storage
from gatepost.resources.table import PartitionOf, Table

Action = Literal["no action", "restrict", "cascade", "set null", "set default"]


class Constraint(DatabaseObject):
    """A constraint of a table; use `PrimaryKey`, `Unique`, `Check`, `ForeignKey` or `Exclusion`."""

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        table: Table | PartitionOf,
        kind: str,
        opts: pulumi.ResourceOptions | None,
        texts: Sequence[str] = (),
        name: str | None = None,
        **inputs: Any,
    ) -> None:
        given = {
            "schema": table.schema,
            "table": table.name,
            "name": name or resource_name,
            "kind": kind,
            **inputs,
        }
        super().__init__("Constraint", resource_name, given, opts, texts=texts)
        declared().add(*table.place, self)
        if kind in ("primary_key", "unique"):
            table.keys.append(self)


class PrimaryKey(Constraint):
    """The primary key of a table.

    :param include: columns that its index holds beside the key.
    :param deferrable: whether it may be checked at the end of a transaction; `initially_deferred`: whether it
        is, unless the transaction says otherwise.
    :param period: whether the last column is a range in which rows of the same other columns do not overlap:
        from PostgreSQL 18 on.
    :param storage: storage parameters of its index.
    """

    def __init__(
        self,
        resource_name: str,
        table: Table | PartitionOf,
        columns: Sequence[str],
        *,
        include: Sequence[str] = (),
        deferrable: bool | None = None,
        initially_deferred: bool | None = None,
        period: bool | None = None,
        storage: Storage | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            table,
            "primary_key",
            opts,
            name=name,
            columns=list(columns),
            include=list(include) or None,
            deferrable=deferrable,
            initially_deferred=initially_deferred,
            period=period,
            storage=wire_storage(storage),
            comment=comment,
        )


class Unique(Constraint):
    """A unique constraint; `nulls_not_distinct` needs PostgreSQL 15, and the rest is as of a primary key."""

    def __init__(
        self,
        resource_name: str,
        table: Table | PartitionOf,
        columns: Sequence[str],
        *,
        nulls_not_distinct: bool | None = None,
        include: Sequence[str] = (),
        deferrable: bool | None = None,
        initially_deferred: bool | None = None,
        period: bool | None = None,
        storage: Storage | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            table,
            "unique",
            opts,
            name=name,
            columns=list(columns),
            nulls_not_distinct=nulls_not_distinct,
            include=list(include) or None,
            deferrable=deferrable,
            initially_deferred=initially_deferred,
            period=period,
            storage=wire_storage(storage),
            comment=comment,
        )


class Check(Constraint):
    """A check constraint; `expression` is SQL over the table's columns.

    :param no_inherit: whether tables that inherit from this one do without it; not for partitioned tables.
    :param not_valid: leaves the rows that are there unproved; they are proved once it is taken away.
    :param enforced: `False`: it is written down, and nobody checks it: from PostgreSQL 18 on.
    """

    def __init__(
        self,
        resource_name: str,
        table: Table | PartitionOf,
        expression: str,
        *,
        no_inherit: bool | None = None,
        not_valid: bool | None = None,
        enforced: bool | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            table,
            "check",
            opts,
            texts=[expression],
            name=name,
            expression=expression,
            no_inherit=no_inherit,
            not_valid=not_valid,
            enforced=enforced,
            comment=comment,
        )


class ForeignKey(Constraint):
    """A foreign key from `columns` to `columns_of` of the table `references`.

    :param match: `full`: of several columns all are null or none.
    :param not_valid: leaves the rows that are there unproved; they are proved once it is taken away.
    :param on_delete_columns: the columns that become null, or get their default; all where none are named.
    :param period: whether the last column is a range that rows there cover together: from PostgreSQL 18 on.
    :param enforced: `False`: it is written down, and nobody checks it: from PostgreSQL 18 on.
    """

    def __init__(
        self,
        resource_name: str,
        table: Table | PartitionOf,
        columns: Sequence[str],
        *,
        references: Table,
        columns_of: Sequence[str] = ("id",),
        on_delete: Action = "no action",
        on_update: Action = "no action",
        match: Literal["simple", "full"] | None = None,
        on_delete_columns: Sequence[str] = (),
        period: bool | None = None,
        not_valid: bool | None = None,
        enforced: bool | None = None,
        deferrable: bool | None = None,
        initially_deferred: bool | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            table,
            "foreign_key",
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(references.keys))),
            name=name,
            columns=list(columns),
            references={"schema": references.schema, "table": references.name, "columns": list(columns_of)},
            on_delete=on_delete,
            on_update=on_update,
            match=match,
            on_delete_columns=list(on_delete_columns) or None,
            period=period,
            not_valid=not_valid,
            enforced=enforced,
            deferrable=deferrable,
            initially_deferred=initially_deferred,
            comment=comment,
        )


class Exclusion(Constraint):
    """No two rows may have all elements related by their operators: `{"room": "=", "during": "&&"}`.

    :param elements: operators by column, column with operator class, or expression in parentheses.
    :param method: the access method of its index; `btree_gist` lets `gist` compare plain values.
    :param where: SQL: only rows for which it is true exclude each other.
    """

    def __init__(
        self,
        resource_name: str,
        table: Table | PartitionOf,
        elements: Mapping[str, str],
        *,
        method: str | None = None,
        where: str | None = None,
        include: Sequence[str] = (),
        storage: Storage | None = None,
        deferrable: bool | None = None,
        initially_deferred: bool | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            table,
            "exclusion",
            opts,
            texts=[*elements, *([where] if where else [])],
            name=name,
            elements=[{"element": element, "operator": operator} for element, operator in elements.items()],
            method=method,
            where=where,
            include=list(include) or None,
            storage=wire_storage(storage),
            deferrable=deferrable,
            initially_deferred=initially_deferred,
            comment=comment,
        )
