"""Every asker, table and command, by every access path: what the matrix shows and mutants must fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import TypeVar

from gatepost.isolation.case import Action, Asker, Case, Path
from gatepost.isolation.repertoire import Repertoire

_ROWS, _INSERTS, _CHANGES, _UPSERTS, _COPIES = 12, 16, 32, 6, 2
"""How many statements of a sort each asker gives at most: taken evenly from all that there are."""
_READ_PATHS: tuple[Path, ...] = ("table", "view", "function", "prepared", "copy")
T = TypeVar("T")


def cases_of(choices: Repertoire, table: str) -> list[Case]:
    """Return the cases of a table, the same ones each time; those that tell most come first."""
    if not choices.world.rows[table]:
        return []
    made = [list(_of_asker(choices, asker, table)) for asker in choices.world.askers]
    # One of each asker in turn: a chunk of them tells as much as all of one asker's would.
    return [one[at] for at in range(max(map(len, made), default=0)) for one in made if at < len(one)]


def _of_asker(choices: Repertoire, asker: Asker, table: str) -> Iterator[Case]:
    reads, writes = list(_reads(choices, asker, table)), list(_writes(choices, asker, table))
    inserts, upserts = list(_inserts(choices, asker, table)), list(_upserts(choices, asker, table))
    changes = _evenly(list(changes_of(choices, asker, table)), _CHANGES)
    if not choices.may_anything(asker, table):
        parts: tuple[list[Case], ...] = (reads[:2], writes[:2], inserts[:1])
    elif not choices.is_concerned(asker, table):
        parts = (reads, writes[:4], inserts[:4])
    else:
        parts = (reads, inserts, writes, changes, upserts)
    for at in range(max(map(len, parts))):
        yield from (part[at] for part in parts if at < len(part))
    if choices.subject(table).owner not in asker.roles:
        yield Case(asker, table, "truncate")


def _evenly(found: Sequence[T], most: int) -> list[T]:
    step = max(1, -(-len(found) // most))
    return list(found[::step])


def _reads(choices: Repertoire, asker: Asker, table: str) -> Iterator[Case]:
    keys = tuple(choices.world.rows[table])
    yield from (Case(asker, table, "select", path) for path in _READ_PATHS)
    yield Case(asker, table, "select", where=keys)
    yield Case(asker, table, "count")
    yield Case(asker, table, "lock", where=keys)
    for partition in choices.facts(table).partitions:
        yield Case(asker, table, "select", "partition", partition=partition)


def _writes(choices: Repertoire, asker: Asker, table: str) -> Iterator[Case]:
    rows = choices.world.rows[table]
    column = choices.plain(asker, table)
    kept = ((column, next(iter(rows.values()))[column]),)
    for key in _evenly(list(rows), _ROWS):
        yield Case(asker, table, "update", where=(key,), values=((column, rows[key][column]),))
        yield Case(asker, table, "delete", where=(key,))
    yield from _not_granted(choices, asker, table)
    keys = tuple(rows)
    both: tuple[Action, ...] = ("update", "delete")
    for action in both:
        values = kept if action == "update" else ()
        yield Case(asker, table, action, values=values)
        yield Case(asker, table, action, "view", keys, values)
        for partition in choices.facts(table).partitions:
            yield Case(asker, table, action, "partition", keys, values, partition=partition)
    paths: tuple[Path, ...] = ("table", "prepared")
    for path in paths:
        yield Case(asker, table, "update returning", path, keys, kept)
        yield Case(asker, table, "delete returning", path, keys)


def _not_granted(choices: Repertoire, asker: Asker, table: str) -> Iterator[Case]:
    """Yield updates of single columns that no privilege is on, where privileges are limited to some."""
    row = next(iter(choices.world.rows[table].values()))
    for name, column in choices.facts(table).columns.items():
        if column.is_given and not choices.world.oracle.allows(asker, table, "update", frozenset({name})):
            yield Case(asker, table, "update", values=((name, row[name]),))


def changes_of(choices: Repertoire, asker: Asker, table: str) -> Iterator[Case]:
    """Yield updates that give a row to another user or tenant, or another state.

    Of rows that the asker may change each one is tried, of others a few.
    """
    reached = choices.world.oracle.reaches(asker, table, "update")
    others = [key for key in choices.world.rows[table] if key not in reached]
    keys = (*sorted(reached), *_evenly(others, _ROWS))
    for name in choices.telling(table):
        if name in choices.settable(asker, table):
            for value in choices.values(table, name):
                for key in keys:
                    yield Case(asker, table, "update", where=(key,), values=((name, value),))


def _inserts(choices: Repertoire, asker: Asker, table: str) -> Iterator[Case]:
    insertable = choices.insertable(asker, table)
    if not choices.spares(table) or not insertable or choices.defaults_matter(asker, table):
        return
    home = choices.facts(table).key
    names = [name for name in choices.telling(table) if name in insertable and (name,) != home]
    pools = [[(name, value) for value in choices.likely(asker, table, name)] for name in names]
    for number, changed in enumerate(islice(_spread(pools), _INSERTS)):
        values = choices.new_row(asker, table, number % len(choices.spares(table)), *changed)
        yield Case(asker, table, "insert", values=values)
        if number < _COPIES:
            yield Case(asker, table, "insert", "copy", values=values)
        yield Case(asker, table, "insert returning", ("table", "view", "prepared")[number % 3], values=values)


def _spread(pools: list[list[tuple[str, str | None]]]) -> Iterator[tuple[tuple[str, str | None], ...]]:
    """Yield the combinations of values so that the first ones differ in all of them."""
    if not pools:
        yield ()
        return
    longest = max(map(len, pools))
    first = [tuple(pool[at % len(pool)] for pool in pools) for at in range(longest)]
    yield from first
    yield from (one for one in product(*pools) if one not in first)


def _upserts(choices: Repertoire, asker: Asker, table: str) -> Iterator[Case]:
    rows, insertable = choices.world.rows[table], set(choices.insertable(asker, table))
    if choices.defaults_matter(asker, table) or not choices.spares(table):
        return
    column = choices.plain(asker, table)
    for arbiter in choices.arbiters(table)[:2]:
        if not set(arbiter) <= insertable:
            continue
        for number, row in enumerate(_evenly(list(rows.values()), _UPSERTS)):
            there = tuple((name, row[name]) for name in choices.facts(table).columns if name in arbiter)
            spare = number % len(choices.spares(table))
            telling = tuple((name, row[name]) for name in choices.telling(table) if name in insertable)
            values = choices.new_row(asker, table, spare, *telling, *there)
            sets = (column, row[column])
            yield Case(asker, table, "upsert", values=values, arbiter=arbiter, sets=sets)
            yield Case(asker, table, "merge", values=values, arbiter=arbiter, sets=sets)
            yield Case(asker, table, "insert or nothing", values=values, arbiter=arbiter)
