"""Which right a plan will miss: asked in a preview, so that nothing is touched without it."""

from __future__ import annotations

from gatepost.errors import PermissionMissing
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


_NOWHERE = {"schema": None, "name": None, "kind": None}
