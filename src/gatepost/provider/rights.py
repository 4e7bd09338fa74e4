"""Which right a plan will miss, and whether a name is free: asked before anything is touched."""

from __future__ import annotations

from gatepost.errors import ObjectExists, PermissionMissing
from gatepost.postgres.catalog import Facts, Key

_TOP_LEVEL = ("tables", "functions", "views", "materialized_views", "types", "sequences")


def require_rights(facts: Facts, key: Key | None, label: str) -> None:
    """Check that the deployer may make or change the object at `key`, and keep the ledger.

    What does not exist yet, database and schema included, is left to the deployment.

    :raises PermissionMissing: names the right and the statement that gives it.
    """
    if facts.connection is None:
        return
    place = {"schema": key.schema, "name": key.name, "kind": key.kind} if key else _NOWHERE
    deployer, database, may_keep_ledger, may_create, owns = facts.rights(place)
    if not may_keep_ledger:
        raise PermissionMissing(
            f'{label}: "{deployer}" may not create the ledger\'s schema:'
            f' grant create on database "{database}" to "{deployer}"'
        )
    if key and owns is False:
        raise PermissionMissing(
            f'{label}: {key.schema}.{key.name} belongs to a role that "{deployer}" is no member of:'
            " deploy as its owner, or grant that role"
        )
    if key and owns is None and may_create is False and key.kind in _TOP_LEVEL:
        raise PermissionMissing(
            f"{label}: permission denied for schema {key.schema}:"
            f' grant create on schema "{key.schema}" to "{deployer}"'
        )


def require_free(facts: Facts, key: Key | None, label: str) -> None:
    """Check that a new object may be made at `key`, and that no other kind of object has its name.

    :raises ObjectExists: one has, which PostgreSQL gives to one object only.
    :raises PermissionMissing: a right is missing.
    """
    require_rights(facts, key, label)
    if key is None or key.kind not in _SHARING:
        return
    name = key.object or key.name
    for other in facts.named(key.schema, name):
        apart = key.kind == "types" and other.kind in ("indexes", "sequences")
        if other != key and not apart and facts.planned.present(other) is not None:
            raise ObjectExists(
                f"{label}: {key.schema}.{name} is {_SHARING[other.kind]} already, and PostgreSQL gives a name"
                " to one object only: rename or drop that, or give this resource another name (if another"
                " resource gives the name up in this deployment, let this one depend on that one; if it is"
                " this stack's own and no longer declared, deploy once with neither of the two, then declare"
                " this one)"
            )


_SHARING = {
    "tables": "a table",
    "views": "a view",
    "materialized_views": "a materialized view",
    "sequences": "a sequence",
    "indexes": "an index",
    "types": "a type",
}
"""The kinds whose names exclude each other."""
_NOWHERE = {"schema": None, "name": None, "kind": None}
