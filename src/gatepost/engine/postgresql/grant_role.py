"""`postgresql:index/grantRole:GrantRole`: the membership of one role in another."""

from __future__ import annotations

from gatepost.engine.postgresql.connection import Session
from gatepost.engine.postgresql.kind import Kind, Property
from gatepost.engine.postgresql.membership import revoke_membership, role_exists
from gatepost.engine.postgresql.values import Plain


class GrantRole(Kind):
    """A membership; every change replaces it."""

    token = "postgresql:index/grantRole:GrantRole"  # noqa: S105
    properties = {
        "grantRole": Property(required=True, replaces=True),
        "role": Property(required=True, replaces=True),
        "withAdminOption": Property("boolean", default=False, replaces=True),
    }

    def identify(self, values: Plain, database: str) -> str:  # noqa: ARG002
        """Return `<role>_<grantRole>_<withAdminOption>`."""
        admin = "true" if values["withAdminOption"] else "false"
        return "_".join([values["role"], values["grantRole"], admin])

    def deletes_first(self, old: Plain, new: Plain) -> bool:
        """Delete first where only the admin option changes: revoking later would take the new grant along."""
        return all(old.get(key) == new[key] for key in ("role", "grantRole"))

    def create(self, session: Session, new: Plain) -> None:
        """Grant the membership; an admin option that is too much is taken away."""
        from psycopg import sql

        roles = sql.Identifier(new["grantRole"]), sql.Identifier(new["role"])
        option = sql.SQL(" with admin option" if new["withAdminOption"] else "")
        had = self.read(session, new)
        session.execute(sql.SQL("grant {} to {}").format(*roles) + option)
        if had and had["withAdminOption"] and not new["withAdminOption"]:
            session.execute(sql.SQL("revoke admin option for {} from {}").format(*roles))

    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return the membership as granted; of several grants, one with the admin option that is known.

        From 16 on, who creates a role has a row that only lets it administer the role. Alone it is no
        membership; beside one, the Go plugin takes its admin option for the membership's.
        """
        from psycopg import sql

        usable = sql.SQL("inherit_option or set_option" if session.version >= 16 else "true")
        found = session.row(
            sql.SQL(
                "select bool_or(admin_option) filter (where {usable}),"
                " bool_or(admin_option = %s) from pg_auth_members"
                " where pg_get_userbyid(member) = %s and pg_get_userbyid(roleid) = %s"
            ).format(usable=usable),
            bool(known["withAdminOption"]),
            known["role"],
            known["grantRole"],
        )
        if not found or found[0] is None:
            return None
        return {"withAdminOption": known["withAdminOption"] if found[1] else found[0]}

    def delete(self, session: Session, old: Plain) -> None:
        """Revoke the membership."""
        if role_exists(session, old["role"]) and role_exists(session, old["grantRole"]):
            revoke_membership(session, old["grantRole"], old["role"])
