"""Reference data: run again, it finds every row there, as its statement leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_THERE = "every row is there"


def check_reference_data(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check that the statement, run once more and taken back, would add and change nothing.

    Times are not compared. A statement that cannot be run twice passes, and the note says so.
    """
    import psycopg

    name, note = str(declared.inputs.get("file") or declared.name), ""
    try:
        with _taken_back(source.owner, catalog.connection):
            found = _missing(str(declared.inputs["sql"]), catalog.connection)
    except (psycopg.IntegrityError, psycopg.errors.LockNotAvailable) as error:
        found, note = _THERE, f"not run again: {error.diag.message_primary}"
    except psycopg.Error as error:
        found = str(error.diag.message_primary or error)
    yield Check(declared.feature, "reference data", name, facts(rows=_THERE), facts(rows=found), note)


@contextmanager
def _taken_back(owner: str, connection: Connection) -> Iterator[None]:
    from psycopg import Rollback, sql

    with connection.transaction():
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(owner)))
        connection.execute("set local lock_timeout = '1s'")
        yield
        raise Rollback


def _missing(statement: str, connection: Connection) -> str:
    """Run the statement twice, for what it touches and for what it makes otherwise; say what it did."""
    from psycopg import Rollback

    before = _touched(connection)
    with connection.transaction():
        connection.execute(statement.encode())
        after = _touched(connection)
        raise Rollback
    nothing = (0, 0)
    added = {table: count[0] - before.get(table, nothing)[0] for table, count in after.items()}
    written = [table for table, count in after.items() if count[1] > before.get(table, nothing)[1]]
    then = {table: _contents(table, connection) for table in written}
    connection.execute(statement.encode())
    changed = {table: len(rows - _contents(table, connection)) for table, rows in then.items()}
    said = [f"{count} missing in {table}" for table, count in sorted(added.items()) if count]
    return (
        ", ".join(said + [f"{count} changed in {table}" for table, count in sorted(changed.items()) if count])
        or _THERE
    )


def _touched(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return how many rows of each table this transaction has inserted and updated."""
    rows = connection.execute(
        "select relid::regclass::text, n_tup_ins, n_tup_upd from pg_stat_xact_user_tables"
    ).fetchall()
    return {str(row[0]): (int(str(row[1])), int(str(row[2]))) for row in rows}


def _contents(table: str, connection: Connection) -> set[str]:
    """Return a fingerprint of each row, but for its times."""
    from psycopg import sql

    times = connection.execute(
        "select array(select attname::text from pg_attribute where attrelid = %s::regclass"
        " and atttypid in ('timestamptz'::regtype, 'timestamp'::regtype) and not attisdropped)",
        [table],
    ).fetchone()
    assert times is not None
    query = sql.SQL("select md5((to_jsonb(t) - %s::text[])::text) from {} as t").format(sql.SQL(table))
    return {str(row[0]) for row in connection.execute(query, [times[0]]).fetchall()}
