"""Which declared objects an SQL text uses, so that nobody writes dependencies down."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache

import pulumi

from gatepost.insight import known
from gatepost.insight.bodies import read_routine
from gatepost.insight.reading import read
from gatepost.insight.tree import Node, WrongSQL, statements, words
from gatepost.insight.walk import names_written_in

_SEARCHED = "public"
Place = tuple[str, str]
"""Schema and name of an object."""


@dataclass
class Declared:
    """The objects that the running program has declared so far."""

    objects: dict[Place, list[pulumi.Resource]] = field(default_factory=dict)
    rows: list[pulumi.Resource] = field(default_factory=list)
    """What writes rows: later rows may refer to earlier ones."""
    _order: dict[Place, int] = field(default_factory=dict)

    def add(self, schema: str, name: str, resource: pulumi.Resource) -> None:
        """Remember that `resource` makes the object `schema.name`, or belongs to it.

        What writes to a table relies on its constraints, policies and triggers too.
        """
        self._order.setdefault((schema, name), len(self._order))
        self.objects.setdefault((schema, name), []).append(resource)

    def used_in(self, texts: Iterable[str]) -> list[pulumi.Resource]:
        """Return the declared objects that `texts` use, each once, in order of declaration."""
        names = {name for text in texts for name in names_in(text)}
        places = sorted(names & self.objects.keys(), key=self._order.__getitem__)
        return [resource for place in places for resource in self.objects[place]]

    def missing_in(self, sql: str) -> list[str]:
        """Return what a function's body looks up when it runs and neither program nor server has."""
        late = read_routine(sql).late
        unknown = {str(use) for use in late.relations if use.name not in late.made}
        unknown |= {str(use) for use in late.functions}
        kinds = (known.of_server("relation"), known.of_server("function"))
        return sorted(name for name in unknown if not self._has(name, *kinds))

    def _has(self, name: str, *of_server: frozenset[str]) -> bool:
        schema, _, bare = name.rpartition(".")
        is_known = schema in ("", "pg_catalog") and any(bare in names for names in of_server)
        return is_known or (schema or _SEARCHED, bare) in self.objects

    def untracked_in(self, sql: str) -> pulumi.Output[list[str]] | None:
        """Return what nothing declares, as it is known once the whole program has run."""

        async def at_the_end() -> list[str]:
            return self.missing_in(sql)

        try:
            return pulumi.Output.from_input(at_the_end()) if self.missing_in(sql) else None
        except WrongSQL:
            return None  # the provider's check says so


_declared: ContextVar[Declared | None] = ContextVar("gatepost_declared", default=None)


def declared() -> Declared:
    """Return the running program's declarations; each program runs in a context of its own."""
    current = _declared.get()
    if current is None:
        current = Declared()
        _declared.set(current)
    return current


@lru_cache(maxsize=1 << 16)
def names_in(text: str) -> frozenset[Place]:
    """Return every schema and name that `text` uses; a bare name is looked up in `public`.

    What cannot be parsed, such as a part of a statement, may mean whatever it spells.
    """
    return frozenset((schema or _SEARCHED, name) for schema, name in _read(text))


def _read(text: str) -> set[Place]:
    try:
        return read(text, "expression").names()
    except WrongSQL:
        pass
    try:
        routine = read_routine(text)
        return read(text).names() | routine.bound.names() | routine.late.names()
    except WrongSQL:
        return names_written_in(text)


def name_created_by(sql: str) -> Place:
    """Return the schema and name of what a `create function|procedure|view` text makes.

    The provider's `check` reports a text that makes nothing of the kind; until then it is called `public.?`.
    """
    try:
        made = statements(sql)
    except WrongSQL:
        return _SEARCHED, "?"
    for node in made[:1]:
        for kind, name in _MAKERS.items():
            if kind in node:
                return name(node[kind])
    return _SEARCHED, "?"


def _function_name(node: Node) -> Place:
    *schema, name = words(node["funcname"])
    return (schema[-1] if schema else _SEARCHED), name


def _relation_name(node: Node) -> Place:
    place = node.get("view") or node["into"]["rel"]
    return place.get("schemaname", _SEARCHED), place["relname"]


_MAKERS = {
    "CreateFunctionStmt": _function_name,
    "ViewStmt": _relation_name,
    "CreateTableAsStmt": _relation_name,
}
