"""Sequences."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import check_privileges


def check_sequence(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a sequence, how it counts, and who may use it."""
    given = declared.inputs
    schema, name = given.get("schema", "public"), given["name"]
    row = catalog.find("sequences", schema=schema, name=name)
    expected = facts(
        type=given.get("type", "bigint"),
        increment=f"by {int(given.get('increment', 1))}",
        cycle=given.get("cycle"),
        owner=f"owner {source.owner}",
        comment=given.get("comment"),
    )
    found = row and facts(
        type=row["type"],
        increment=f"by {row['increment']}",
        cycle=row["cycle"],
        owner=f"owner {row['owner']}",
        comment=row["comment"],
    )
    yield Check(declared.feature, "sequence", f"{schema}.{name}", expected, found)
    yield from check_privileges(declared, catalog, f"{schema}.{name}", schema, name, None)
