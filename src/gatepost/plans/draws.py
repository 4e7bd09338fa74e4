"""What queries are asked for: subjects and values drawn as the rows of a filled database are spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.plans.shape import Rows
from gatepost.plans.statements import run
from gatepost.provider.sqltext import Part, ident, raw, text
from gatepost.queries import Query, read

Subjects = Mapping[str, object]
DRAWS = 7


@dataclass(frozen=True)
class Drawn:
    """One request: the subjects, and the parameters' values that are drawn from columns."""

    subjects: Subjects
    values: Mapping[str, object]


def draw_subjects(feature: Path, connection: Rows, number: int = DRAWS) -> list[Subjects]:
    """Return subjects of `schema/<feature>`: each from another row of the first table of subjects.sql.

    Rows are drawn, not tenants: whoever has many is asked for often. The same rows give the same draws.

    :raises InvalidDeclaration: subjects.sql selects from no table, or finds nothing.
    """
    file = feature / "subjects.sql"
    if not file.exists():
        return [{}]
    query = read(file)
    statement, table = _for_one_row(query)
    places = run(
        connection,
        "select tableoid as t, ctid as c from {table} order by hashtextextended(ctid::text, 0) limit {n}",
        table=table,
        n=raw(str(number * 3)),
    ).fetchall()
    found: list[Subjects] = []
    for place in places:
        row = connection.execute(statement.encode(), place).fetchone()
        subjects = {name: value for name, value in (row or {}).items() if value is not None}
        if subjects and subjects not in found:
            found.append(subjects)
    if not found:
        raise InvalidDeclaration(f"{file}: no row was found among those that were made")
    return found[:number]


def draw_for(query: Query, subjects: Sequence[Subjects], connection: Rows) -> list[Drawn]:
    """Return what a query is asked for: each subject with other values of the columns that it names."""
    columns = {one.name: one.drawn_from for one in query.parameters if one.drawn_from}
    number = max(DRAWS, len(subjects)) if columns else len(subjects)
    several = {one.name for one in query.parameters if one.type.endswith("[]")}
    values = {name: _values_of(column, number, connection) for name, column in columns.items()}
    return [
        Drawn(
            subjects[place % len(subjects)],
            {
                name: found if name in several else found[place % len(found)]
                for name, found in values.items()
                if found
            },
        )
        for place in range(number)
    ]


def _values_of(column: str, number: int, connection: Rows) -> list[object]:
    table, _, name = column.rpartition(".")
    rows = run(
        connection,
        "select {name} as value from {table} where {name} is not null"
        " order by hashtextextended(ctid::text, 0) limit {n}",
        name=ident(name),
        table=ident(*table.split(".")),
        n=raw(str(number)),
    ).fetchall()
    return [row["value"] for row in rows]


def _for_one_row(query: Query) -> tuple[str, Part]:
    """Return subjects.sql for one row of its first table, with placeholders `t` and `c`, and that table."""
    from pglast import ast, parse_sql
    from pglast.enums import BoolExprType
    from pglast.stream import RawStream

    statement: Any = parse_sql(query.sql)[0].stmt
    first = _leftmost(statement.fromClause or ()) if isinstance(statement, ast.SelectStmt) else None
    if first is None:
        raise InvalidDeclaration(f"{query.path}: expected a select from a table that its subjects stand in")
    alias = first.alias.aliasname if first.alias else first.relname
    chosen: Any = parse_sql(text("select where {a}.tableoid = $1 and {a}.ctid = $2", a=ident(alias)))[0].stmt
    conditions = [one for one in (statement.whereClause, chosen.whereClause) if one is not None]
    statement.whereClause = ast.BoolExpr(BoolExprType.AND_EXPR, tuple(conditions))
    narrowed = RawStream()(statement).replace("%", "%%").replace("$1", "%(t)s").replace("$2", "%(c)s::tid")
    return narrowed, ident(first.schemaname or "public", first.relname)


def _leftmost(sources: Iterable[Any]) -> Any:
    from pglast import ast

    for source in sources:
        if isinstance(source, ast.RangeVar):
            return source
        if isinstance(source, ast.JoinExpr) and (found := _leftmost((source.larg, source.rarg))) is not None:
            return found
    return None
