"""`postgresql:index/extension:Extension`: an extension in a database."""

from __future__ import annotations

from gatepost.engine.postgresql.connection import Session
from gatepost.engine.postgresql.kind import Kind, Property
from gatepost.engine.postgresql.membership import member_of, owner_of_database
from gatepost.engine.postgresql.values import Plain


class Extension(Kind):
    """An extension; one that is there already is taken over."""

    token = "postgresql:index/extension:Extension"  # noqa: S105
    autonamed = True
    importable = True
    properties = {
        "name": Property(required=True, replaces=True),
        "createCascade": Property("boolean", default=False),
        "database": Property(computed=True, replaces=True),
        "dropCascade": Property("boolean", default=False),
        "schema": Property(computed=True),
        "version": Property(computed=True),
    }

    def identify(self, values: Plain, database: str) -> str:
        """Return `<database>.<name>`."""
        return f"{values.get('database') or database}.{values['name']}"

    def parse_id(self, identity: str) -> Plain:
        """Split `<database>.<name>`."""
        database, _, name = identity.partition(".")
        return {"database": database, "name": name}

    def create(self, session: Session, new: Plain) -> None:
        """Install the extension."""
        from psycopg import sql

        statement: sql.Composable = sql.SQL("create extension if not exists {}").format(
            sql.Identifier(new["name"])
        )
        for key in ("schema", "version"):
            if new[key]:
                statement += sql.SQL(" {} {}").format(sql.SQL(key), sql.Identifier(new[key]))
        if new["createCascade"]:
            statement += sql.SQL(" cascade")
        with member_of(session, [owner_of_database(session)]):
            session.execute(statement)

    def update(self, session: Session, old: Plain, new: Plain) -> None:
        """Move the extension to its schema and bring it to its version."""
        from psycopg import sql

        target = sql.SQL("alter extension {}").format(sql.Identifier(new["name"]))
        with member_of(session, [owner_of_database(session)]):
            if new["schema"] not in (None, old.get("schema")):
                session.execute(target + sql.SQL(" set schema {}").format(sql.Identifier(new["schema"])))
            if new["version"] not in (None, old.get("version")):
                session.execute(target + sql.SQL(" update to {}").format(sql.Identifier(new["version"])))

    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return the extension's schema and version."""
        found = session.row(
            "select nspname, extversion, current_database() from pg_extension"
            " join pg_namespace n on n.oid = extnamespace where extname = %s",
            known["name"],
        )
        return {"schema": found[0], "version": found[1], "database": found[2]} if found else None

    def delete(self, session: Session, old: Plain) -> None:
        """Drop the extension; what depends on it goes only with `dropCascade`."""
        from psycopg import sql

        mode = sql.SQL("cascade" if old.get("dropCascade") else "restrict")
        with member_of(session, [owner_of_database(session)]):
            session.execute(
                sql.SQL("drop extension if exists {} {}").format(sql.Identifier(old["name"]), mode)
            )
