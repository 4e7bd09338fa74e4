"""Tables and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import pulumi

from gatepost.resources._base import DatabaseObject, wire_privileges
from gatepost.resources._names import declared

RowSecurity = Literal["off", "enabled", "forced"]


@dataclass(frozen=True)
class Column:
    """A column of a table; `type`, `default` and `generated` are SQL."""

    name: str
    type: str
    default: str | None = None
    nullable: bool = False
    generated: str | None = None
    """The expression of a stored generated column."""
    identity: Literal["always", "by default"] | None = None
    collation: str | None = None
    comment: str | None = None

    def wire(self) -> dict[str, Any]:
        """Return the column's inputs, what was not given left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value not in (None, False)}


class Table(DatabaseObject):
    """A table: its columns, row security, privileges and comments.

    :param row_security: `forced` holds for the owner too and is what a tenant's table needs.
    :param privileges: by role, for example `{"authenticated": ["select", "update (title)"]}`. They are
        the whole truth: a role that is not named has none.
    """

    schema: pulumi.Output[str]
    name: pulumi.Output[str]
    keys: list[pulumi.Resource]
    """Its primary key and unique constraints, on which foreign keys to it depend."""
    place: tuple[str, str]
    """Its schema and name in the database."""

    def __init__(
        self,
        resource_name: str,
        *,
        columns: Sequence[Column],
        schema: str = "public",
        name: str | None = None,
        comment: str | None = None,
        row_security: RowSecurity = "off",
        privileges: Mapping[str, Sequence[str] | str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = name or resource_name
        inputs = {
            "schema": schema,
            "name": name,
            "columns": [column.wire() for column in columns],
            "comment": comment,
            "row_security": row_security,
            "privileges": wire_privileges(privileges),
        }
        texts = [text for column in columns for text in (column.type, column.default, column.generated)]
        super().__init__("Table", resource_name, inputs, opts, texts=texts)
        self.keys = []
        self.place = (schema, name)
        declared().add(schema, name, self)
