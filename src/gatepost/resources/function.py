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
    :param check_body: whether names and types in its body are looked up when it is made. A body that counts
        on its caller's search path, or on what is made after it, has no other way than `False`. With it,
        what a trigger calls may name only those columns of `new` and `old` that its table has.
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
        check_body: bool = True,
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
            "check_body": None if check_body else False,
            "untracked": declared().untracked_in(text) if check_body else None,
        }
        super().__init__("Function", resource_name, inputs, opts, texts=[text])
        self.qualified_name = f"{schema}.{name}"
        declared().add(schema, name, self)
