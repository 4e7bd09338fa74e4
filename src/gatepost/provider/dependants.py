"""What hangs on an object: dropped before it changes, made again afterwards in the catalog's own words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from gatepost.errors import PermissionMissing, StillUsed
from gatepost.postgres import catalog
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import hidden, limits
from gatepost.provider.exposure import used_by_query
from gatepost.provider.insight import created

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_DANGERS = {
    "retyped column": (Hazard.REWRITES_TABLE, "every row is converted"),
    "table column": (Hazard.REWRITES_TABLE, "its values are generated anew"),
    "table constraint": (Hazard.BLOCKS_READS, "it is proved anew by every row"),
    "index": (Hazard.BLOCKS_READS, "it is built anew over every row"),
    "materialized view": (Hazard.BLOCKS_READS, "its query is run anew"),
}

_KINDS = {
    "policy": "policies",
    "table constraint": "constraints",
    "index": "indexes",
    "trigger": "triggers",
    "view": "views",
    "materialized view": "materialized_views",
    "default value": "tables",
    "table column": "tables",
}


_WORDS = {kind: word for word, kind in _KINDS.items()} | {"tables": "table", "functions": "function"}


@dataclass(frozen=True)
class Root:
    """What changes: a view, a column of a table, a type, or a function with the catalog's signature."""

    schema: str
    name: str
    column: str = ""
    signature: str | None = None
    type: bool = False
    dropped: bool = False
    """A column that goes and comes again loses its indexes and constraints; one that is altered does not."""


@dataclass(frozen=True)
class Dependant:
    """One object that hangs on what changes."""

    id: str
    needs: frozenset[str]
    """The ids of what it uses itself."""
    columns: frozenset[str]
    """The columns of what changes that it uses itself."""
    type: str
    identity: str
    own_name: str
    schema: str | None
    relation: str | None
    """The table or view that its statements lock."""
    owned: bool
    dropped: str | None
    """The statement that drops it; None where it is not known how to make such an object again."""
    made: tuple[str, ...]

    @property
    def name(self) -> str:
        """What messages call it: `view public.v`, `policy p on public.posts`."""
        return f"{self.type} {self.identity}"

    @property
    def place(self) -> str:
        """The object that its statements lock."""
        return f"{self.schema}.{self.relation}" if self.relation else self.identity

    @property
    def key(self) -> Key | None:
        """Where what declares it is in the catalog: itself, or the table of a column."""
        if self.type in ("function", "procedure") and self.made:
            it = created(self.made[0], self.name)
            return Key("functions", it.schema, it.name, it.signature)
        kind = _KINDS.get(self.type)
        if kind is None or self.schema is None or self.relation is None:
            return None
        own = "" if kind == "tables" or self.relation == self.own_name else self.own_name
        return Key(kind, self.schema, self.relation, own)

    def statements(self, *texts: str) -> Plan:
        """Return texts as statements of one transaction."""
        lock = Lock.ACCESS_EXCLUSIVE if self.relation else Lock.NONE
        return Plan(tuple(Statement(text, lock, self.place) for text in texts))


@dataclass(frozen=True)
class Rebuilding:
    """What hangs on the objects that change, what is used by others first."""

    dependants: tuple[Dependant, ...] = ()
    dangers: Mapping[str, tuple[Risk, ...]] = field(default_factory=dict)
    """What making each again does, by its id."""

    @property
    def risks(self) -> tuple[Risk, ...]:
        """What making them again does."""
        return tuple(danger for one in self.dependants for danger in self.dangers.get(one.id, ()))

    def apart(self, others: Collection[Dependant]) -> Rebuilding:
        """Return the rest, where somebody else makes these others again."""
        return replace(self, dependants=tuple(one for one in self.dependants if one not in others))

    @property
    def before(self) -> Plan:
        """What drops them, last first."""
        drops = ((one, one.dropped) for one in reversed(self.dependants) if one.made)
        return sum((one.statements(drop) for one, drop in drops if drop), Plan())

    @property
    def after(self) -> Plan:
        """What makes them again."""
        made = (one.statements(*one.made) for one in self.dependants)
        again = tuple(replace(one, redefines=True) for one in sum(made, Plan()).statements)
        return Plan(again, self.risks)

    @property
    def names(self) -> tuple[str, ...]:
        """What messages call them, what is used by others first."""
        return tuple(one.name for one in self.dependants if one.type not in _IMPLIED)

    def using(self, *columns: str) -> tuple[str, ...]:
        """Return the names of those that use any of these columns, directly or through others."""
        found: set[str] = set()
        for one in self.dependants:
            if one.columns & set(columns) or one.needs & found:
                found.add(one.id)
        return tuple(one.name for one in self.dependants if one.id in found and one.type not in _IMPLIED)


