"""Row-level security policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi

from gatepost.resources._base import DatabaseObject
from gatepost.resources._names import declared
from gatepost.resources.table import Table

Command = Literal["all", "select", "insert", "update", "delete"]


class Policy(DatabaseObject):
    """A row-level security policy of a table for one command.

    :param roles: whom it applies to; always named, never everybody by default.
    :param using: which existing rows the command sees (select, update, delete).
    :param check: which new rows the command may write (insert, update).
    """

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        table: Table,
        *,
        command: Command,
        roles: Sequence[str],
        using: str | None = None,
        check: str | None = None,
        permissive: bool | None = None,
        name: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "schema": table.schema,
            "table": table.name,
            "name": name or resource_name,
            "command": command,
            "roles": list(roles),
            "using": using,
            "check": check,
            "permissive": permissive,
            "comment": comment,
        }
        super().__init__("Policy", resource_name, inputs, opts, texts=[using, check])
        declared().add(*table.place, self)
