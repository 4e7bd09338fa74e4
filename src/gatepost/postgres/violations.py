"""The rows that a constraint fails by, as the query that finds them: what they hold is not ours to repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from psycopg import sql

from gatepost.errors import ServerUnreachable
from gatepost.insight.tree import PARSER
from gatepost.postgres.catalog import canonical_names, query
from gatepost.postgres.connect import Connections

if TYPE_CHECKING:
    import psycopg

    from gatepost.postgres.plan import Statement

_VIOLATED = "23"
_NOT_NULL = "23502"


def advice(error: psycopg.Error, statements: Sequence[Statement], connections: Connections) -> str:
    """Say what to do where a statement is refused: as it says itself, or how to find the rows in its way."""
    if len(statements) == 1 and statements[0].advice:
        return statements[0].advice
    if not (error.sqlstate or "").startswith(_VIOLATED) or not error.diag.table_name:
        return ""
    found = _finding(error, statements, connections)
    return f"correct the rows that this finds, then deploy again: {found.as_string(None)}" if found else ""


def _finding(
    error: psycopg.Error, statements: Sequence[Statement], connections: Connections
) -> sql.Composable | None:
    diagnosis = error.diag
    table = sql.Identifier(diagnosis.schema_name or "", diagnosis.table_name or "")
    if error.sqlstate == _NOT_NULL:
        # with a detail it is a row that the statement writes
        column = None if diagnosis.message_detail else diagnosis.column_name
        return _rows(table, sql.SQL("{} is null").format(sql.Identifier(column))) if column else None
    name = diagnosis.constraint_name
    definition = name and (_made(name, statements) or _defined(error, connections))
    return _violating(definition, table) if definition else None


def _made(name: str, statements: Sequence[Statement]) -> Any:
    """Return the tree of a constraint or index of that name as one of the statements makes it."""
    for one in statements:
        for node in _parsed(one.sql) if name in one.sql else ():
            for made in (node, *(command.def_ for command in getattr(node, "cmds", None) or ())):
                if name in (getattr(made, "conname", None), getattr(made, "idxname", None)):
                    return made
    return None


def _defined(error: psycopg.Error, connections: Connections) -> Any:
    """Return the tree of a constraint that is there and not proved."""
    import psycopg

    diagnosis = error.diag
    place = {"schema": diagnosis.schema_name, "table": diagnosis.table_name}
    try:
        with connections.take() as connection, canonical_names(connection):
            row = connection.execute(
                query("constraint_definition"), {**place, "name": diagnosis.constraint_name}
            ).fetchone()
    except (psycopg.Error, ServerUnreachable):
        return None
    if row is None or not str(row[0]).endswith("NOT VALID"):
        return None
    (added,) = _parsed(f"alter table t add {row[0]}")
    return added.cmds[0].def_


def _parsed(text: str) -> list[Any]:
    from pglast import parse_sql
    from pglast.parser import ParseError

    try:
        with PARSER:
            return [one.stmt for one in parse_sql(text)]
    except ParseError:
        return []


def _violating(definition: Any, table: sql.Identifier) -> sql.Composable | None:
    from pglast import ast
    from pglast.enums.parsenodes import ConstrType

    if isinstance(definition, ast.IndexStmt):
        elements = definition.indexParams or ()
        keys = [_written(one.expr) if one.expr else sql.Identifier(one.name) for one in elements]
        where = [_written(definition.whereClause)] if definition.whereClause else []
        return _duplicates(table, keys, where, nulls=definition.nulls_not_distinct)
    if definition.contype in (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY):
        if definition.without_overlaps or not definition.keys:
            return None
        return _duplicates(table, _names(definition.keys), [], nulls=definition.nulls_not_distinct)
    if definition.contype == ConstrType.CONSTR_CHECK:
        return _rows(table, sql.SQL("not ({})").format(_written(definition.raw_expr)))
    if definition.contype == ConstrType.CONSTR_FOREIGN and not definition.fk_with_period:
        return _unreferred(definition, table)
    return None


def _rows(table: sql.Composable, condition: sql.Composable) -> sql.Composable:
    return sql.SQL("select * from {} where {}").format(table, condition)


def _duplicates(
    table: sql.Composable, keys: Sequence[sql.Composable], where: list[sql.Composable], *, nulls: bool | None
) -> sql.Composable:
    known = [] if nulls else [sql.SQL("{} is not null").format(one) for one in keys]
    conditions = [sql.SQL("({})").format(one) for one in where] + known
    return sql.SQL("select {keys}, count(*) from {table}{where} group by {keys} having count(*) > 1").format(
        keys=sql.SQL(", ").join(keys),
        table=table,
        where=sql.SQL(" where {}").format(_all(conditions)) if conditions else sql.SQL(""),
    )


def _unreferred(definition: Any, table: sql.Composable) -> sql.Composable:
    """Return the query of the rows whose key is nowhere."""
    there = definition.pktable
    columns = [sql.Identifier("a", one.sval) for one in definition.fk_attrs]
    keys = [sql.Identifier("b", one.sval) for one in definition.pk_attrs]
    equal = (sql.SQL("{} = {}").format(key, one) for key, one in zip(keys, columns, strict=True))
    template = (
        "select distinct {columns} from {table} as a"
        " where {known} and not exists (select from {there} as b where {equal})"
    )
    return sql.SQL(template).format(
        columns=sql.SQL(", ").join(columns),
        table=table,
        known=_known(columns, full=definition.fk_matchtype == "f"),
        there=sql.Identifier(*filter(None, (there.schemaname, there.relname))),
        equal=_all(equal),
    )


def _known(columns: Iterable[sql.Composable], *, full: bool) -> sql.Composable:
    """Return the condition that a key is looked up: unless one of its columns is null, or all are."""
    either = sql.SQL(" or " if full else " and ")
    return sql.SQL("({})").format(either.join(sql.SQL("{} is not null").format(one) for one in columns))


def _all(conditions: Iterable[sql.Composable]) -> sql.Composable:
    return sql.SQL(" and ").join(conditions)


def _names(strings: Iterable[Any]) -> list[sql.Composable]:
    return [sql.Identifier(one.sval) for one in strings]


def _written(node: Any) -> sql.Composable:
    from pglast.stream import RawStream

    return sql.SQL(RawStream()(node))
