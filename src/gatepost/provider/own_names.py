"""Names that PostgreSQL gives by itself: those of a table's columns, which follow a new name of it."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.postgres.catalog import Facts, Key, query
from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.renaming import Place
from gatepost.provider.sqltext import ident, text

_LONGEST = 63


def own_name(table: str, column: str, ending: str) -> str:
    """Return how PostgreSQL calls what it makes for a column: the longer name is cut off first."""
    room = _LONGEST - len(ending.encode()) - 2
    sizes = [len(table.encode()), len(column.encode())]
    while sum(sizes) > room:
        sizes[0 if sizes[0] > sizes[1] else 1] -= 1
    return f"{_cut(table, sizes[0])}_{_cut(column, sizes[1])}_{ending}"


def read_own_names(place: Place, facts: Facts) -> list[tuple[str, str, str]]:
    """Return column, ending and name of what the columns of a table on the target have of it."""
    there = facts.planned.present(Key("tables", *place))
    if facts.connection is None or there is None:
        return []
    given = {"schema": there.schema, "table": there.name}
    found = facts.connection.execute(query("own_names"), given).fetchall()
    return [(str(column), str(ending), str(name)) for column, ending, name in found]


def follow(old: Place, new: Place, facts: Facts) -> Iterator[Statement]:
    """Yield what names sequences and constraints of not null after the new name of their table.

    One that somebody named otherwise keeps its name.
    """
    for column, ending, name in read_own_names(old, facts) if old[1] != new[1] else ():
        wanted = own_name(new[1], column, ending)
        if name != own_name(old[1], column, ending):
            continue
        table, before, after = ident(*new), ident(name), ident(wanted)
        if ending == "not_null":
            sql = text("alter table {t} rename constraint {k} to {n}", t=table, k=before, n=after)
        elif facts.read(Key("sequences", new[0], wanted)):
            continue
        else:
            sql = text("alter sequence {s} rename to {n}", s=ident(new[0], name), n=after)
        yield Statement(sql, Lock.ACCESS_EXCLUSIVE, ".".join(new))


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")
