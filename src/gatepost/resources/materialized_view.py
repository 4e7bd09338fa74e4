"""Materialized views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi

from gatepost.resources._base import DatabaseObject, read_sql, wire_privileges
from gatepost.resources._names import declared, name_created_by


class MaterializedView(DatabaseObject):
    """A materialized view, from the file that holds its whole `create materialized view` statement.

    It is filled when it is made, unless the statement says `with no data`. Another query is filled beside the
    old one, which can be read until the two change places. Its indexes are `Index` resources.

    :param refresh_on: any text; when it changes, the view is refreshed: without blocking its readers where a
        unique index allows it.
    :param column_comments: comments on its columns, by their names.
    """

    schema: pulumi.Output[str]
    name: pulumi.Output[str]
    keys: list[pulumi.Resource]
    place: tuple[str, str]
    """Its schema and name in the database."""

    def __init__(
        self,
        resource_name: str,
        *,
        sql: Path | str,
        refresh_on: str | None = None,
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
            "refresh_on": refresh_on,
            "privileges": wire_privileges(privileges),
            "comment": comment,
            "column_comments": None if column_comments is None else dict(column_comments),
        }
        super().__init__("MaterializedView", resource_name, inputs, opts, texts=[text])
        self.keys = []
        self.place = (schema, name)
        self.schema, self.name = self.urn.apply(lambda _: schema), self.urn.apply(lambda _: name)
        declared().add(schema, name, self)
