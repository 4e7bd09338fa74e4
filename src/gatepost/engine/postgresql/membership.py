"""A deployer that is no superuser joins a role for as long as it works on the role's objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gatepost.engine.postgresql.connection import Session


@contextmanager
def member_of(session: Session, roles: Iterable[str | None]) -> Iterator[None]:
    """Grant the roles to the session's role, and take back afterwards what was granted.

    Superusers need none of it, and superuser roles cannot be joined: both are left alone. In a transaction a
    failure rolls the grants back; outside one they are revoked whatever happens.
    """
    granted = [role for role in dict.fromkeys(roles) if role and _join(session, role)]
    try:
        yield
    except BaseException:
        if not session.in_transaction:
            _leave(session, granted)
        raise
    _leave(session, granted)


def owner_of_database(session: Session, database: str | None = None) -> str | None:
    """Return the role that owns the database: the session's own unless one is named."""
    found = session.row(
        "select pg_get_userbyid(datdba) from pg_database where datname = coalesce(%s, current_database())",
        database,
    )
    return found[0] if found else None


def owner_of_schema(session: Session, schema: str) -> str | None:
    """Return the role to join for work on the schema: for `pg_database_owner` the database's owner."""
    found = session.row("select pg_get_userbyid(nspowner) from pg_namespace where nspname = %s", schema)
    if found and found[0] == "pg_database_owner":
        return owner_of_database(session)
    return found[0] if found else None


def role_exists(session: Session, role: str) -> bool:
    """Tell whether the role is there; `public` always is."""
    return role == "public" or session.row("select from pg_roles where rolname = %s", role) is not None


def revoke_membership(session: Session, role: str, member: str) -> None:
    """Take the role from the member, whoever granted it: from 16 on each grantor's grant stands by itself."""
    from psycopg import sql

    revoke = sql.SQL("revoke {} from {}").format(sql.Identifier(role), sql.Identifier(member))
    if session.version < 16:
        session.execute(revoke)
        return
    grantors = session.rows(
        "select pg_get_userbyid(grantor) from pg_auth_members where pg_get_userbyid(roleid) = %s"
        " and pg_get_userbyid(member) = %s and (inherit_option or set_option)",
        role,
        member,
    )
    for (grantor,) in grantors:
        session.execute(revoke + sql.SQL(" granted by {}").format(sql.Identifier(grantor)))


def _join(session: Session, role: str) -> bool:
    from psycopg import sql

    me, superuser = session.user
    if superuser or role == me or not _is_joinable(session, role):
        return False
    # From 16 on who creates a role may hand it out, but neither becomes it nor inherits from it.
    options = sql.SQL(" with inherit true, set true" if session.version >= 16 else "")
    session.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(me)) + options)
    return True


def _is_joinable(session: Session, role: str) -> bool:
    mode = "SET" if session.version >= 16 else "MEMBER"
    found = session.row(
        "select pg_has_role(rolname, %s) and pg_has_role(rolname, 'USAGE') from pg_roles"
        " where rolname = %s and not rolsuper",
        mode,
        role,
    )
    return found is not None and not found[0]


def _leave(session: Session, roles: list[str]) -> None:
    from psycopg import sql

    me, _ = session.user
    for role in roles:
        if role_exists(session, role):
            session.execute(sql.SQL("revoke {} from {}").format(sql.Identifier(role), sql.Identifier(me)))
