"""Row-level security policies."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source

_COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}


def check_policy(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a policy's command, roles, and which clauses it has."""
    given = declared.inputs
    schema, table = given.get("schema", "public"), given["table"]
    row = catalog.find("policies", schema=schema, table=table, name=given["name"])
    expected = _facts(
        given["command"],
        sorted(given["roles"]),
        given.get("using") is not None,
        given.get("check") is not None,
        given.get("permissive") is not False,
        given.get("comment"),
    )
    found = row and _facts(
        _COMMANDS[row["command"]],
        sorted(row["roles"]),
        row["has_using"],
        row["has_check"],
        row["permissive"],
        row["comment"],
    )
    yield Check(declared.feature, "policy", f"{given['name']} on {schema}.{table}", expected, found)


def _facts(
    command: str, roles: list[str], using: bool, check: bool, permissive: bool, comment: str | None
) -> dict[str, str]:
    return facts(
        command=f"for {command}",
        roles=f"to {', '.join(roles)}",
        using=using,
        check="with check" if check else None,
        permissive="" if permissive else "restrictive",
        comment=comment,
    )
