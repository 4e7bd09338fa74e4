"""`postgresql:index/schema:Schema`: a schema in a database."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.engine.postgresql.connection import Session
from gatepost.engine.postgresql.kind import Kind, Property
from gatepost.engine.postgresql.membership import member_of, owner_of_database, owner_of_schema
from gatepost.engine.postgresql.values import Plain
from gatepost.errors import ObjectExists


class Schema(Kind):
    """A schema; one that is there already is taken over unless `ifNotExists` is false."""

    token = "postgresql:index/schema:Schema"  # noqa: S105
    autonamed = True
    importable = True
    renamed = {"policies": "policy"}
    properties = {
        "name": Property(required=True),
        "database": Property(computed=True, replaces=True),
        "dropCascade": Property("boolean", default=False),
        "ifNotExists": Property("boolean", default=True),
        "owner": Property(computed=True),
        "policies": Property("objects", computed=True),
    }

    def problems(self, values: Plain) -> Iterator[tuple[str, str]]:
        """Refuse the deprecated policies."""
        if "policies" in values:
            yield (
                "policies",
                'is deprecated and not supported: declare a Grant with object_type="schema" instead',
            )

    def identify(self, values: Plain, database: str) -> str:
        """Return `<database>.<name>`."""
        return f"{values.get('database') or database}.{values['name']}"

    def parse_id(self, identity: str) -> Plain:
        """Split `<database>.<name>`."""
        database, _, name = identity.partition(".")
        return {"database": database, "name": name}

    def create(self, session: Session, new: Plain) -> None:
        """Create the schema, or take over the one that is there and set its owner."""
        from psycopg import sql

        name, before = sql.Identifier(new["name"]), owner_of_schema(session, new["name"])
        if before is not None and not new["ifNotExists"]:
            raise ObjectExists(f'schema "{new["name"]}" already exists: set if_not_exists, or drop it')
        with member_of(session, [owner_of_database(session), before, new["owner"]]):
            if before is None:
                owner = (
                    sql.SQL(" authorization {}").format(sql.Identifier(new["owner"]))
                    if new["owner"]
                    else None
                )
                session.execute(sql.SQL("create schema {}").format(name) + (owner or sql.SQL("")))
            else:
                self._change_owner(session, new)

    def update(self, session: Session, old: Plain, new: Plain) -> None:
        """Rename first, then hand over."""
        from psycopg import sql

        owners = [owner_of_database(session), owner_of_schema(session, old["name"]), new["owner"]]
        with member_of(session, owners):
            if old["name"] != new["name"]:
                names = sql.Identifier(old["name"]), sql.Identifier(new["name"])
                session.execute(sql.SQL("alter schema {} rename to {}").format(*names))
            self._change_owner(session, new)

    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return the schema's owner."""
        found = session.row(
            "select pg_get_userbyid(nspowner), current_database() from pg_namespace where nspname = %s",
            known["name"],
        )
        if found is None:
            return None
        return {"owner": found[0], "database": found[1], "policies": known.get("policies") or []}

    def delete(self, session: Session, old: Plain) -> None:
        """Drop the schema; what it still holds goes only with `dropCascade`."""
        from psycopg import sql

        owner = owner_of_schema(session, old["name"])
        if owner is None:
            return
        mode = sql.SQL("cascade" if old.get("dropCascade") else "restrict")
        with member_of(session, [owner]):
            session.execute(sql.SQL("drop schema {} {}").format(sql.Identifier(old["name"]), mode))

    def _change_owner(self, session: Session, new: Plain) -> None:
        from psycopg import sql

        found = session.row(
            "select pg_get_userbyid(nspowner) from pg_namespace where nspname = %s", new["name"]
        )
        if new["owner"] and found and found[0] != new["owner"]:
            names = sql.Identifier(new["name"]), sql.Identifier(new["owner"])
            session.execute(sql.SQL("alter schema {} owner to {}").format(*names))
