"""Triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources._names import declared
from gatepost.resources.function import Function
from gatepost.resources.table import Table
from gatepost.resources.view import View


class Trigger(DatabaseObject):
    """A trigger of a table or view.

    :param function: what it calls; as `schema.name` where the program does not declare it.
    :param arguments: texts that the function finds in `tg_argv`.
    :param events: `insert`, `update`, `update of a, b`, `delete`, `truncate`.
    :param when: an SQL condition over `old` and `new`.
    :param referencing: names of transition tables: `{"new table": "added"}`.
    :param constraint: makes it a constraint trigger and says when it fires: at the end of the statement, or,
        `initially deferred`, of the transaction.
    :param fires: in which sessions: ordinary ones (`origin`), those that apply a replica's changes
        (`replica`), both (`always`), or none (`never`: it is disabled).
    """

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        table: Table | View,
        *,
        function: Function | str,
        arguments: Sequence[str] = (),
        events: Sequence[str],
        timing: Literal["before", "after", "instead of"] = "before",
        level: Literal["row", "statement"] = "row",
        when: str | None = None,
        referencing: Mapping[str, str] | None = None,
        constraint: Literal["not deferrable", "initially immediate", "initially deferred"] | None = None,
        fires: Literal["origin", "always", "replica", "never"] | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "schema": table.schema,
            "table": table.name,
            "name": name or resource_name,
            "function": function if isinstance(function, str) else function.qualified_name,
            "arguments": list(arguments) or None,
            "timing": timing,
            "events": list(events),
            "level": level,
            "when": when,
            "referencing": dict(referencing) if referencing else None,
            "constraint": constraint,
            "fires": fires,
            "comment": comment,
        }
        after = [] if isinstance(function, str) else [function]
        super().__init__("Trigger", resource_name, inputs, opts, texts=[when], after=after)
        declared().add(*table.place, self)
