"""What a constraint must say, and what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.provider import references, storage
from gatepost.provider.constraint_clauses import ConstraintInputs, addition, definition_of
from gatepost.provider.declarations import Declarations
from gatepost.provider.findings import Findings
from gatepost.provider.insight import parse
from gatepost.provider.kind import require_columns
from gatepost.provider.partitions import require_key

_KEYS = ("primary_key", "unique")
_PROVABLE = ("check", "foreign_key")


def check(given: ConstraintInputs, where: str, declared: Declarations) -> None:
    """Validate what types cannot say.

    :raises InvalidDeclaration: names what is wrong.
    """
    known = declared.columns_of(given.db_schema, given.table)
    found = Findings()
    with found.noted():
        require_columns([*given.columns, *given.include], known, where, given.table_name)
    for wrong in _wrong(given):
        found.note(InvalidDeclaration(f"{where}: {wrong}"))
    with found.noted():
        storage.check(given.storage, where, given.method if given.kind == "exclusion" else "btree")
    with found.noted():
        _check_kind(given, where, declared)
    found.settle()


def _check_kind(given: ConstraintInputs, where: str, declared: Declarations) -> None:
    if given.kind == "exclusion":
        _check_excluded(given, where, declared)
    if given.kind == "foreign_key":
        _check_references(given, where, declared)
    if given.kind in _KEYS:
        require_key(declared, (given.db_schema, given.table), given.columns, where)


def _wrong(given: ConstraintInputs) -> Iterator[str]:
    """Yield what does not go together."""
    if given.initially_deferred and not given.deferrable:
        yield "what is initially deferred is deferrable: say so"
    if given.not_valid and given.kind not in _PROVABLE:
        yield "only a check or a foreign key can be not valid"
    if not given.enforced and given.kind not in _PROVABLE:
        yield "only a check or a foreign key can be not enforced"
    if given.not_valid and not given.enforced:
        yield "what is not enforced is not valid anyway: leave out not_valid"
    if given.period and (given.kind in ("check", "exclusion") or len(given.columns) < 2):
        yield "only a key or a foreign key has a period, as its last column after others"
    if given.storage and given.kind in _PROVABLE:
        yield "only a key or an exclusion has an index with storage parameters"
    if not_in_it := sorted(set(given.on_delete_columns) - set(given.columns)):
        yield f"on_delete_columns: {', '.join(not_in_it)} is none of its columns"
    if given.on_delete_columns and given.on_delete not in ("set null", "set default"):
        yield "on_delete_columns is for set null and set default"
    if given.kind not in ("check", "exclusion") and not given.columns:
        yield "names no columns"


def _check_references(given: ConstraintInputs, where: str, declared: Declarations) -> None:
    there = given.references
    if there is None:
        raise InvalidDeclaration(f"{where}: names no table that it references")
    if len(there.columns) != len(given.columns):
        raise InvalidDeclaration(
            f"{where}: {len(given.columns)} columns cannot reference {len(there.columns)}: name as many"
        )
    known = declared.columns_of(there.db_schema, there.table)
    require_columns(there.columns, known, where, f"{there.db_schema}.{there.table}")
    references.check_types(given, there, where, declared)


def _check_excluded(given: ConstraintInputs, where: str, declared: Declarations) -> None:
    if not given.elements:
        raise InvalidDeclaration(f"{where}: names no elements")
    statements: list[Any] = parse(addition(given, definition_of(given)), where)
    if len(statements) != 1:
        raise InvalidDeclaration(f"{where}: expected elements and operators, got more than one statement")
    made = statements[0].cmds[0].def_
    found = [element for element, _ in made.exclusions]
    known = declared.columns_of(given.db_schema, given.table)
    require_columns([one.name for one in found if one.name], known, where, given.table_name)
