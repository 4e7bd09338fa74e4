"""Views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi

from gatepost.resources._base import DatabaseObject, read_sql, wire_privileges
from gatepost.resources._names import declared, name_created_by


class View(DatabaseObject):
    """A view, from the file that holds its whole `create view` statement.

    Say `with (security_invoker = true)` there: otherwise the view reads with its owner's rights.

    :param column_comments: comments on its columns, by their names.
    """

    schema: pulumi.Output[str]
    name: pulumi.Output[str]
    place: tuple[str, str]
    """Its schema and name in the database."""

    def __init__(
        self,
        resource_name: str,
        *,
        sql: Path | str,
        privileges: Mapping[str, Sequence[str] | str] | None = None,
        comment: str | None = None,
        column_comments: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        text, file = read_sql(sql)
        schema, name = name_created_by(text)
        inputs = {
            "sql": text,
            "file": file,
            "privileges": wire_privileges(privileges),
            "comment": comment,
            "column_comments": None if column_comments is None else dict(column_comments),
        }
        super().__init__("View", resource_name, inputs, opts, texts=[text])
        self.place = (schema, name)
        self.schema, self.name = self.urn.apply(lambda _: schema), self.urn.apply(lambda _: name)
        declared().add(schema, name, self)
