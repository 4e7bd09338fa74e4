"""What SQL says before any server sees it: syntax, names, columns. Parsed by PostgreSQL's own grammar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.insight.tree import PARSER, WrongSQL, statements
from gatepost.provider.declarations import Text, position


def parse(sql: str, where: str) -> list[Any]:
    """Return the statements of `sql`.

    :raises InvalidDeclaration: a syntax error, with `where`, line and column.
    """
    return [raw.stmt for raw in _parsed(sql, where)]


def parse_script(sql: str, where: str) -> list[Any]:
    """Return the statements of a text that runs as it is, within a transaction of the deployment.

    :raises InvalidDeclaration: a syntax error, or one that would end that transaction, with its place.
    """
    from pglast import ast

    found = _parsed(sql, where)
    for raw in found:
        if isinstance(raw.stmt, ast.TransactionStmt):
            line, column = position(sql, raw.stmt_location)
            words = sql[raw.stmt_location :].partition(";")[0].strip()
            advice = "the deployment begins and ends the transaction: leave this out"
            raise InvalidDeclaration(f"{where}:{line}:{column}: {words}: {advice}")
    return [raw.stmt for raw in found]


def _parsed(sql: str, where: str) -> list[Any]:
    from pglast import parse_sql
    from pglast.parser import ParseError

    try:
        with PARSER:
            return list(parse_sql(sql))
    except ParseError as error:
        message, offset = str(error.args[0]), error.args[1]
        line, column = _position(sql, offset)
        raise InvalidDeclaration(f"{where}:{line}:{column}: {message}") from None


def parse_index(sql: str, where: str) -> dict[str, Any]:
    """Return the `IndexStmt` of a text that makes one index.

    :raises InvalidDeclaration: a syntax error, with `where`, line and column, or more than one statement.
    """
    try:
        found = statements(sql)
    except WrongSQL as error:
        line, column = position(sql, error.offset)
        raise InvalidDeclaration(f"{where}:{line}:{column}: {error}") from None
    if len(found) != 1:
        raise InvalidDeclaration(f"{where}: expected columns and expressions, got more than one statement")
    return dict(found[0]["IndexStmt"])


def _position(sql: str, offset: int | None) -> tuple[int, int]:
    """Return line and column; pglast takes PostgreSQL's count of characters for bytes."""
    before = sql if offset is None else sql[: len(sql[:offset].encode())]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def parse_expression(expression: str, where: str) -> Any:
    """Return the tree of one SQL expression.

    :raises InvalidDeclaration: it is not exactly one expression.
    """
    from pglast import ast
    from pglast.enums.primnodes import CoercionForm

    statements = parse(f"select (\n{expression}\n)", where)
    first = statements[0]
    alone = len(statements) == 1 and isinstance(first, ast.SelectStmt)
    if not alone or first.fromClause or first.whereClause or len(first.targetList or ()) != 1:
        raise InvalidDeclaration(f"{where}: expected one SQL expression, got: {expression}")
    value = first.targetList[0].val
    if isinstance(value, ast.RowExpr) and value.row_format == CoercionForm.COERCE_IMPLICIT_CAST:
        raise InvalidDeclaration(f"{where}: expected one SQL expression, got several: {expression}")
    return value


def parse_type(name: str, where: str) -> Any:
    """Return the tree of a type's name.

    :raises InvalidDeclaration: it is not the name of a type.
    """
    from pglast import ast

    tree = parse_expression(f"null::{name}", f"{where}: type")
    if not isinstance(tree, ast.TypeCast):
        raise InvalidDeclaration(f"{where}: type: expected the name of a type, got: {name}")
    return tree.typeName


def check_collation(name: str, where: str) -> None:
    """Reject what names no collation, or another one than it seems to.

    :raises InvalidDeclaration: it is no name, or one whose capitals PostgreSQL would not see.
    """
    from pglast import ast

    if not isinstance(parse_expression(f"'' collate {name}", f"{where}: collation"), ast.CollateClause):
        raise InvalidDeclaration(f"{where}: collation: expected the name of a collation, got: {name}")
    if '"' not in name and name != name.lower():
        quoted = ".".join(one if one == one.lower() else f'"{one}"' for one in name.split("."))
        raise InvalidDeclaration(
            f"{where}: collation: PostgreSQL reads {name} as {name.lower()}: write '{quoted}', quotes too"
        )


def sql_of(tree: Any) -> str:
    """Return the SQL that a tree says."""
    from pglast.stream import RawStream

    return str(RawStream()(tree))


def calls_in(node: Any) -> Iterator[Any]:
    """Yield the calls of functions in the tree."""
    from pglast import ast

    if isinstance(node, tuple | list):
        for item in node:
            yield from calls_in(item)
    elif isinstance(node, ast.Node):
        if isinstance(node, ast.FuncCall) and node.funcname:
            yield node
        for attribute in node:
            yield from calls_in(getattr(node, attribute))


def called(node: Any) -> set[str]:
    """Return the names of the functions that the tree calls, without their schemas."""
    return {str(one.funcname[-1].sval) for one in calls_in(node)}


