"""Constraints of tables: primary keys, unique, check and foreign keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources._names import declared
from gatepost.resources.table import Table

Action = Literal["no action", "restrict", "cascade", "set null", "set default"]


class Constraint(DatabaseObject):
    """A constraint of a table; use `PrimaryKey`, `Unique`, `Check` or `ForeignKey` to declare one."""

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        table: Table,
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
    """The primary key of a table."""

    def __init__(
        self,
        resource_name: str,
        table: Table,
        columns: Sequence[str],
        *,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name, table, "primary_key", opts, name=name, columns=list(columns), comment=comment
        )


class Unique(Constraint):
    """A unique constraint; `nulls_not_distinct` needs PostgreSQL 15."""

    def __init__(
        self,
        resource_name: str,
        table: Table,
        columns: Sequence[str],
        *,
        nulls_not_distinct: bool | None = None,
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
            comment=comment,
        )


class Check(Constraint):
    """A check constraint; `expression` is SQL over the table's columns."""

    def __init__(
        self,
        resource_name: str,
        table: Table,
        expression: str,
        *,
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
            comment=comment,
        )


class ForeignKey(Constraint):
    """A foreign key from `columns` to `columns_of` of the table `references`."""

    def __init__(
        self,
        resource_name: str,
        table: Table,
        columns: Sequence[str],
        *,
        references: Table,
        columns_of: Sequence[str] = ("id",),
        on_delete: Action = "no action",
        on_update: Action = "no action",
        deferrable: bool | None = None,
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
            references={
                "schema": references.schema,
                "table": references.name,
                "columns": list(columns_of),
            },
            on_delete=on_delete,
            on_update=on_update,
            deferrable=deferrable,
            comment=comment,
        )
