"""Indexes: method, columns, order, predicate, and that the planner may use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check, Facts, facts
from gatepost.verify.declared import Declared, Source

_DESC, _NULLS_FIRST = 1, 2
"""Bits of `pg_index.indoption`."""


def check_index(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check one index."""
    given = declared.inputs
    schema, table, name = given.get("schema", "public"), given["table"], given["name"]
    elements = _elements(given["columns"])
    row = catalog.find("indexes", schema=schema, table=table, name=name)
    expected = facts(
        method=given.get("method") or "btree",
        unique=bool(given.get("unique")),
        columns=_listed([_declared_element(one) for one in elements]),
        include=_included(given.get("include") or []),
        partial=given.get("where") is not None,
        nulls_not_distinct=bool(given.get("nullsNotDistinct")),
        valid=True,
        comment=given.get("comment"),
    )
    found = _found(row, elements) if row else None
    yield Check(declared.feature, "index", f"{name} on {schema}.{table}", expected, found)


def _elements(columns: list[str]) -> list[Any]:
    """Parse the declared columns with PostgreSQL's own grammar."""
    from pglast import parse_sql

    statement: Any = parse_sql(f"create index on t ({', '.join(columns)})")[0].stmt
    return list(statement.indexParams)


def _declared_element(element: Any) -> str:
    descending = element.ordering.name == "SORTBY_DESC"
    nulls = element.nulls_ordering.name
    first = nulls == "SORTBY_NULLS_FIRST" or (nulls == "SORTBY_NULLS_DEFAULT" and descending)
    return _element(element.name or "", descending, first, _operator_class(element))


def _operator_class(element: Any) -> str | None:
    return str(element.opclass[-1].sval) if element.opclass else None


def _element(name: str, descending: bool, nulls_first: bool, operator_class: str | None) -> str:
    words = [name or "an expression", *([operator_class] if operator_class else [])]
    words += ["desc"] if descending else []
    words += ["nulls first" if nulls_first else "nulls last"] if nulls_first != descending else []
    return " ".join(words)


def _found(row: Row, elements: list[Any]) -> Facts:
    names, keys = row["columns"], row["keys"]
    classes = [_operator_class(one) for one in elements] + [None] * keys
    listed = [
        _element(
            names[at],
            bool(row["options"][at] & _DESC),
            bool(row["options"][at] & _NULLS_FIRST),
            row["classes"][at] if classes[at] else None,
        )
        for at in range(keys)
    ]
    return facts(
        method=row["method"],
        unique=row["unique"],
        columns=_listed(listed),
        include=_included(names[keys:]),
        partial=row["partial"],
        nulls_not_distinct=row["nulls_not_distinct"],
        valid="valid" if row["valid"] else "not valid",
        comment=row["comment"],
    )


def _listed(elements: list[str]) -> str:
    return f"({', '.join(elements)})"


def _included(names: list[str]) -> str | None:
    return f"include ({', '.join(names)})" if names else None
