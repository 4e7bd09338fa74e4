"""When one rule lets in no row that another does not: read off the rules themselves, nothing is tried."""

from __future__ import annotations

from gatepost.intent import All, Any_, Everybody, Having, Member, Own, Rule, Through


def implies(given: Rule, wanted: Rule, table: str) -> bool:
    """Return whether it is certain that `wanted` holds for every row of `table` for which `given` does."""
    if given == wanted or isinstance(wanted, Everybody):
        return True
    if isinstance(given, Any_):
        return all(implies(part, wanted, table) for part in given.parts)
    if isinstance(wanted, All):
        return all(implies(given, part, table) for part in wanted.parts)
    if isinstance(wanted, Any_) and any(implies(given, part, table) for part in wanted.parts):
        return True
    if isinstance(given, All):
        return any(implies(part, wanted, table) for part in given.parts)
    return _alike(given, wanted, table)


def _alike(given: Rule, wanted: Rule, table: str) -> bool:
    match given, wanted:
        case Own(), Member():
            # Whose membership it is is a member: the row itself says so.
            of = wanted.of
            itself = (table, given.column, wanted.column) == (of.table, of.user, of.tenant)
            return itself and wanted.roles is None and of.where is None
        case Member(), Member():
            same = (given.of, given.column) == (wanted.of, wanted.column)
            fewer = given.roles is not None and set(given.roles) <= set(wanted.roles or given.roles)
            return same and (wanted.roles is None or fewer)
        case Having(), Having():
            return given.column == wanted.column and set(given.values) <= set(wanted.values)
        case Through(), Through():
            same_way = (given.column, given.table, given.key) == (wanted.column, wanted.table, wanted.key)
            return same_way and implies(given.rule, wanted.rule, given.table)
    return False
