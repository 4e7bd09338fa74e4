"""What PostgreSQL would refuse of a table in the middle of a change, refused before it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gatepost.errors import InvalidDeclaration, StillUsed
from gatepost.postgres.catalog import Facts, Key, query
from gatepost.provider.types import same_type

if TYPE_CHECKING:
    from gatepost.provider.constraint_clauses import ConstraintInputs
    from gatepost.provider.table_inputs import TableInputs

_HAS_VIRTUAL = 180000
"""The first server that has virtual generated columns."""
_HAS_PERIODS = 180000
"""The first server that has keys with periods, and constraints that are not enforced."""


def require_virtual(given: TableInputs, facts: Facts) -> None:
    """Refuse virtual columns on a server that has none.

    :raises InvalidDeclaration: names the first.
    """
    virtual = [one.name for one in given.columns if one.virtual]
    if virtual and facts.version < _HAS_VIRTUAL:
        raise InvalidDeclaration(
            f'table "{given.where}": column "{virtual[0]}" is virtual, which PostgreSQL'
            f" {facts.version // 10000} does not know: leave out virtual, or deploy to 18 or later"
        )


def require_same_above(old: TableInputs, new: TableInputs) -> None:
    """Refuse to inherit from other tables than before.

    :raises InvalidDeclaration: says so.
    """
    if old.inherits != new.inherits:
        raise InvalidDeclaration(
            f'table "{new.where}": what it inherits from cannot change in place: declare another table'
        )


def require_constraint(given: ConstraintInputs, facts: Facts) -> None:
    """Refuse a period, or what is not enforced, on a server that knows no such thing.

    :raises InvalidDeclaration: names it.
    """
    said = [name for name, given_ in (("period", given.period), ("enforced", not given.enforced)) if given_]
    if said and facts.version < _HAS_PERIODS:
        raise InvalidDeclaration(
            f'constraint "{given.name}" on "{given.table_name}": PostgreSQL {facts.version // 10000} does not'
            f" know {said[0]}: leave it out, or deploy to 18 or later"
        )


def require_rows_nowhere_else(place: tuple[str, str], facts: Facts, *reasons: str) -> None:
    """Refuse to write the rows of a table again while a column, of whatever table, has such rows as values.

    :param reasons: for whose sake they would be written again; nothing where they are not.
    :raises StillUsed: names those columns.
    """
    if reasons and (using := _columns(facts, "rows_in_columns", place)):
        raise StillUsed(
            f"{'.'.join(place)}: its rows cannot be rewritten ({', '.join(reasons)}) while"
            f" {', '.join(using)} has such rows as values: drop that column, or give it another type, in one"
            " release, and do this in the next"
        )


def require_own(place: tuple[str, str], facts: Facts, columns: Collection[str]) -> None:
    """Refuse another name or type of columns that are inherited from elsewhere too.

    :raises StillUsed: names them.
    """
    if columns and (found := _columns(facts, "inherited_otherwise", place, columns=list(columns))):
        raise StillUsed(
            f"{'.'.join(place)}: {', '.join(found)} is inherited from another table too and can get no other"
            " name or type: end one of the inheritances (alter table … no inherit …) first"
        )


def _columns(facts: Facts, name: str, place: tuple[str, str], **given: list[str]) -> list[str]:
    there = facts.planned.present(Key("tables", *place))
    if facts.connection is None or there is None:
        return []
    asked = {"schema": there.schema, "table": there.name, **given}
    return [str(row[0]) for row in facts.connection.execute(query(name), asked).fetchall()]


def require_key(old: TableInputs, new: TableInputs) -> None:
    """Refuse another type of a column by which rows are divided.

    :raises InvalidDeclaration: names the column.
    """
    divided, types = new.partitioned(), {one.name: one.type for one in old.columns}
    for one in new.columns if divided else ():
        asked = types.get(one.name, one.type)
        if divided and one.name in divided.columns and not same_type(asked, one.type):
            raise InvalidDeclaration(
                f'table "{new.where}": rows are divided by column "{one.name}", whose type cannot change in'
                " place: declare another table"
            )


def require_unreferenced(old: ConstraintInputs, facts: Facts) -> None:
    """Refuse another key in the place of one that foreign keys refer to.

    :raises StillUsed: names them.
    """
    place = facts.planned.present(Key("tables", *old.place))
    if old.kind not in ("primary_key", "unique") or facts.connection is None or place is None:
        return
    given = {"schema": place.schema, "table": place.name, "name": old.name}
    if using := [str(row[0]) for row in facts.connection.execute(query("referring"), given).fetchall()]:
        raise StillUsed(
            f'constraint "{old.name}" on "{old.table_name}" is referred to by {", ".join(using)}:'
            " take that out in one release, and change this one in the next"
        )
