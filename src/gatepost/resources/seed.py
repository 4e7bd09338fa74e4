"""Rows for development."""

from __future__ import annotations

from pathlib import Path

import pulumi

from gatepost.resources._base import DatabaseObject, read_sql
from gatepost.resources._names import declared


class Seed(DatabaseObject):
    """Rows for development: an SQL file of statements that can run again without harm.

    Refused where the provider's environment is neither `local` nor `dev`. They are written after the rows
    that are declared before them. Deleting the resource leaves the rows.
    """

    def __init__(
        self, resource_name: str, *, sql: Path | str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        text, file = read_sql(sql)
        super().__init__(
            "Seed", resource_name, {"sql": text, "file": file}, opts, texts=[text], after=declared().rows[-1:]
        )
        declared().rows.append(self)
