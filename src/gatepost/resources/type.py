"""Types: enums, domains and composite types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pulumi

from gatepost.resources._base import DatabaseObject, wire_privileges
from gatepost.resources._names import declared

Privileges = Mapping[str, Sequence[str] | str]


class Type(DatabaseObject):
    """A type; declare it as an `Enum`, a `Domain` or a `Composite`."""

    schema: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        kind: str,
        opts: pulumi.ResourceOptions | None,
        *,
        schema: str,
        name: str | None,
        texts: Sequence[str | None] = (),
        privileges: Privileges | None,
        **given: Any,
    ) -> None:
        name = name or resource_name
        inputs = {"schema": schema, "name": name, "kind": kind, "privileges": wire_privileges(privileges)}
        super().__init__("Type", resource_name, {**inputs, **given}, opts, texts=texts)
        declared().add(schema, name, self)


class Enum(Type):
    """A type whose values are listed, in their order.

    A value may be added anywhere. One that is removed or moved makes another type, to which every column is
    converted: that writes their tables again.

    :param renamed: values that had another name: `{"new": "old"}`; may stay when it is deployed.
    :param privileges: who may use the type, `{"authenticated": "usage"}`; a role that is not named may not.
    """

    def __init__(
        self,
        resource_name: str,
        values: Sequence[str],
        *,
        renamed: Mapping[str, str] | None = None,
        schema: str = "public",
        name: str | None = None,
        privileges: Privileges | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            "enum",
            opts,
            schema=schema,
            name=name,
            privileges=privileges,
            values=list(values),
            renamed=dict(renamed) if renamed else None,
            comment=comment,
        )


class Domain(Type):
    """A type whose values are those of another that pass its checks.

    :param type: the SQL name of the type below.
    :param collation: SQL as well: `'"C"'` with its quotes.
    :param checks: SQL over `value`, by name: `{"positive": "value > 0"}`.
    """

    def __init__(
        self,
        resource_name: str,
        type: str,  # noqa: A002
        *,
        default: str | None = None,
        nullable: bool = True,
        collation: str | None = None,
        checks: Mapping[str, str] | None = None,
        schema: str = "public",
        name: str | None = None,
        privileges: Privileges | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            "domain",
            opts,
            schema=schema,
            name=name,
            texts=[f"null::{type}", default, *(checks or {}).values()],
            privileges=privileges,
            type=type,
            default=default,
            nullable=nullable,
            collation=collation,
            checks=dict(checks) if checks else None,
            comment=comment,
        )


@dataclass(frozen=True)
class Attribute:
    """One attribute of a composite type; `type` and `collation` are SQL."""

    name: str
    type: str
    collation: str | None = None
    comment: str | None = None

    def wire(self) -> dict[str, Any]:
        """Return the attribute's inputs, what was not given left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None}


class Composite(Type):
    """A type that is a row of attributes."""

    def __init__(
        self,
        resource_name: str,
        attributes: Sequence[Attribute],
        *,
        schema: str = "public",
        name: str | None = None,
        privileges: Privileges | None = None,
        comment: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            "composite",
            opts,
            schema=schema,
            name=name,
            texts=[f"null::{one.type}" for one in attributes],
            privileges=privileges,
            attributes=[one.wire() for one in attributes],
            comment=comment,
        )
