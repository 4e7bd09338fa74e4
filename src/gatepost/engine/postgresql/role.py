"""`postgresql:index/role:Role`: a role, its attributes, settings and memberships."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatepost.engine.postgresql.connection import Session, names
from gatepost.engine.postgresql.kind import Kind, Property
from gatepost.engine.postgresql.membership import member_of, revoke_membership, role_exists
from gatepost.engine.postgresql.preflight import require_free, require_right
from gatepost.engine.postgresql.values import Plain

if TYPE_CHECKING:
    from psycopg import sql

# In the order in which `read` selects them.
_FLAGS = {
    "superuser": "SUPERUSER",
    "createDatabase": "CREATEDB",
    "createRole": "CREATEROLE",
    "inherit": "INHERIT",
    "login": "LOGIN",
    "bypassRowLevelSecurity": "BYPASSRLS",
    "replication": "REPLICATION",
}
_NEW_ROLE = {"inherit": True, "connectionLimit": -1, "validUntil": "infinity"}
SETTINGS = {
    "searchPaths": "search_path",
    "statementTimeout": "statement_timeout",
    "idleInTransactionSessionTimeout": "idle_in_transaction_session_timeout",
    "assumeRole": "role",
}
"""The settings that are properties of a role."""


class Role(Kind):
    """A role. Without declared `roles` its memberships belong to GrantRole resources and are left alone."""

    token = "postgresql:index/role:Role"  # noqa: S105
    autonamed = True
    importable = True
    renamed = {"searchPaths": "search_path"}
    properties = {
        "name": Property(required=True),
        "assumeRole": Property(default=""),
        "bypassRowLevelSecurity": Property("boolean", default=False),
        "connectionLimit": Property("integer", default=-1, minimum=-1),
        "createDatabase": Property("boolean", default=False),
        "createRole": Property("boolean", default=False),
        "encrypted": Property(),
        "encryptedPassword": Property("boolean", default=True),
        "idleInTransactionSessionTimeout": Property("integer", default=0, minimum=0),
        "inherit": Property("boolean", default=True),
        "login": Property("boolean", default=False),
        "password": Property(secret=True),
        "passwordWo": Property(secret=True, write_only=True),
        "passwordWoVersion": Property(),
        "replication": Property("boolean", default=False),
        "roles": Property("set"),
        "searchPaths": Property("list"),
        "skipDropRole": Property("boolean", default=False),
        "skipReassignOwned": Property("boolean", default=False),
        "statementTimeout": Property("integer", default=0, minimum=0),
        "superuser": Property("boolean", default=False),
        "validUntil": Property(default="infinity"),
    }

    def problems(self, values: Plain) -> Iterator[tuple[str, str]]:
        """Refuse what PostgreSQL no longer does, and passwords declared twice."""
        if not values.get("encryptedPassword", True):
            yield "encryptedPassword", "PostgreSQL stores passwords only encrypted: leave it out"
        if "passwordWo" in values and "password" in values:
            yield "passwordWo", "cannot stand beside password: declare one of them"
        if ("passwordWo" in values) != ("passwordWoVersion" in values):
            yield "passwordWoVersion", "passwordWo and passwordWoVersion are declared together or not at all"
        if any(", " in path for path in values.get("searchPaths", [])):
            yield "searchPaths", "holds one schema an element: write a list instead of a comma"

    def identify(self, values: Plain, database: str) -> str:  # noqa: ARG002
        """Return the role's name."""
        return str(values["name"])

    def connects_to(self, values: Plain, database: str) -> str:  # noqa: ARG002
        """Return the provider's own database: roles belong to none."""
        return database

    def preflight(self, session: Session, new: Plain) -> None:
        """Check that the deployer may create roles and that the name is free."""
        require_right(session, "createrole", "roles")
        require_free("role", new["name"], taken=role_exists(session, new["name"]))

    def create(self, session: Session, new: Plain) -> None:
        """Create the role with its attributes, then its memberships and settings."""
        from psycopg import sql

        name = sql.Identifier(new["name"])
        self._alter(session, sql.SQL("create role {}").format(name), _NEW_ROLE, new, always=True)
        for role in new["roles"] or []:
            session.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), name))
        self._set(session, {}, new)

    def update(self, session: Session, old: Plain, new: Plain) -> None:
        """Rename first, then alter what differs."""
        from psycopg import sql

        name = sql.Identifier(new["name"])
        if old["name"] != new["name"]:
            session.execute(sql.SQL("alter role {} rename to {}").format(sql.Identifier(old["name"]), name))
        self._alter(session, sql.SQL("alter role {}").format(name), old, new)
        self._update_memberships(session, old, new)
        self._set(session, old, new)

    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return the role's attributes; the password only where a superuser may look at its hash."""
        found = session.row(
            "select rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolcanlogin, rolbypassrls,"
            " rolreplication, rolconnlimit, rolconfig, coalesce(rolvaliduntil::text, 'infinity'),"
            " coalesce(rolvaliduntil, 'infinity') = %s::timestamptz from pg_roles where rolname = %s",
            known.get("validUntil") or "infinity",
            known["name"],
        )
        if found is None:
            return None
        flags, (limit, config, until, as_declared) = found[: len(_FLAGS)], found[len(_FLAGS) :]
        values = dict(zip(_FLAGS, flags, strict=True)) | _read_settings(config or [])
        values |= {"connectionLimit": limit, "encryptedPassword": True}
        values["validUntil"] = (known.get("validUntil") or "infinity") if as_declared else until
        values["roles"] = None if known.get("roles") is None else _memberships(session, known["name"])
        return values | {"password": _read_password(session, known, can_login=bool(values["login"]))}

    def delete(self, session: Session, old: Plain) -> None:
        """Hand what the role owns in the provider's database to the deployer, then drop it."""
        from psycopg import sql

        name = sql.Identifier(old["name"])
        if not role_exists(session, old["name"]):
            return
        if not old.get("skipReassignOwned"):
            with member_of(session, [old["name"]]):
                session.execute(sql.SQL("reassign owned by {} to current_user").format(name))
                session.execute(sql.SQL("drop owned by {}").format(name))
        if not old.get("skipDropRole"):
            session.execute(sql.SQL("drop role {}").format(name))

    def _alter(
        self, session: Session, statement: sql.Composable, old: Plain, new: Plain, *, always: bool = False
    ) -> None:
        from psycopg import sql

        options = list(_options(old, new))
        password = _password_option(session, old, new)
        if not options and password is None and not always:
            return
        plain_part = sql.SQL(" ").join([statement, *options])
        if password is None:
            session.execute(plain_part)
        else:
            session.execute(plain_part + sql.SQL(" ") + password, plain_part + sql.SQL(" password '…'"))

    def _update_memberships(self, session: Session, old: Plain, new: Plain) -> None:
        from psycopg import sql

        if new["roles"] is None and not old.get("roles"):
            return
        name, wanted = sql.Identifier(new["name"]), set(new["roles"] or [])
        now = set(_memberships(session, new["name"]))
        for role in sorted(now - wanted):
            revoke_membership(session, role, new["name"])
        for role in sorted(wanted - now):
            session.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), name))

    def _set(self, session: Session, old: Plain, new: Plain) -> None:
        from psycopg import sql

        for key, setting in SETTINGS.items():
            if self.properties[key].same(old.get(key), new[key]):
                continue
            target = sql.SQL("alter role {} {} {}").format(
                sql.Identifier(new["name"]), sql.SQL("set" if new[key] else "reset"), sql.Identifier(setting)
            )
            with member_of(session, [new["assumeRole"]] if key == "assumeRole" else []):
                session.execute(target + _setting_value(new[key]))


