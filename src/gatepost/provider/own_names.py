"""Names that PostgreSQL gives by itself, which follow a new name of a table or of its column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gatepost.postgres.catalog import Facts, Key, query
from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.column import ColumnInputs
from gatepost.provider.renaming import Place
from gatepost.provider.site import Site
from gatepost.provider.sqltext import ident, text
from gatepost.provider.types import is_serial

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


def sequence_of(place: Place, column: str, facts: Facts) -> Place | None:
    """Return schema and name of the sequence that a column of a table has of its own."""
    there = facts.planned.present(Key("tables", *place))
    found = [name for of, ending, name in read_own_names(place, facts) if (of, ending) == (column, "seq")]
    return (there.schema, found[0]) if there and found else None


def follow(
    site: Site,
    columns: Mapping[str, ColumnInputs],
    former: Mapping[str, str],
    made: Iterable[tuple[str, str, str]],
) -> Iterator[Statement]:
    """Yield what names sequences and constraints of not null after the new names of table and columns.

    One that somebody named otherwise keeps its name.

    :param columns: the columns as they were, by their new names.
    :param former: what renamed columns were called, in the order in which the new names are free.
    :param made: column, ending and name of what is made before, and is not there yet.
    """
    facts, names = site.facts, {old: new for new, old in former.items()}
    read = read_own_names(site.place, facts) if former or site.moves else []
    order, left = list(names), set[str]()
    for column, ending, name in sorted((*read, *made), key=lambda one: [*order, one[0]].index(one[0])):
        new = names.get(column, column)
        wanted = own_name(site.becomes[1], new, ending)
        if (
            wanted == name
            or name != own_name(site.name, column, ending)
            or not _follows(columns.get(new), ending)
        ):
            continue
        if wanted not in left and _is_taken(site, ending, wanted):
            continue
        left.add(name)
        before, after = ident(name), ident(wanted)
        if ending == "not_null":
            yield site.alter("rename constraint {k} to {n}", k=before, n=after)
        else:
            sql = text("alter sequence {s} rename to {n}", s=ident(site.becomes[0], name), n=after)
            yield Statement(sql, Lock.ACCESS_EXCLUSIVE, site.label)


def _follows(column: ColumnInputs | None, ending: str) -> bool:
    """Return whether PostgreSQL named it: a sequence that is declared itself has a name of its own."""
    return ending == "not_null" or (column is not None and bool(column.identity or is_serial(column.type)))


def _is_taken(site: Site, ending: str, name: str) -> bool:
    if ending == "not_null":
        return site.facts.read(Key("constraints", *site.place, name)) is not None
    return site.facts.read(Key("sequences", site.becomes[0], name)) is not None


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")
