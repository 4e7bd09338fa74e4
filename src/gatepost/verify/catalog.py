"""One database's catalog as the proof reads it: a query a kind, whatever the number of objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

Row = dict[str, Any]
Type = tuple[int, int]
"""A type's OID and modifier."""


@cache
def query(name: str) -> LiteralString:
    """Return the text of a named query of this package."""
    return files("gatepost.verify").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@dataclass
class Catalog:
    """What one database has; each kind is read once."""

    connection: Connection
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _types: dict[str, Type | None] = field(default_factory=dict)

    @property
    def database(self) -> str:
        """The database's name."""
        return self.connection.info.dbname

    def rows(self, kind: str) -> list[Row]:
        """Return everything of a kind, such as `tables`."""
        if kind not in self._rows:
            from psycopg.rows import dict_row

            with self.connection.cursor(row_factory=dict_row) as cursor:
                self._rows[kind] = cursor.execute(query(kind)).fetchall()
        return self._rows[kind]

    def find(self, kind: str, **where: object) -> Row | None:
        """Return the one row of a kind that has these values."""
        return next(iter(self.all(kind, **where)), None)

    def all(self, kind: str, **where: object) -> list[Row]:
        """Return the rows of a kind that have these values."""
        return [row for row in self.rows(kind) if all(row[key] == value for key, value in where.items())]

    def learn_types(self, names: Iterable[str]) -> None:
        """Ask the server what these type names mean, all at once."""
        new = sorted(set(names) - self._types.keys())
        rows = self.connection.execute(
            "select u.name, to_regtype(u.name)::oid::bigint from unnest(%s::text[]) as u (name)", [new]
        ).fetchall()
        oids = {str(row[0]): row[1] for row in rows}
        modified = [name for name, oid in oids.items() if oid is not None and "(" in name]
        modifiers = dict(zip(modified, self._modifiers(modified), strict=True))
        for name, oid in oids.items():
            self._types[name] = None if oid is None else (int(str(oid)), modifiers.get(name, -1))

    def type(self, name: str) -> Type | None:
        """Return what a type's name means; None where the server knows no such type."""
        if name not in self._types:
            self.learn_types([name])
        return self._types[name]

    def _modifiers(self, names: list[str]) -> list[int]:
        """Return the modifiers of types such as `numeric(10, 2)`, which only an expression's result shows."""
        if not names:
            return []
        from psycopg import sql

        nulls = sql.SQL(", ").join(sql.SQL("null::") + sql.SQL(name) for name in names)
        cursor = self.connection.execute(sql.SQL("select ") + nulls)
        assert cursor.pgresult is not None
        return [cursor.pgresult.fmod(at) for at in range(len(names))]
