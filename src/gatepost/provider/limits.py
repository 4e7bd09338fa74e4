"""What PostgreSQL would refuse of a table in the middle of a change, refused before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.errors import InvalidDeclaration, StillUsed
from gatepost.postgres.catalog import Facts, Key, query
from gatepost.provider.types import same_type

if TYPE_CHECKING:
    from gatepost.provider.constraint_clauses import ConstraintInputs
    from gatepost.provider.table import TableInputs

_HAS_VIRTUAL = 180000
"""The first server that has virtual generated columns."""


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
