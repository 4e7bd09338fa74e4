"""Views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import check_privileges

_TRUE = frozenset({"true", "on", "1", "yes"})


def check_view(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a view, whose rights it reads with, and who may read it."""
    given = declared.inputs
    schema, name, invoker = _head(given["sql"])
    row = catalog.find("views", schema=schema, name=name)
    expected = _facts(invoker, source.owner, given.get("comment"))
    found = row and _facts(_is_invoker(row["options"]), row["owner"], row["comment"])
    yield Check(declared.feature, "view", f"{schema}.{name}", expected, found)
    yield from check_privileges(declared, catalog, f"{schema}.{name}", schema, name, None)


def _facts(invoker: bool, owner: str, comment: str | None) -> dict[str, str]:
    rights = "security invoker" if invoker else "owner's rights"
    return facts(rights=rights, owner=f"owner {owner}", comment=comment)


def _is_invoker(options: list[str]) -> bool:
    given = dict(one.split("=", 1) for one in options)
    return given.get("security_invoker", "false").lower() in _TRUE


def _head(sql: str) -> tuple[str, str, bool]:
    """Return schema, name and whether the view is a security invoker."""
    from pglast import parse_sql

    statement: Any = parse_sql(sql)[0].stmt
    options = {one.defname: one.arg for one in statement.options or ()}
    return (
        statement.view.schemaname or "public",
        statement.view.relname,
        "security_invoker" in options and _truth(options["security_invoker"]),
    )


def _truth(value: Any) -> bool:
    """Return what an option's value means; without one it is true."""
    if value is None:
        return True
    word = getattr(value, "sval", None)
    return (
        str(word).lower() in _TRUE
        if word is not None
        else bool(getattr(value, "boolval", None) or value.ival)
    )
