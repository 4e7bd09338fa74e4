"""The structure of a database, without its rows: read from one server, made again on another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from gatepost.errors import StatementFailed
from gatepost.postgres.connect import Target, connect
from gatepost.postgres.programs import dumped, path_of, run

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_ROLES = """
    select
        r.rolname, r.rolinherit, r.rolsuper, r.rolbypassrls,
        array(
            select distinct g.rolname from pg_auth_members as m join pg_roles as g on g.oid = m.roleid
            where m.member = r.oid order by 1
        )
    from pg_roles as r
    where r.rolname !~ '^pg_'
    order by 1
"""
_SET_NOISE = re.compile(r"^SET transaction_timeout = .*;\n", re.MULTILINE)


@dataclass(frozen=True)
class Role:
    """A role as far as rights go: neither its password nor its limits."""

    name: str
    inherits: bool
    is_superuser: bool
    bypasses_row_security: bool
    member_of: tuple[str, ...]

    @property
    def creation(self) -> sql.Composed:
        """The statement that makes it."""
        return sql.SQL("create role {} {} {} {}").format(
            sql.Identifier(self.name),
            sql.SQL("inherit" if self.inherits else "noinherit"),
            sql.SQL("superuser" if self.is_superuser else "nosuperuser"),
            sql.SQL("bypassrls" if self.bypasses_row_security else "nobypassrls"),
        )


@dataclass(frozen=True)
class Structure:
    """What makes a database, in pg_dump's two halves: rows go in between."""

    roles: tuple[Role, ...]
    before_rows: str
    """Types, functions, tables, views and privileges."""
    after_rows: str
    """Indexes, constraints, triggers and policies."""

    def make_roles(self, target: Target) -> None:
        """Make the roles on another server, where they are missing, without log-in."""
        with connect(target) as connection:
            known = {str(row[0]) for row in connection.execute("select rolname from pg_roles")}
            for role in self.roles:
                if role.name not in known:
                    connection.execute(role.creation)
            for role in self.roles:
                for group in role.member_of:
                    connection.execute(
                        sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(role.name))
                    )


def read_structure(target: Target, *, owner: str | None = None) -> Structure:
    """Return the structure of a database; its tables are locked for reading for a moment.

    :param owner: the role that owns the tables, taken on where the deployer itself may not read them.
    :raises UsageError: no pg_dump is there that knows the server's version, or it fails.
    """
    with connect(target) as connection:
        version = connection.info.server_version
        roles = tuple(
            Role(str(name), bool(inherits), bool(superuser), bool(bypass), tuple(groups))  # type: ignore[arg-type]
            for name, inherits, superuser, bypass, groups in connection.execute(_ROLES).fetchall()
        )
        missing = _extensions_missing_here(connection)
    options = [
        *("--no-publications", "--no-subscriptions", "--no-tablespaces", "--exclude-schema=gatepost"),
        *(f"--exclude-extension={name}" for name in missing),
        *((f"--role={owner}",) if owner else ()),
    ]
    return Structure(
        roles,
        dumped(target, version, "--section=pre-data", *options),
        dumped(target, version, "--section=post-data", *options),
    )


def apply(text: str, target: Target) -> None:
    """Run the text of a structure on another server.

    :raises StatementFailed: a statement fails there, for example for want of an extension.
    """
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    run("psql", target, options, given=_SET_NOISE.sub("", text), failure=StatementFailed)


def _extensions_missing_here(connection: Connection) -> list[str]:
    """Return the target's extensions that the throw-away server's binaries do not bring."""
    installed = [str(row[0]) for row in connection.execute("select extname from pg_extension")]
    folder = path_of("postgres").parent.parent
    return [name for name in installed if not any(folder.rglob(f"extension/{name}.control"))]
