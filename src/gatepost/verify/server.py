"""What the postgresql package declares: roles, memberships, databases, schemas, extensions, grants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import said

_FLAGS = {
    "login": "login",
    "superuser": "superuser",
    "createDatabase": "create_database",
    "createRole": "create_role",
    "replication": "replication",
    "bypassRowLevelSecurity": "bypass_row_security",
}
_TIMEOUTS = {
    "statementTimeout": "statement_timeout",
    "idleInTransactionSessionTimeout": "idle_in_transaction_session_timeout",
}
TYPES = {"table": "r", "sequence": "S", "function": "f", "type": "T", "schema": "n"}


def check_role(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a role's attributes, settings and, where they are declared with it, its memberships."""
    given = declared.inputs
    row = catalog.find("roles", name=given["name"])
    roles = given.get("roles")
    expected = _role(
        {name: bool(given.get(key)) for key, name in _FLAGS.items()},
        given.get("inherit") is not False,
        int(given.get("connectionLimit") or -1),
        {name: int(given[key]) for key, name in _TIMEOUTS.items() if given.get(key)},
        roles,
    )
    found = row and _role(
        {name: row[name] for name in _FLAGS.values()},
        row["inherit"],
        row["connection_limit"],
        _timeouts(row),
        None if roles is None else row["member_of"],
    )
    yield Check(declared.feature, "role", given["name"], expected, found)


def _role(
    flags: dict[str, bool], inherit: bool, limit: int, timeouts: dict[str, int], roles: list[str] | None
) -> dict[str, str]:
    settings = {name: f"{name} {value} ms" for name, value in sorted(timeouts.items())}
    return facts(
        login="login" if flags["login"] else "no login",
        **{name: value for name, value in flags.items() if name != "login"},
        inherit="inherit" if inherit else "no inherit",
        connection_limit=None if limit == -1 else f"{limit} connections",
        **settings,
        member_of=f"member of {', '.join(sorted(roles))}" if roles else None,
    )


def _timeouts(row: Row) -> dict[str, int]:
    given = dict(one.split("=", 1) for one in row["settings"])
    return {name: _milliseconds(given[name]) for name in _TIMEOUTS.values() if name in given}


def _milliseconds(text: str) -> int:
    for unit, factor in (("ms", 1), ("min", 60_000), ("s", 1000), ("h", 3_600_000), ("d", 86_400_000)):
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * factor
    return int(text)


def check_membership(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check that a role is a member of another."""
    member, role = declared.inputs["role"], declared.inputs["grantRole"]
    row = catalog.find("roles", name=member)
    found = facts(member=role in row["member_of"]) if row else None
    yield Check(declared.feature, "membership", f"{member} in {role}", facts(member=True), found)


def check_database(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a database's owner and encoding."""
    given = declared.inputs
    row = catalog.find("databases", name=given["name"])
    told = {key: key for key in ("owner", "encoding") if given.get(key)}
    expected = facts(**{key: f"{key} {given[key]}" for key in told})
    found = row and facts(**{key: f"{key} {row[key]}" for key in told})
    yield Check(declared.feature, "database", given["name"], expected, found)


def check_schema(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a schema's owner."""
    given = declared.inputs
    row = catalog.find("schemas", name=given["name"])
    owner = given.get("owner")
    expected = facts(owner=f"owner {owner}" if owner else None)
    found = row and facts(owner=f"owner {row['owner']}" if owner else None)
    yield Check(declared.feature, "schema", given["name"], expected, found)


def check_extension(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check that an extension is installed, in its schema and version where they are declared."""
    given = declared.inputs
    row = catalog.find("extensions", name=given["name"])
    told = [key for key in ("schema", "version") if given.get(key)]
    expected = facts(installed=True, **{key: f"{key} {given[key]}" for key in told})
    found = row and facts(installed=True, **{key: f"{key} {row[key]}" for key in told})
    yield Check(declared.feature, "extension", given["name"], expected, found)


def check_grant(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check what exactly one role may do with a database or schema."""
    given = declared.inputs
    kind = given["objectType"]
    if kind not in ("database", "schema"):
        return
    name = given["database"] if kind == "database" else given["schema"]
    rows = catalog.all("grants", type=kind, name=name, role=given["role"])
    yield _check_privileges(declared, f"{given['role']} on {kind} {name}", rows)


def check_default_privileges(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check what new objects of an owner give to a role."""
    given = declared.inputs
    rows = catalog.all(
        "default_privileges",
        owner=given["owner"],
        schema=given.get("schema") or "",
        type=TYPES[given["objectType"]],
        role=given["role"],
    )
    schema = f" in {given['schema']}" if given.get("schema") else ""
    name = f"{given['role']} on new {given['objectType']}s of {given['owner']}{schema}"
    yield _check_privileges(declared, name, rows)


def _check_privileges(declared: Declared, name: str, rows: list[Row]) -> Check:
    expected = {str(one).lower() for one in _listed(declared.inputs.get("privileges"))}
    found = {row["privilege"] for row in rows}
    return Check(declared.feature, "privileges", name, {"may": said(expected)}, {"may": said(found)})


def _listed(value: Any) -> list[Any]:
    return list(value or [])
