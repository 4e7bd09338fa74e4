"""Whom and what a feature's queries are tried with: the row of `schema/<feature>/subjects.sql`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from gatepost.queries import Parameter, Query, read

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

NOBODY = UUID(int=0)
_UNKNOWN = {
    "uuid": NOBODY,
    "xid8": "0",
    "pg_snapshot": "1:1:",
    "jsonb": "{}",
    **dict.fromkeys(("smallint", "int", "integer", "bigint", "numeric", "double precision"), 0),
    **dict.fromkeys(("timestamptz", "timestamp", "date"), "epoch"),
}
"""What stands for a subject of a type where the tables have no row; text says `nobody`."""

Subjects = Mapping[str, object]


def subjects_of(feature: Path, queries: Iterable[Query], connection: Connection) -> Subjects:
    """Return what the queries of a feature's folder, `schema/<feature>`, are tried with.

    Where no row is found, or its query cannot run, each subject is nobody's; a subject that the row's query
    does not know at all is left out, and `Query.arguments` says so.
    """
    import psycopg
    from psycopg.rows import dict_row

    nobody = _nobody(queries)
    file = feature / "subjects.sql"
    if not file.exists():
        return nobody
    query = read(file)
    try:
        with (
            acting_as(query.role, {}, connection),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            row = cursor.execute(query.sql.encode()).fetchone()
            known = [column.name for column in cursor.description or ()]
    except psycopg.Error:
        # every query then says itself why its role or its tables cannot be used
        return nobody
    found = {name: value for name, value in (row or {}).items() if value is not None}
    return {**{name: value for name, value in nobody.items() if name in known}, **found}


@contextmanager
def acting_as(role: str, subjects: Subjects, connection: Connection) -> Iterator[None]:
    """Run the block as a role with the subjects' member as its user, in a transaction that is rolled back."""
    from psycopg import Rollback, sql

    claims = {"role": role}
    if "member" in subjects:
        claims["sub"] = str(subjects["member"])
    if "organization" in subjects:
        claims["organization_id"] = str(subjects["organization"])
    with connection.transaction():
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        yield
        raise Rollback


def _nobody(queries: Iterable[Query]) -> dict[str, object]:
    asked = {name: one for query in queries for one in query.parameters for name in one.subjects}
    return {"member": NOBODY, **{name: _unknown(parameter) for name, parameter in asked.items()}}


def _unknown(parameter: Parameter) -> object:
    return _UNKNOWN.get(parameter.type.removesuffix("[]"), "nobody")
