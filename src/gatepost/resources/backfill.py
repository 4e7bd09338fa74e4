"""Backfills: what rows that are there are given."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources.table import Table


class Backfill(DatabaseObject):
    """Sets columns of the rows that are there already, batch by batch, while clients go on.

    Every batch is a short transaction along the table's primary key, with its progress written beside it in
    `gatepost.backfills`: a deployment that was cut short is continued by the next, and no row is set twice.
    It ends when no row matches `where` any more. It runs as the deployer, who need not be a superuser: where
    row security is forced, a policy lets the deployer's own sessions see every row meanwhile. The table's
    triggers fire as for any other update. Deleting the resource leaves the rows as they are.

    :param sets: an SQL expression for each column: `{"slug": "lower(title)"}`.
    :param where: the rows that still need it: `"slug is null"`.
    :param batch: rows a transaction, at most; fewer where they take longer than 100 ms.
    :param pause: seconds between two batches.
    :param name: what its progress is called there; by default the resource's name.
    """

    def __init__(
        self,
        resource_name: str,
        table: Table,
        *,
        sets: Mapping[str, str],
        where: str,
        batch: int = 1000,
        pause: float = 0.01,
        name: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "schema": table.schema,
            "table": table.name,
            "name": name or resource_name,
            "sets": dict(sets),
            "where": where,
            "batch": batch,
            "pause": pause,
        }
        super().__init__(
            "Backfill", resource_name, inputs, opts, texts=[*sets.values(), where], after=table.keys
        )