def _options(old: Plain, new: Plain) -> Iterator[sql.Composable]:
    from psycopg import sql

    for key, keyword in _FLAGS.items():
        if bool(old.get(key)) != bool(new[key]):
            yield sql.SQL(keyword if new[key] else "NO" + keyword)
    if old.get("connectionLimit") != new["connectionLimit"]:
        yield sql.SQL("connection limit {}").format(sql.Literal(new["connectionLimit"]))
    if old.get("validUntil") != new["validUntil"]:
        yield sql.SQL("valid until {}").format(sql.Literal(new["validUntil"] or "infinity"))


def _password_option(session: Session, old: Plain, new: Plain) -> sql.Composable | None:
    from psycopg import sql

    renamed = old.get("name") not in (None, new["name"])
    if new["passwordWo"] and old.get("passwordWoVersion") == new["passwordWoVersion"]:
        return None
    password = new["passwordWo"] or new["password"]
    if not new["passwordWo"] and old.get("password") == password and not (renamed and password):
        return None
    if not password or password.upper() == "NULL":
        return sql.SQL("password null")
    return sql.SQL("password {}").format(sql.Literal(session.verifier(password, new["name"])))


def _setting_value(value: Any) -> sql.Composable:
    from psycopg import sql

    if not value:
        return sql.SQL("")
    if isinstance(value, list):
        return sql.SQL(" to ") + names(value)
    return sql.SQL(" to {}").format(sql.Literal(value))


def _read_settings(config: list[str]) -> Plain:
    settings = dict(line.split("=", 1) for line in config)
    return {
        "searchPaths": _split(settings["search_path"]) if "search_path" in settings else None,
        "statementTimeout": _milliseconds(settings.get("statement_timeout", "0")),
        "idleInTransactionSessionTimeout": _milliseconds(
            settings.get("idle_in_transaction_session_timeout", "0")
        ),
        "assumeRole": settings.get("role", ""),
    }


def _split(path: str) -> list[str]:
    names = re.findall(r'"((?:[^"]|"")*)"|([^,\s]+)', path)
    return [quoted.replace('""', '"') or bare for quoted, bare in names]


_UNITS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def _milliseconds(text: str) -> int:
    number, unit = re.fullmatch(r"\s*(\d+)\s*(\w*)\s*", text).groups()  # type: ignore[union-attr]
    return int(number) * _UNITS[unit]


def _memberships(session: Session, name: str) -> list[str]:
    rows = session.rows(
        "select distinct pg_get_userbyid(roleid) from pg_auth_members"
        " where member = (select oid from pg_roles where rolname = %s) order by 1",
        name,
    )
    return [row[0] for row in rows]


def _read_password(session: Session, known: Plain, *, can_login: bool) -> str | None:
    """Return the declared password while the server's hash may be its own; a SCRAM one is taken to be."""
    declared = known.get("password")
    if not declared or not can_login or not session.server.superuser or not session.user[1]:
        return declared
    found = session.row("select coalesce(rolpassword, '') from pg_authid where rolname = %s", known["name"])
    stored = str(found[0]) if found else ""
    if stored.startswith("SCRAM-SHA-256") and not declared.startswith(("md5", "SCRAM-SHA-256")):
        return str(declared)
    if stored.startswith("md5") and stored == _md5(declared, known["name"]):
        return str(declared)
    return stored


def _md5(password: str, name: str) -> str:
    import hashlib

    return "md5" + hashlib.md5((password + name).encode(), usedforsecurity=False).hexdigest()
