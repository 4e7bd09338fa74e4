"""What statements that run as they are given do to tables that have rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Hazard, Lock, Risk, risk
from gatepost.provider.insight import parse_script

_Harm = tuple[Hazard, str, Lock]
_REWRITTEN: _Harm = (Hazard.REWRITES_TABLE, "Every row is written again.", Lock.ACCESS_EXCLUSIVE)
_LOST: _Harm = (Hazard.DELETES_DATA, "Its rows go.", Lock.ACCESS_EXCLUSIVE)
_SHOWN: _Harm = (Hazard.WIDENS_ACCESS, "Its policies hide nothing any more.", Lock.ACCESS_EXCLUSIVE)
_COMMANDS: dict[str, _Harm] = {
    "AT_SetNotNull": (Hazard.BLOCKS_READS, "Every row is read for a null.", Lock.ACCESS_EXCLUSIVE),
    "AT_AddConstraint": (Hazard.BLOCKS_READS, "Every row is read for a constraint.", Lock.ACCESS_EXCLUSIVE),
    "AT_ValidateConstraint": (Hazard.LONG_VALIDATION, "Every row is read.", Lock.SHARE_UPDATE_EXCLUSIVE),
    "AT_DropColumn": (Hazard.DELETES_DATA, "A column goes.", Lock.ACCESS_EXCLUSIVE),
    "AT_AlterColumnType": _REWRITTEN,
    "AT_SetAccessMethod": _REWRITTEN,
    "AT_SetExpression": _REWRITTEN,
    "AT_SetLogged": _REWRITTEN,
    "AT_SetTableSpace": _REWRITTEN,
    "AT_SetUnLogged": (Hazard.DELETES_DATA, "A crash empties it from then on.", Lock.ACCESS_EXCLUSIVE),
    "AT_DisableRowSecurity": _SHOWN,
    "AT_NoForceRowSecurity": _SHOWN,
}
_STATEMENTS: dict[str, _Harm] = {
    "TruncateStmt": _LOST,
    "DeleteStmt": (Hazard.DELETES_DATA, "Rows of it go.", Lock.ROW_EXCLUSIVE),
    "ClusterStmt": _REWRITTEN,
    "RefreshMatViewStmt": (Hazard.BLOCKS_READS, "Its query is run anew.", Lock.ACCESS_EXCLUSIVE),
    "RuleStmt": (Hazard.CHANGES_ACCESS, "Statements on it do something else.", Lock.ACCESS_EXCLUSIVE),
}


def risks_of(sql: str, where: str, facts: Facts) -> tuple[Risk, ...]:
    """Return what is known to harm a table with rows; of anything else its reader must judge."""
    found: dict[Risk, None] = {}
    for statement in parse_script(sql, where):
        for (schema, name), (hazard, detail, lock) in _harms(statement):
            size = facts.exposed(schema, name)
            found |= dict.fromkeys(risk(hazard, f"{schema}.{name}", detail, size=size, lock=lock))
    return tuple(found)


def _harms(statement: Any) -> Iterator[tuple[tuple[str, str], _Harm]]:
    """Yield each table that a statement harms, and how."""
    from pglast import ast
    from pglast.enums.parsenodes import ObjectType

    if isinstance(statement, ast.AlterTableStmt):
        for command in statement.cmds or ():
            harm = _COMMANDS.get(command.subtype.name)
            if harm and not getattr(command.def_, "skip_validation", False):
                yield _place(statement.relation), harm
    elif isinstance(statement, ast.DropStmt):
        if statement.removeType in (ObjectType.OBJECT_TABLE, ObjectType.OBJECT_MATVIEW):
            names: Any = statement.objects
            for listed in names:
                *schema, name = (str(part.sval) for part in listed)
                yield (schema[0] if schema else "public", name), _LOST
    elif isinstance(statement, ast.IndexStmt):
        if not statement.concurrent:
            yield _place(statement.relation), (Hazard.BLOCKS_WRITES, "An index is built.", Lock.SHARE)
    elif harm := _STATEMENTS.get(type(statement).__name__):
        one: Any = statement
        for relation in getattr(one, "relations", None) or [one.relation]:
            if relation is not None:
                yield _place(relation), harm


def _place(relation: Any) -> tuple[str, str]:
    return relation.schemaname or "public", relation.relname
