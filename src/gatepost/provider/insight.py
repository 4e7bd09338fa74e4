"""What SQL says before any server sees it: syntax, names, columns. Parsed by PostgreSQL's own grammar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from gatepost.errors import InvalidDeclaration

_PARSER = Lock()
"""PostgreSQL's parser works without Python's lock: plans are made in several threads, it parses in one."""
Columns = Callable[[str, str], frozenset[str] | None]
"""Given schema and table: the table's declared columns, or None where nobody declared it."""
Scope = Mapping[str, frozenset[str] | None]


def parse(sql: str, where: str) -> list[Any]:
    """Return the statements of `sql`.

    :raises InvalidDeclaration: a syntax error, with `where`, line and column.
    """
    from pglast import parse_sql
    from pglast.parser import ParseError

    try:
        with _PARSER:
            return [raw.stmt for raw in parse_sql(sql)]
    except ParseError as error:
        message, offset = str(error.args[0]), error.args[1]
        line, column = _position(sql, offset)
        raise InvalidDeclaration(f"{where}:{line}:{column}: {message}") from None


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


_SYSTEM_COLUMNS = frozenset({"ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"})


def unknown_columns(tree: Any, scope: Scope, columns: Columns) -> list[str]:
    """Return the column references in `tree` that no relation in sight has, as they are written.

    What is not understood for certain passes: PostgreSQL judges it later.
    """
    return sorted(set(_unknown(tree, (scope,), columns)))


def _unknown(node: Any, scopes: tuple[Scope, ...], columns: Columns) -> Iterator[str]:
    from pglast import ast

    if isinstance(node, tuple | list):
        for item in node:
            yield from _unknown(item, scopes, columns)
    elif isinstance(node, ast.ColumnRef):
        yield from _unknown_reference(node, scopes)
    elif isinstance(node, ast.Node):
        if isinstance(node, ast.SelectStmt):
            columns = _hiding(node.withClause, columns)
            scopes = (*scopes, dict(_relations((node.fromClause, node.withClause), columns)), _named_in(node))
        for attribute in node:
            yield from _unknown(getattr(node, attribute), scopes, columns)


def _hiding(clause: Any, columns: Columns) -> Columns:
    """Return the known columns without the tables that a WITH clause hides behind its own names."""
    hidden = {str(one.ctename) for one in clause.ctes or ()} if clause else set()
    return lambda schema, name: None if name in hidden else columns(schema, name)


def _named_in(select: Any) -> Scope:
    """Return the names that a query gives its own results: ORDER BY and GROUP BY may use them."""
    while select.larg:
        select = select.larg
    return {"": frozenset(str(target.name) for target in select.targetList or () if target.name)}


def _relations(node: Any, columns: Columns) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield what a FROM or WITH clause brings into sight: alias and columns (None: not known)."""
    from pglast import ast

    if isinstance(node, tuple | list):
        for item in node:
            yield from _relations(item, columns)
        return
    alias = getattr(node, "alias", None)
    name = str(alias.aliasname) if alias else None
    if isinstance(node, ast.RangeVar):
        known = columns(node.schemaname or "public", str(node.relname))
        yield name or str(node.relname), None if alias and alias.colnames else known
    elif isinstance(node, ast.WithClause):
        yield from ((str(one.ctename), None) for one in node.ctes or ())
    elif node is not None:
        if name or not isinstance(node, ast.JoinExpr):
            yield name or _ANY, None
        if isinstance(node, ast.JoinExpr):
            yield from _relations((node.larg, node.rarg), columns)


_ANY = "?"
"""Something without a name of its own: every reference might mean it."""


def _unknown_reference(node: Any, scopes: tuple[Scope, ...]) -> Iterator[str]:
    names = [getattr(field, "sval", "*") for field in node.fields or ()]
    *relation, column = names
    if len(names) > 2 or "*" in names or column in _SYSTEM_COLUMNS:
        return
    if any(_ANY in scope or (not relation and column in scope) for scope in scopes):
        return
    seen = [known for scope in scopes for name, known in scope.items() if name in (relation or scope)]
    if not any(known is None or column in known for known in seen):
        yield ".".join(names)


def calls_in(node: Any) -> set[str]:
    """Return the names of the functions that the tree calls, without their schemas."""
    from pglast import ast

    if isinstance(node, tuple | list):
        return {name for item in node for name in calls_in(item)}
    if not isinstance(node, ast.Node):
        return set()
    own = {str(node.funcname[-1].sval)} if isinstance(node, ast.FuncCall) and node.funcname else set()
    return own | {name for attribute in node for name in calls_in(getattr(node, attribute))}


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
        return _created_view(statements[0])
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


def _created_view(statement: Any) -> Created:
    from pglast.stream import RawStream

    return Created(
        kind="view",
        schema=statement.view.schemaname or "public",
        name=statement.view.relname,
        query=RawStream()(statement.query),
        aliases=tuple(alias.sval for alias in statement.aliases or ()),
    )


def or_replace(sql: str) -> str:
    """Return a `create …` text as `create or replace …`."""
    from pglast.parser import scan

    with _PARSER:
        tokens = [token for token in scan(sql) if token.name not in ("SQL_COMMENT", "C_COMMENT")]
    if tokens[1].name == "OR":
        return sql
    end = tokens[0].end + 1
    return f"{sql[:end]} or replace{sql[end:]}"
