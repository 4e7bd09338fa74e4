"""`postgresql:index/database:Database`: a database, made and dropped outside a transaction."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from gatepost.engine.postgresql.connection import Session
from gatepost.engine.postgresql.kind import Kind, Property
from gatepost.engine.postgresql.membership import member_of, owner_of_database
from gatepost.engine.postgresql.preflight import require_free, require_right
from gatepost.engine.postgresql.values import Plain

if TYPE_CHECKING:
    from psycopg import sql

_NEW = {"owner": "owner", "template": "template", "tablespaceName": "tablespace"}
_NEW_TEXT = {"encoding": "encoding", "lcCollate": "lc_collate", "lcCtype": "lc_ctype"}


class Database(Kind):
    """A database; its owner need not be the deployer."""

    token = "postgresql:index/database:Database"  # noqa: S105
    autonamed = True
    importable = True
    transactional = False
    properties = {
        "name": Property(required=True),
        "allowConnections": Property("boolean", default=True),
        "alterObjectOwnership": Property("boolean", default=False),
        "connectionLimit": Property("integer", default=-1, minimum=-1),
        "encoding": Property(computed=True, replaces=True),
        "isTemplate": Property("boolean", computed=True),
        "lcCollate": Property(computed=True, replaces=True),
        "lcCtype": Property(computed=True, replaces=True),
        "owner": Property(computed=True),
        "tablespaceName": Property(computed=True),
        "template": Property(computed=True, replaces=True),
    }

    def identify(self, values: Plain, database: str) -> str:  # noqa: ARG002
        """Return the database's name."""
        return str(values["name"])

    def preflight(self, session: Session, new: Plain) -> None:
        """Check that the deployer may create databases and that the name is free."""
        require_right(session, "createdb", "databases")
        found = session.row("select 1 from pg_database where datname = %s", new["name"])
        require_free("database", new["name"], taken=found is not None)

    def create(self, session: Session, new: Plain) -> None:
        """Create the database from template0 in UTF8, unless declared otherwise.

        Only then is it handed to its owner, because who is killed in between must not stay its member.
        """
        from psycopg import sql

        chosen = {**new, "template": new["template"] or "template0", "encoding": new["encoding"] or "UTF8"}
        chosen["owner"] = None
        parts: list[sql.Composable] = [sql.SQL("create database {}").format(sql.Identifier(new["name"]))]
        parts += [_option(word, chosen[key], text=False) for key, word in _NEW.items() if chosen[key]]
        parts += [_option(word, chosen[key], text=True) for key, word in _NEW_TEXT.items() if chosen[key]]
        parts += _flags({}, new)
        session.execute(sql.SQL(" ").join(parts))
        self._hand_over(session, new["name"], new["owner"])

    def _hand_over(self, session: Session, name: str, owner: str | None) -> None:
        """Give the database to another role, at once or not at all."""
        from psycopg import sql

        before = owner_of_database(session, name)
        if owner in (None, before):
            return
        with session.connection.transaction(), member_of(session, [before, owner]):
            names = sql.Identifier(name), sql.Identifier(owner)
            session.execute(sql.SQL("alter database {} owner to {}").format(*names))

    def update(self, session: Session, old: Plain, new: Plain) -> None:
        """Rename first, then hand over and alter what differs, at once; move it last."""
        from psycopg import sql

        owners = [owner_of_database(session, old["name"]), new["owner"]]
        # What it holds is handed over in a session of its own, which must see the memberships.
        at_once = nullcontext() if new["alterObjectOwnership"] else session.connection.transaction()
        with at_once, member_of(session, owners):
            name = sql.Identifier(new["name"])
            if old["name"] != new["name"]:
                rename = sql.SQL("alter database {} rename to {}")
                session.execute(rename.format(sql.Identifier(old["name"]), name))
            target = sql.SQL("alter database {}").format(name)
            self._change_owner(session, target, new)
            if flags := _flags(old, new):
                session.execute(sql.SQL(" ").join([target, *flags]))
        if new["tablespaceName"] not in (None, old.get("tablespaceName")):
            tablespace = sql.Identifier(new["tablespaceName"])
            with member_of(session, [new["owner"]]):
                session.execute(target + sql.SQL(" set tablespace {}").format(tablespace))

    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return the database's attributes; the server does not record the template."""
        encoding, name = known.get("encoding"), known["name"]
        found = session.row(
            "select pg_get_userbyid(d.datdba), d.datcollate, d.datctype, t.spcname, d.datconnlimit,"
            " d.datallowconn, d.datistemplate, pg_encoding_to_char(d.encoding),"
            " d.encoding = pg_char_to_encoding(%s::name)"
            " from pg_database d join pg_tablespace t on t.oid = d.dattablespace where d.datname = %s",
            encoding,
            name,
        )
        if found is None:
            return None
        columns = (
            "owner",
            "lcCollate",
            "lcCtype",
            "tablespaceName",
            "connectionLimit",
            "allowConnections",
            "isTemplate",
        )
        values: Plain = dict(zip(columns, found, strict=False))
        values["encoding"] = encoding if found[8] else found[7]
        for key in ("encoding", "lcCollate", "lcCtype", "tablespaceName"):
            if str(known.get(key)).upper() == "DEFAULT":
                values[key] = known[key]
        return values | {"template": known.get("template") or "template0"}

    def delete(self, session: Session, old: Plain) -> None:
        """Drop the database and end the sessions in it, as its owner from here on."""
        from psycopg import sql

        name = sql.Identifier(old["name"])
        if owner_of_database(session, old["name"]) is None:
            return
        if not session.user[1]:
            self._hand_over(session, old["name"], session.user[0])
        if old.get("isTemplate"):
            session.execute(sql.SQL("alter database {} is_template false").format(name))
        session.execute(sql.SQL("drop database {} with (force)").format(name))

    def _change_owner(self, session: Session, target: sql.Composable, new: Plain) -> None:
        from psycopg import sql

        before = owner_of_database(session, new["name"])
        if new["owner"] in (None, before):
            return
        owner = sql.Identifier(new["owner"])
        if new["alterObjectOwnership"] and before:
            with session.server.session(new["name"]) as inside:
                reassign = sql.SQL("reassign owned by {} to {}").format(sql.Identifier(before), owner)
                inside.execute(reassign)
        session.execute(target + sql.SQL(" owner to {}").format(owner))


def _option(word: str, value: str, *, text: bool) -> sql.Composable:
    from psycopg import sql

    if value.upper() == "DEFAULT":
        return sql.SQL(word + " default")
    return sql.SQL(word + " {}").format(sql.Literal(value) if text else sql.Identifier(value))


def _flags(old: Plain, new: Plain) -> list[sql.Composable]:
    from psycopg import sql

    words = {
        "connectionLimit": "connection limit",
        "allowConnections": "allow_connections",
        "isTemplate": "is_template",
    }
    now = {"connectionLimit": -1, "allowConnections": True, "isTemplate": False} | old
    return [
        sql.SQL(word + " {}").format(sql.Literal(new[key]))
        for key, word in words.items()
        if new[key] not in (None, now[key])
    ]
