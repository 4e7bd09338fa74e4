"""What would fail at the server, found in a preview: a right that is missing, a name that is taken."""

from __future__ import annotations

from gatepost.engine.postgresql.connection import Session
from gatepost.errors import ObjectExists, PermissionMissing


def require_right(session: Session, attribute: str, what: str) -> None:
    """Check an attribute of the deployer, such as `createrole`.

    :raises PermissionMissing: it has not got it; the message says how to give it.
    """
    found = session.row(
        "select rolname, rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
    )
    assert found is not None
    name, superuser, create_role, create_database = found
    if not (superuser or {"createrole": create_role, "createdb": create_database}[attribute]):
        raise PermissionMissing(f'"{name}" may not create {what}: alter role "{name}" {attribute}')


def require_free(kind: str, name: str, *, taken: bool) -> None:
    """Check that a name is free.

    :raises ObjectExists: something of that name exists, which this stack did not make.
    """
    if taken:
        raise ObjectExists(
            f'{kind} "{name}" already exists, and no resource of this stack owns it:'
            f' take it over with ResourceOptions(import_="{name}") or drop it'
        )