def calls_of(text: Text) -> set[tuple[str, int]]:
    """Return the same of a declaration's text, each with how many arguments it is given."""
    if text.form == "type":
        return set()
    tree = (parse_expression if text.form == "expression" else parse)(text.sql, text.where)
    return {(str(one.funcname[-1].sval), len(one.args or ())) for one in calls_in(tree)}


@dataclass(frozen=True)
class Created:
    """What a `create function`, `procedure` or `view` statement makes."""

    kind: str
    schema: str
    name: str
    signature: str = ""
    """Internal names of the argument types, as `pg_type` spells them: `int4,_text`."""
    arguments: str = ""
    """The argument types as they are written in a grant."""
    returns: str = ""
    parameters: tuple[tuple[str, bool], ...] = ()
    """Name and whether there is a default, of each parameter that a caller gives."""
    query: str = ""
    """What a view selects."""
    aliases: tuple[str, ...] = ()
    """The names that a view gives its columns."""

    def replaceable_by(self, new: Created) -> bool:
        """Return whether `create or replace` can turn this function into `new`.

        It changes neither what is returned, nor a parameter's name, nor does it take a default away.
        """
        kept = all(
            (not name or name == other) and (default or not had)
            for (name, had), (other, default) in zip(self.parameters, new.parameters, strict=False)
        )
        return kept and (self.kind, self.returns) == (new.kind, new.returns)


def created(sql: str, where: str) -> Created:
    """Return what the one `create` statement in `sql` makes.

    :raises InvalidDeclaration: a syntax error, more than one statement, or another kind of statement.
    """
    from pglast import ast

    statements = parse(sql, where)
    if len(statements) == 1 and isinstance(statements[0], ast.CreateFunctionStmt):
        return _created_function(statements[0], where)
    if len(statements) == 1 and isinstance(statements[0], ast.ViewStmt):
        return _created_view(statements[0].view, statements[0])
    if len(statements) == 1 and isinstance(statements[0], ast.CreateTableAsStmt):
        into: Any = statements[0].into
        return _created_view(into.rel, statements[0])
    raise InvalidDeclaration(f"{where}: expected one create function, procedure or view statement")


def _created_function(statement: Any, where: str) -> Created:
    from pglast.enums.parsenodes import FunctionParameterMode as Mode
    from pglast.stream import RawStream

    *schema, name = (part.sval for part in statement.funcname)
    outgoing = (Mode.FUNC_PARAM_OUT, Mode.FUNC_PARAM_TABLE)
    given = [p for p in statement.parameters or () if p.mode not in outgoing]
    if any(p.argType.pct_type for p in given):
        raise InvalidDeclaration(f"{where}: name the type of each argument: %type is resolved only once")
    return Created(
        kind="procedure" if statement.is_procedure else "function",
        schema=schema[0] if schema else "public",
        name=name,
        signature=",".join(_internal_name(p.argType) for p in given),
        arguments=", ".join(RawStream()(p.argType) for p in given),
        returns=_returns(statement),
        parameters=tuple((p.name or "", p.defexpr is not None) for p in given),
    )


def _returns(statement: Any) -> str:
    from pglast.enums.parsenodes import FunctionParameterMode as Mode

    outgoing = (Mode.FUNC_PARAM_OUT, Mode.FUNC_PARAM_TABLE, Mode.FUNC_PARAM_INOUT)
    out = [p for p in statement.parameters or () if p.mode in outgoing]
    columns = [f"{p.name} {_internal_name(p.argType)}" for p in out]
    result = statement.returnType
    many = "setof " if result and result.setof else ""
    # Beside columns «returns record» says nothing.
    return many + (", ".join(columns) or (_internal_name(result) if result else ""))


def _internal_name(type_name: Any) -> str:
    name = str(type_name.names[-1].sval)
    return f"_{name}" if type_name.arrayBounds else name


def _created_view(relation: Any, statement: Any) -> Created:
    from pglast import ast
    from pglast.enums.parsenodes import ObjectType
    from pglast.stream import RawStream

    kind, aliases = "view", getattr(statement, "aliases", None)
    if isinstance(statement, ast.CreateTableAsStmt):
        is_table = statement.objtype != ObjectType.OBJECT_MATVIEW
        into: Any = statement.into
        kind, aliases = "table" if is_table else "materialized view", into.colNames
    return Created(
        kind=kind,
        schema=relation.schemaname or "public",
        name=relation.relname,
        query=RawStream()(statement.query),
        aliases=tuple(alias.sval for alias in aliases or ()),
    )


def or_replace(sql: str) -> str:
    """Return a `create …` text as `create or replace …`."""
    from pglast.parser import scan

    with PARSER:
        tokens = [token for token in scan(sql) if token.name not in ("SQL_COMMENT", "C_COMMENT")]
    if tokens[1].name == "OR":
        return sql
    end = tokens[0].end + 1
    return f"{sql[:end]} or replace{sql[end:]}"
