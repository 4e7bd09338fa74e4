"""Rows that the platform needs in every environment."""

from __future__ import annotations

from pathlib import Path

import pulumi

from gatepost.resources._base import DatabaseObject, read_sql
from gatepost.resources._names import declared


class ReferenceData(DatabaseObject):
    """Rows that the platform needs everywhere: an SQL file of statements that can run again without harm.

    They are written after those that are declared before them. Deleting the resource leaves the rows.
    """

    def __init__(
        self, resource_name: str, *, sql: Path | str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        text, file = read_sql(sql)
        inputs = {"sql": text, "file": file}
        super().__init__(
            "ReferenceData", resource_name, inputs, opts, texts=[text], after=declared().rows[-1:]
        )
        declared().rows.append(self)
