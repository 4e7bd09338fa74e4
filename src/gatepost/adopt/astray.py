"""Functions whose bodies PostgreSQL would not take today: only their callers' paths find what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import psycopg
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier, Literal

from gatepost.adopt.database import query
from gatepost.postgres.catalog import Key

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection


def find(connection: Connection) -> set[Key]:
    """Return the functions that would be refused if they were made as a deployment makes them.

    Their languages' own validators say so: each is asked by itself, and nothing is changed.
    """
    rows = connection.execute(query("validators")).fetchall()
    with connection.transaction(force_rollback=True):
        connection.execute("set local check_function_bodies = on")
        found = cast("list[tuple[str, str, str, str, str, int, str]]", rows)
        return {Key("functions", *one[:3]) for one in found if not _is_valid(connection, *one[3:])}


def _is_valid(connection: Connection, schema: str, validator: str, function: int, path: str) -> bool:
    asking = SQL("select {}({})").format(Identifier(schema, validator), Literal(function))
    try:
        with connection.transaction():
            connection.execute("select set_config('search_path', %s, true)", [path])
            connection.execute(asking)
    except InsufficientPrivilege:
        return True  # whoever may not ask is not told
    except psycopg.OperationalError:
        raise
    except psycopg.Error:
        return False
    return True
