"""`postgresql:index/defaultPrivileges:DefaultPrivileges`: for objects that an owner will create."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.engine.postgresql.connection import Session
from gatepost.engine.postgresql.kind import Kind, Property
from gatepost.engine.postgresql.membership import member_of, role_exists
from gatepost.engine.postgresql.privileges import as_declared, keywords, unknown_privileges
from gatepost.engine.postgresql.values import Plain

if TYPE_CHECKING:
    from psycopg import sql

_CATALOG = {"table": "r", "sequence": "S", "function": "f", "routine": "f", "type": "T", "schema": "n"}


class DefaultPrivileges(Kind):
    """Default privileges of a role, by owner, object type and schema; only the list changes in place."""

    token = "postgresql:index/defaultPrivileges:DefaultPrivileges"  # noqa: S105
    properties = {
        "database": Property(required=True, replaces=True),
        "objectType": Property(required=True, replaces=True, choices=tuple(_CATALOG)),
        "owner": Property(required=True, replaces=True),
        "privileges": Property("set", required=True),
        "role": Property(required=True, replaces=True),
        "schema": Property(replaces=True),
        "withGrantOption": Property("boolean", default=False, replaces=True),
    }

    def problems(self, values: Plain) -> Iterator[tuple[str, str]]:
        """Refuse what ALTER DEFAULT PRIVILEGES has no words for."""
        kind = values.get("objectType")
        if kind == "schema" and values.get("schema"):
            yield "schema", 'cannot be given with objectType "schema": leave it out'
        if values.get("withGrantOption") and values.get("role") == "public":
            yield "withGrantOption", 'cannot be given to "public": leave it out or name a role'
        if kind:
            for reason in unknown_privileges(kind, values.get("privileges", [])):
                yield "privileges", reason

    def identify(self, values: Plain, database: str) -> str:  # noqa: ARG002
        """Return `<role>_<database>_<schema>_<owner>_<objectType>`."""
        schema = values.get("schema") or "noschema"
        return "_".join([values["role"], values["database"], schema, values["owner"], values["objectType"]])

    def create(self, session: Session, new: Plain) -> None:
        """Set the default privileges to exactly those declared."""
        from psycopg import sql

        with member_of(session, [new["owner"]]):
            session.execute(self._revoke(new))
            if new["privileges"]:
                grant = sql.SQL("grant {} on {} to {}").format(
                    keywords(new["objectType"], new["privileges"]), _objects(new), sql.Identifier(new["role"])
                )
                option = sql.SQL(" with grant option" if new["withGrantOption"] else "")
                session.execute(_for_owner(new) + grant + option)

    def update(self, session: Session, old: Plain, new: Plain) -> None:  # noqa: ARG002
        """Set them anew, in one transaction."""
        self.create(session, new)

    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return the default privileges; none at all is gone, unless none were declared."""
        if _is_gone(session, known):
            return None
        found = session.rows(
            "select distinct a.privilege_type from pg_default_acl d cross join aclexplode(d.defaclacl) a"
            " where d.defaclobjtype = %s and pg_get_userbyid(d.defaclrole) = %s"
            " and d.defaclnamespace = coalesce((select oid from pg_namespace where nspname = %s), 0)"
            " and a.grantee = coalesce((select oid from pg_roles where rolname = nullif(%s, 'public')), 0)",
            _CATALOG[known["objectType"]],
            known["owner"],
            known.get("schema"),
            known["role"],
        )
        if known.get("privileges") and not found:
            return None
        granted = [row[0] for row in found]
        return {
            "privileges": as_declared(known["objectType"], granted, known.get("privileges"), session.version)
        }

    def delete(self, session: Session, old: Plain) -> None:
        """Revoke the default privileges."""
        if not _is_gone(session, old):
            with member_of(session, [old["owner"]]):
                session.execute(self._revoke(old))

    def _revoke(self, values: Plain) -> sql.Composable:
        from psycopg import sql

        return _for_owner(values) + sql.SQL("revoke all on {} from {}").format(
            _objects(values), sql.Identifier(values["role"])
        )


def _for_owner(values: Plain) -> sql.Composable:
    from psycopg import sql

    start = sql.SQL("alter default privileges for role {} ").format(sql.Identifier(values["owner"]))
    if not values.get("schema"):
        return start
    return start + sql.SQL("in schema {} ").format(sql.Identifier(values["schema"]))


def _objects(values: Plain) -> sql.Composable:
    from psycopg import sql

    kinds = tuple(_CATALOG)
    return sql.SQL(kinds[kinds.index(values["objectType"])] + "s")


def _is_gone(session: Session, values: Plain) -> bool:
    schema = values.get("schema")
    if schema and session.row("select from pg_namespace where nspname = %s", schema) is None:
        return True
    return not all(role_exists(session, values[key]) for key in ("role", "owner"))
