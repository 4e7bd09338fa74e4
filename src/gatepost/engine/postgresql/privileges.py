"""Names of privileges: which ones an object type has, and when two lists mean the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import sql

PRIVILEGES = {
    "database": ("CREATE", "CONNECT", "TEMPORARY"),
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
    "schema": ("CREATE", "USAGE"),
    "function": ("EXECUTE",),
    "procedure": ("EXECUTE",),
    "routine": ("EXECUTE",),
    "type": ("USAGE",),
    "foreign_data_wrapper": ("USAGE",),
    "foreign_server": ("USAGE",),
    "column": ("SELECT", "INSERT", "UPDATE", "REFERENCES"),
}


def unknown_privileges(object_type: str, privileges: Iterable[str]) -> Iterator[str]:
    """Yield a reason for each privilege that the object type does not have."""
    allowed = ("ALL", *PRIVILEGES[object_type])
    for privilege in privileges:
        if privilege not in allowed:
            yield f'got "{privilege}", want one of {", ".join(allowed)} for object type {object_type}'


def keywords(object_type: str, privileges: Iterable[str]) -> sql.Composable:
    """Return the privileges as SQL; only names that the object type has get through."""
    from psycopg import sql

    allowed = ("ALL", *PRIVILEGES[object_type])
    return sql.SQL(", ").join(sql.SQL(allowed[allowed.index(name)]) for name in sorted(set(privileges)))


def as_declared(
    object_type: str, granted: Iterable[str], declared: list[str] | None, version: int
) -> list[str]:
    """Return the granted privileges, in the declared words where they mean the same (`ALL`)."""
    found, wanted = set(granted), set(declared or [])
    every = {name for name in PRIVILEGES[object_type] if name != "MAINTAIN" or version >= 17}
    if found == wanted or ("ALL" in wanted and found == every):
        return declared or []
    return sorted(found)
