"""Triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources._names import declared
from gatepost.resources.function import Function
from gatepost.resources.table import Table


class Trigger(DatabaseObject):
    """A trigger of a table.

    :param events: `insert`, `update`, `update of a, b`, `delete`, `truncate`.
    :param when: an SQL condition over `old` and `new`.
    :param referencing: names of transition tables: `{"new table": "added"}`.
    """

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        table: Table,
        *,
        function: Function,
        events: Sequence[str],
        timing: Literal["before", "after", "instead of"] = "before",
        level: Literal["row", "statement"] = "row",
        when: str | None = None,
        referencing: Mapping[str, str] | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "schema": table.schema,
            "table": table.name,
            "name": name or resource_name,
            "function": function.qualified_name,
            "timing": timing,
            "events": list(events),
            "level": level,
            "when": when,
            "referencing": dict(referencing) if referencing else None,
            "comment": comment,
        }
        super().__init__("Trigger", resource_name, inputs, opts, texts=[when], after=[function])
        declared().add(*table.place, self)
