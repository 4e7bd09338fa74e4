"""Functions and procedures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi

from gatepost.resources._base import DatabaseObject, read_sql, wire_privileges
from gatepost.resources._names import declared, name_created_by


class Function(DatabaseObject):
    """A function, from the file that holds its whole `create function` statement.

    :param privileges: who may execute it. `public` has that right in PostgreSQL unless it is revoked:
        here it has it only when named.
    :param owner: the role that a `security definer` function runs as, where that is not the deploying role.
    """

    schema: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        sql: Path | str,
        privileges: Mapping[str, Sequence[str] | str] | None = None,
        owner: str | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        text, file = read_sql(sql)
        schema, name = name_created_by(text)
        inputs = {
            "sql": text,
            "file": file,
            "privileges": wire_privileges(privileges),
            "owner": owner,
            "comment": comment,
            "untracked": declared().untracked_in(text),
        }
        super().__init__("Function", resource_name, inputs, opts, texts=[text])
        self.qualified_name = f"{schema}.{name}"
        declared().add(schema, name, self)