_IMPLIED = frozenset({"implied"})
"""A view brings its row type with it, a type its array type."""


def rebuilding(facts: Facts, *roots: Root) -> Rebuilding:
    """Return everything that hangs on the roots, transitively.

    :raises StillUsed: it holds something that cannot be made again from the catalog.
    :raises PermissionMissing: it holds something that belongs to a role that the deployer is no member of.
    """
    found = dependants(facts, *roots)
    if stuck := [one.name for one in found if not one.made and one.type not in _IMPLIED]:
        raise StillUsed(f"{_said(roots)} is used by {', '.join(stuck)}: drop it first, or leave what it uses")
    if foreign := [one.name for one in found if not one.owned]:
        raise PermissionMissing(
            f"{_said(roots)} is used by {', '.join(foreign)}, which must be made again and belongs to a role"
            " that the deployer is no member of: deploy as its owner, or grant that role"
        )
    for one in found:
        if one.type == "retyped column" or (one.type == "table column" and _is_stored(one)):
            limits.require_rows_nowhere_else((one.schema or "", one.relation or ""), facts, one.identity)
    return Rebuilding(found, {one.id: _risks(facts, one) for one in found})


def _is_stored(one: Dependant) -> bool:
    return ") stored" in one.made[0]


def dependants(facts: Facts, *roots: Root) -> tuple[Dependant, ...]:
    """Return what hangs on the roots, what is used by others first; nothing where there is no database."""
    if facts.connection is None or not roots:
        return ()
    found = {one.id: one for one in _read(facts.connection, roots)}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for one in found.values():
        sorter.add(one.id, *sorted(one.needs & found.keys()))
    try:
        ordered = [found[id_] for id_ in sorter.static_order()]
    except CycleError as error:
        round_ = sorted({found[id_].name for id_ in error.args[1] if found[id_].type not in _IMPLIED})
        raise StillUsed(
            f"{_said(roots)} is used by {' and '.join(round_)}, which uses itself: drop it first"
        ) from None
    # What is made again on a column of the type needs the type that it is converted to.
    return tuple(sorted(ordered, key=lambda one: one.type != "retyped column"))


def _read(connection: Connection, roots: Iterable[Root]) -> Iterable[Dependant]:
    from psycopg.types.json import Jsonb

    given = {"roots": Jsonb([asdict(root) for root in roots])}
    return [_dependant(row) for row in catalog.rows(connection, "dependants", given)]


def _dependant(row: tuple[Any, ...]) -> Dependant:
    id_, needs, columns, *known = row[:-1]
    known.append(tuple(row[-1] or ()))
    return Dependant(id_, frozenset(needs), frozenset(columns), *known)


def _risks(facts: Facts, one: Dependant) -> tuple[Risk, ...]:
    if one.type not in _DANGERS or one.schema is None or one.relation is None:
        return ()
    hazard, what = _DANGERS[one.type]
    size = facts.size(one.schema, one.relation)
    found = risk(hazard, one.place, f"{one.name[0].upper()}{one.name[1:]}: {what}.", size=size)
    if one.type == "materialized view" and one.made:
        found += hidden.from_materialized_view(one.place, used_by_query(one.made[0]), facts)
    return found


def called(key: Key) -> str:
    """Return what messages call an object: `view public.v`, `policy p on public.posts`."""
    word, place = _WORDS.get(key.kind, key.kind), f"{key.schema}.{key.name}"
    if key.kind == "functions":
        return f"{word} {place}({key.object})"
    return f"{word} {key.object} on {place}" if key.object else f"{word} {place}"


def _said(roots: Iterable[Root]) -> str:
    return ", ".join(".".join(part for part in (r.schema, r.name, r.column) if part) for r in roots)
