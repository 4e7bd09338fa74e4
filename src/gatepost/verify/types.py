"""Types: enums, domains and composite types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import check_privileges


def check_type(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a type, what it consists of, and who may use it."""
    given = declared.inputs
    schema, name = given.get("schema", "public"), given["name"]
    row = catalog.find("types", schema=schema, name=name)
    expected = facts(
        kind=given["kind"],
        values=given.get("values"),
        type=_below(given, catalog),
        strict="not null" if given.get("nullable") is False else None,
        checks=sorted(given.get("checks") or ()),
        attributes=[one["name"] for one in given.get("attributes") or ()],
        owner=f"owner {source.owner}",
        comment=given.get("comment"),
    )
    found = row and facts(
        kind=row["kind"],
        values=row["values"],
        type=f"type {row['base']}:{row['modifier']}" if row["base"] else None,
        strict="not null" if row["strict"] else None,
        checks=row["checks"],
        attributes=row["attributes"],
        owner=f"owner {row['owner']}",
        comment=row["comment"],
    )
    yield Check(declared.feature, "type", f"{schema}.{name}", expected, found)
    yield from check_privileges(declared, catalog, f"{schema}.{name}", schema, name, None)


def _below(given: dict[str, Any], catalog: Catalog) -> str | None:
    """Return what a domain's type means to the server."""
    if not given.get("type"):
        return None
    meant = catalog.type(given["type"])
    return f"type {meant[0]}:{meant[1]}" if meant else f"{given['type']}, unknown to the server"
