"""Exact privileges: what each role may do, expected and found; whoever is not named may do nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check
from gatepost.verify.declared import Declared

_PRIVILEGE = re.compile(
    r"^\s*(?P<verb>[a-z]+)\s*(?:\((?P<columns>[^()]*)\))?(?P<option> with grant option)?\s*$", re.IGNORECASE
)
ByRole = Mapping[str, set[str]]


def check_privileges(
    declared: Declared, catalog: Catalog, name: str, schema: str, object_: str, arguments: list[int] | None
) -> Iterator[Check]:
    """Yield a check a role that has, or should have, a privilege on the object."""
    expected = _expected(declared.inputs.get("privileges") or {})
    rows = catalog.all("privileges", schema=schema, name=object_, arguments=arguments)
    # its owner may do everything anyway, and is held to it only where the declaration says so
    found = _found([row for row in rows if not row["is_owner"] or row["role"] in expected])
    for role in sorted({*expected, *found}):
        yield Check(
            declared.feature,
            "privileges",
            f"{role} on {name}",
            {"may": said(expected.get(role, set()))},
            {"may": said(found.get(role, set()))},
        )


def _expected(given: Mapping[str, Iterable[str]]) -> ByRole:
    expected: dict[str, set[str]] = defaultdict(set)
    for role, privileges in given.items():
        for privilege in privileges:
            expected[role] |= _single(privilege)
    return expected


def _single(privilege: str) -> set[str]:
    """Return a privilege column by column: `update (a, b)` is two."""
    match = _PRIVILEGE.match(privilege)
    if match is None:
        return {privilege}
    verb, option = match["verb"].lower(), match["option"] or ""
    if match["columns"] is None:
        return {f"{verb}{option}"}
    return {f"{verb} ({column.strip()}){option}" for column in match["columns"].split(",")}


def _found(rows: list[Row]) -> ByRole:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        column = f" ({row['column']})" if row["column"] else ""
        option = " with grant option" if row["grantable"] else ""
        found[row["role"]].add(f"{row['privilege']}{column}{option}")
    return found


def said(privileges: set[str]) -> str:
    """Return privileges in words, a verb's columns together."""
    columns: dict[str, list[str]] = defaultdict(list)
    for privilege in sorted(privileges):
        verb, bracket, rest = privilege.partition(" (")
        columns[verb].extend([rest.rstrip(")")] if bracket else [])
        if not bracket:
            columns[privilege] = []
    words = [f"{verb} ({', '.join(names)})" if names else verb for verb, names in columns.items()]
    return ", ".join(words) or "nothing"
