"""Tables and their columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.provider.column_change import new_name, old_name
from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check, Facts, facts
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import check_privileges

_SECURITY = {"off": "row security off", "enabled": "row security enabled", "forced": "row security forced"}
_IDENTITIES = {"a": "identity always", "d": "identity by default"}


def check_table(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a table, its columns, and who may do what with it."""
    given = declared.inputs
    schema, name = given.get("schema", "public"), given["name"]
    where = f"{schema}.{name}"
    row = catalog.find("tables", schema=schema, name=name)
    expected = facts(
        row_security=_SECURITY[given.get("rowSecurity", "off")],
        owner=f"owner {source.owner}",
        comment=given.get("comment"),
    )
    yield Check(declared.feature, "table", where, expected, _found(row))
    columns = {one["name"]: one for one in catalog.all("columns", schema=schema, table=name)}
    for one in given["columns"]:
        found = columns.pop(one["name"], None)
        yield _check_column(declared, where, one, found, catalog)
        for beside in (new_name(one["name"]), old_name(one["name"])) if one.get("change") else ():
            columns.pop(beside, None)
    for extra in columns:
        yield Check(declared.feature, "column", f"{where}.{extra}", {"": "no such column"}, {"": "there"})
    for one in given.get("partitions") or ():
        yield _check_partition(declared, source, catalog, one)
    yield from _undeclared(declared, source, catalog, schema, name)
    yield from check_privileges(declared, catalog, where, schema, name, None)


def _check_partition(declared: Declared, source: Source, catalog: Catalog, one: dict[str, Any]) -> Check:
    """Check that a partition is one of its table, and secured as it is unless it says otherwise."""
    given = declared.inputs
    schema, own = given.get("schema", "public"), one.get("schema") or given.get("schema", "public")
    row = catalog.find("tables", schema=own, name=one["name"])
    expected = facts(
        row_security=_SECURITY[one.get("rowSecurity") or given.get("rowSecurity", "off")],
        owner=f"owner {source.owner}",
        comment=one.get("comment"),
        partition_of=f"of {one.get('of') or given['name']}",
    )
    found = row and {**(_found(row) or {}), **facts(partition_of=row["parent"] and f"of {row['parent']}")}
    return Check(
        declared.feature, "partition", f"{own}.{one['name']} of {schema}.{given['name']}", expected, found
    )


def _undeclared(
    declared: Declared, source: Source, catalog: Catalog, schema: str, table: str
) -> Iterator[Check]:
    """Fail for every policy and trigger that somebody else put on a declared table: both change access."""
    for kind, view in (("policy", "policies"), ("trigger", "triggers")):
        known = source.names_on(kind, schema, table)
        for row in catalog.all(view, schema=schema, table=table):
            if row["name"] not in known:
                where = f"{row['name']} on {schema}.{table}"
                yield Check(declared.feature, kind, where, {"": f"no such {kind}"}, {"": "there"})


def _found(row: Row | None) -> Facts | None:
    if row is None:
        return None
    security = "forced" if row["forced"] and row["row_security"] else "off"
    security = "enabled" if row["row_security"] and not row["forced"] else security
    return facts(row_security=_SECURITY[security], owner=f"owner {row['owner']}", comment=row["comment"])


def _check_column(
    declared: Declared, where: str, given: dict[str, Any], row: Row | None, catalog: Catalog
) -> Check:
    meant = catalog.type(given["type"])
    identity, counting = given.get("identity"), given.get("identityOptions") or {}
    increment = int(counting.get("increment") or 1)
    expected = facts(
        type=given["type"] if meant else f"{given['type']}, a type that the server does not know",
        null="nullable" if given.get("nullable") or given.get("retired") else "not null",
        default=given.get("default") is not None,
        generated=given.get("generated") is not None,
        identity=f"identity {identity}" if identity else None,
        increment=f"by {increment}" if increment != 1 else None,
        cycle=counting.get("cycle"),
        collation=f"collation {given['collation']}" if given.get("collation") else None,
        comment=given.get("comment"),
    )
    found = None
    if row is not None:
        same_type = meant == (row["type"], row["modifier"])
        found = facts(
            type=given["type"] if same_type else row["type_name"],
            null="not null" if row["not_null"] else "nullable",
            default=row["has_default"],
            generated=row["generated"],
            identity=_IDENTITIES.get(row["identity"]),
            increment=f"by {row['increment']}" if row["increment"] != 1 else None,
            cycle=row["cycle"],
            collation=f"collation {row['collation']}" if row["collation"] else None,
            comment=row["comment"],
        )
    return Check(declared.feature, "column", f"{where}.{given['name']}", expected, found)
