"""Rows made, read and deleted in a clone by whoever may, row security off while they do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatepost.isolation.case import Row
from gatepost.isolation.structure import ColumnFacts, TableFacts

if TYPE_CHECKING:
    from psycopg import sql

    from gatepost.postgres.connect import Connection

Values = dict[str, str | None]
_INSERT = (
    "savepoint row; set local role {owner};"
    " insert into {table} ({columns}) values ({values}) returning {texts};"
    " set constraints all immediate; set constraints all deferred;"
    " set local role none; {then}release savepoint row"
)
_DELETE = (
    "savepoint row; set local role {role}; delete from {table} where {where};"
    " rollback to savepoint row; release savepoint row"
)
_DEFAULT = (
    "savepoint row; set local role {owner}; select ({value})::{type}::text;"
    " rollback to savepoint row; release savepoint row"
)
_UPDATED = "select pg_stat_get_xact_tuples_updated({table}::regclass)"


@dataclass(frozen=True)
class Kept:
    """The places of the rows that a trigger keeps when somebody deletes them."""

    places: frozenset[int]
    marked: frozenset[int]
    """Those of them that it updates instead."""


@dataclass(frozen=True)
class Rows:
    """The rows of an open transaction; each statement is one round trip."""

    connection: Connection

    @contextmanager
    def unguarded(self, tables: Iterable[TableFacts]) -> Iterator[None]:
        """Let owners see and make every row, then guard the tables again as they were."""
        from psycopg import sql

        guarded = [facts for facts in tables if facts.forced]
        for facts in guarded:
            self.alter(facts, sql.SQL("no force row level security"))
        yield
        self.connection.execute("set constraints all immediate")
        for facts in guarded:
            self.alter(facts, sql.SQL("force row level security"))

    def alter(self, facts: TableFacts, how: sql.SQL) -> None:
        """Alter a table as its owner."""
        from psycopg import sql

        self.become(facts.owner)
        self.connection.execute(sql.SQL("alter table {} ").format(identifier(facts.name)) + how)
        self.become(None)

    def become(self, role: str | None) -> None:
        """Take on a role, or none, until the transaction ends."""
        from psycopg import sql

        name = sql.SQL("none") if role is None else sql.Identifier(role)
        self.connection.execute(sql.SQL("set local role ") + name)

    def insert(self, facts: TableFacts, values: Values, *, keep: bool = True) -> Row:
        """Insert a row and return it as it is then; take it back unless it is to be kept."""
        from psycopg import sql

        statement = sql.SQL(_INSERT).format(
            owner=sql.Identifier(facts.owner),
            table=identifier(facts.name),
            columns=sql.SQL(", ").join(map(sql.Identifier, values)),
            values=sql.SQL(", ").join(map(sql.Literal, values.values())),
            texts=texts_of(facts),
            then=sql.SQL("" if keep else "rollback to savepoint row; "),
        )
        try:
            cursor = self.connection.execute(statement)
        except BaseException:
            self.connection.execute("rollback to savepoint row; release savepoint row")
            raise
        while cursor.description is None:
            cursor.nextset()
        values_then: Any = cursor.fetchall()[0]
        return dict(zip(facts.columns, values_then, strict=True))

    def read(self, facts: TableFacts) -> list[tuple[str, Row]]:
        """Return the rows of a table, each with the table in which it lies: a partition, if it has any."""
        from psycopg import sql

        lies = (
            "select n.nspname || '.' || c.relname from pg_catalog.pg_class as c join pg_catalog.pg_namespace"
        )
        where = sql.SQL(lies + " as n on n.oid = c.relnamespace where c.oid = t.tableoid")
        read = sql.SQL("select ({}), {} from {} as t").format(where, texts_of(facts), identifier(facts.name))
        self.become(facts.owner)
        found: list[Any] = self.connection.execute(read).fetchall()
        self.become(None)
        return [(str(one[0]), dict(zip(facts.columns, one[1:], strict=True))) for one in found]

    def undeletable(self, facts: TableFacts, role: str, rows: Iterable[Row]) -> Kept:
        """Return which rows a trigger keeps when a role deletes them that row security does not hold back."""
        from psycopg import Rollback, sql

        kept, marked = set(), set()
        with self.connection.transaction() as savepoint:
            self.alter(facts, sql.SQL("disable row level security"))
            for at, row in enumerate(rows):
                before = self._updated(facts)
                if self._delete(facts, role, row) == 0:
                    kept.add(at)
                    marked |= {at} if self._updated(facts) > before else set()
            raise Rollback(savepoint)
        return Kept(frozenset(kept), frozenset(marked))

    def _updated(self, facts: TableFacts) -> int:
        """Return how many updates the table has seen in this transaction, those taken back included."""
        from psycopg import sql

        table = sql.Literal(identifier(facts.name).as_string(None))
        found: Any = self.connection.execute(sql.SQL(_UPDATED).format(table=table)).fetchone()
        return int(found[0])

    def _delete(self, facts: TableFacts, role: str, row: Row) -> int | None:
        """Delete a row and take it back; return how many went, None where that is refused."""
        import psycopg
        from psycopg import sql

        where = sql.SQL(" and ").join(
            sql.SQL("{}::text is not distinct from {}").format(sql.Identifier(name), sql.Literal(row[name]))
            for name in facts.key
        )
        names = {"role": sql.Identifier(role), "table": identifier(facts.name), "where": where}
        try:
            cursor = self.connection.execute(sql.SQL(_DELETE).format(**names))
        except psycopg.Error:
            self.connection.execute("rollback to savepoint row; release savepoint row")
            return None
        cursor.nextset()
        cursor.nextset()
        return cursor.rowcount

    def defaults(self, facts: TableFacts, tokens: Sequence[str]) -> dict[str, tuple[str | None, ...]]:
        """Return what each column's default comes to for tokens with these claims, as far as it does."""
        found: dict[str, list[str | None]] = {}
        for claims in tokens:
            self.connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
            for name, column in facts.columns.items():
                if column.default_value is not None and column.is_given:
                    found.setdefault(name, []).extend(self._evaluated(facts, column))
        self.connection.execute("select set_config('request.jwt.claims', '', true)")
        return {name: tuple(values) for name, values in found.items() if len(values) == len(tokens)}

    def _evaluated(self, facts: TableFacts, column: ColumnFacts) -> Iterator[str | None]:
        """Yield what a default comes to; nothing where it fails."""
        import psycopg
        from psycopg import sql

        assert column.default_value is not None
        statement = sql.SQL(_DEFAULT).format(
            owner=sql.Identifier(facts.owner),
            value=sql.SQL(column.default_value),
            type=sql.SQL(column.type),
        )
        try:
            cursor = self.connection.execute(statement)
        except psycopg.Error:
            self.connection.execute("rollback to savepoint row; release savepoint row")
            return
        cursor.nextset()
        cursor.nextset()
        row: Any = cursor.fetchone()
        yield row[0]


def identifier(table: str) -> sql.Identifier:
    """Return a table's name as SQL writes it."""
    from psycopg import sql

    schema, _, name = table.partition(".")
    return sql.Identifier(schema, name)


def texts_of(facts: TableFacts) -> sql.Composable:
    """Return every column as PostgreSQL writes its values."""
    from psycopg import sql

    return sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in facts.columns)


def blamed(facts: TableFacts, error: Any) -> list[str]:
    """Return the columns that an error speaks of; all where it names none."""
    diagnosis = error.diag
    if diagnosis.column_name:
        return [diagnosis.column_name]
    for key in facts.keys:
        if key.name == diagnosis.constraint_name:
            named = [name for name in facts.columns if name in key.definition]
            return list(key.columns) or named or list(facts.columns)
    if "partition" in (diagnosis.message_primary or ""):
        return list(facts.partition_columns)
    return list(facts.columns)
