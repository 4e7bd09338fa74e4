"""Materialized views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import check_privileges


def check_materialized_view(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a materialized view, whether it can be read, and who may read it."""
    given = declared.inputs
    schema, name, fills = _head(given["sql"])
    row = catalog.find("materialized_views", schema=schema, name=name)
    filled = fills or (row is not None and row["populated"])
    expected = facts(filled=filled, owner=f"owner {source.owner}", comment=given.get("comment"))
    found = row and facts(filled=row["populated"], owner=f"owner {row['owner']}", comment=row["comment"])
    yield Check(declared.feature, "materialized view", f"{schema}.{name}", expected, found)
    yield from check_privileges(declared, catalog, f"{schema}.{name}", schema, name, None)


def _head(sql: str) -> tuple[str, str, bool]:
    """Return schema, name and whether it is filled when it is made."""
    from pglast import parse_sql

    statement: Any = parse_sql(sql)[0].stmt
    into = statement.into
    return into.rel.schemaname or "public", into.rel.relname, not into.skipData
