"""Publications."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source

_OPERATIONS = ("insert", "update", "delete", "truncate")


def check_publication(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a publication: which tables and operations it sends."""
    given = declared.inputs
    tables = given.get("tables") or ()
    publish = given.get("publish", _OPERATIONS)
    expected = facts(
        tables=sorted(f"{one.get('schema', 'public')}.{one['table']}" for one in tables),
        schemas=sorted(given.get("schemas") or ()),
        all_tables=given.get("allTables"),
        publish=[one for one in _OPERATIONS if one in publish],
        owner=f"owner {source.owner}",
        comment=given.get("comment"),
    )
    row = catalog.find("publications", name=given["name"])
    found = row and facts(
        tables=row["tables"],
        schemas=row["schemas"],
        all_tables=row["all_tables"],
        publish=row["publish"],
        owner=f"owner {row['owner']}",
        comment=row["comment"],
    )
    yield Check(declared.feature, "publication", given["name"], expected, found)
