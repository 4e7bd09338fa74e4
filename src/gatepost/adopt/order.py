"""In which order, and in which modules, a program declares the objects of a database."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gatepost.adopt.database import RELATIONS, Body, Database, partitions, relation_of
from gatepost.postgres.catalog import Key

_ORDER = (
    "verbatim",
    "types",
    "sequences",
    "tables",
    "views",
    "materialized_views",
    "constraints",
    "indexes",
    "policies",
    "functions",
    "triggers",
    "publications",
)
_NAME = re.compile(r'"((?:[^"]|"")+)"|([a-z_][\w$]*)', re.IGNORECASE)
LARGE = 20
"""A schema with more tables than this is divided into features."""
TOGETHER = 3
"""So many tables whose names begin alike are a feature of their own."""


@dataclass
class Module:
    """A module of the program: what it is called and what it declares, in order."""

    name: str
    title: str
    objects: list[Key] = field(default_factory=list)


def modules(database: Database) -> list[Module]:
    """Return the program's modules in the order in which they are to be imported.

    An object comes after what it needs. Where two modules need each other, one of them is continued in a
    module of its own.
    """
    homes = _features(database)
    needs = {key: found & database.definitions.keys() for key, found in database.needs.items()}
    hoped = _named_in_bodies(database)
    parts = partitions(database.definitions)
    made: list[Module] = []
    for feature, objects in _runs(homes, needs, hoped):
        ordered = _grouped(objects, needs, hoped, parts)
        again = any(one.title == feature for one in made)
        name = f"{feature}_after_{made[-1].title}" if again else feature
        made.append(Module(_free(name, made), feature, ordered))
    return made


def _free(name: str, made: Iterable[Module]) -> str:
    taken = {one.name for one in made}
    numbered = (f"{name}_{number}" for number in range(2, 1000))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _features(database: Database) -> dict[Key, str]:
    """Return each object's feature: its schema, or in a large one what its table's name begins with."""
    tables = Counter(key.schema for key in database.definitions if key.kind == "tables")
    words = Counter(
        (key.schema, _first_word(key.name)) for key in database.definitions if key.kind == "tables"
    )
    homes = {}
    for key in database.definitions:
        word = _first_word(key.name)
        divided = tables[key.schema] > LARGE and words[key.schema, word] >= TOGETHER
        of_relation = key.kind not in ("functions", "types", "verbatim")
        schema = key.schema or _schema_in(key.name)
        homes[key] = identifier(word) if divided and of_relation else identifier(schema)
    for key in filter(lambda key: key.is_property, database.definitions):
        found = (homes[one] for one in sorted(database.needs[key] & homes.keys(), key=_rank))
        homes[key] = next(found, homes[key])
    return homes


def _schema_in(name: str) -> str:
    """Return the schema in the name of an object that has no kind of its own."""
    found = re.search(r'("?)([^\s".]+)\1\.', name)
    return found[2] if found else "database"


def _first_word(name: str) -> str:
    word = name.split("_")[0].lower()
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def identifier(name: str) -> str:
    """Return a name as Python may spell it."""
    spelled = re.sub(r"\W", "_", name).lower().strip("_") or "unnamed"
    return f"_{spelled}" if spelled[0].isdigit() else spelled


def _named_in_bodies(database: Database) -> dict[Key, set[Key]]:
    """Return which objects the text of each function names, as far as names tell."""
    by_name: dict[str, set[Key]] = defaultdict(set)
    for key in database.definitions:
        if key.kind in (*RELATIONS, "functions", "types", "sequences"):
            by_name[key.name].add(key)
    return {
        key: {other for name in _names(body) for other in by_name.get(name, ()) if other != key}
        for key, body in database.bodies.items()
        if body.language in ("sql", "plpgsql")
    }


def _names(body: Body) -> set[str]:
    return {
        quoted.replace('""', '"') if quoted else plain.lower() for quoted, plain in _NAME.findall(body.text)
    }


def _runs(
    homes: Mapping[Key, str], needs: Mapping[Key, set[Key]], hoped: Mapping[Key, set[Key]]
) -> Iterable[tuple[str, list[Key]]]:
    """Yield features with what of theirs can be declared by then, changing between them rarely."""
    left: dict[str, set[Key]] = defaultdict(set)
    for key, home in homes.items():
        left[home].add(key)
    done: set[Key] = set()
    hopes = {key: set(found) for key, found in hoped.items()}
    while left:
        ready = {home: _closure(keys, done, needs, hopes) for home, keys in left.items()}
        home = max(sorted(left), key=lambda one: (len(ready[one]) / len(left[one]), len(ready[one])))
        if not ready[home]:
            _give_up_hope(left, needs, hopes, done)
            continue
        done |= ready[home]
        left[home] -= ready[home]
        yield home, sorted(ready[home], key=_rank)
        if not left[home]:
            del left[home]


def _closure(
    keys: set[Key], done: set[Key], needs: Mapping[Key, set[Key]], hopes: Mapping[Key, set[Key]]
) -> set[Key]:
    """Return what of `keys` can be declared after `done`, each after what it needs."""
    missing = {key: (needs[key] | hopes.get(key, set())) - done for key in keys}
    users: dict[Key, list[Key]] = defaultdict(list)
    for key, others in missing.items():
        for other in others:
            users[other].append(key)
    able = [key for key, others in missing.items() if not others]
    made: set[Key] = set()
    while able:
        made.add(one := able.pop())
        for user in users[one]:
            missing[user].discard(one)
            if not missing[user]:
                able.append(user)
    return made


def _give_up_hope(
    left: Mapping[str, set[Key]],
    needs: Mapping[Key, set[Key]],
    hopes: dict[Key, set[Key]],
    done: set[Key],
) -> None:
    """Two functions may call each other: one is declared first; its language looks at names when it runs."""
    waiting = sorted((key for keys in left.values() for key in keys), key=_rank)
    for key in waiting:
        if hopes.get(key, set()) - done and needs[key] <= done:
            hopes[key] = set()
            return
    for key in waiting:
        if hopes.get(key, set()) - done:
            hopes[key] = set()
            return
    raise AssertionError(f"these need each other: {waiting}")


def _rank(key: Key) -> tuple[str, int, str, str]:
    return key.schema, _ORDER.index(key.kind), key.name, key.object


def _grouped(
    objects: list[Key],
    needs: Mapping[Key, set[Key]],
    hoped: Mapping[Key, set[Key]],
    parts: Mapping[Key, Key],
) -> list[Key]:
    """Return the objects in an order that keeps what belongs to a table with it."""
    within = set(objects)
    heads = {key: relation_of(key, within, parts) or key for key in objects}
    wants = {key: (needs[key] | hoped.get(key, set())) & within for key in objects}
    order = _Order(heads, wants)
    for key in objects:
        order.start(heads[key])
    while order.waiting:
        able = (key for key in order.waiting if needs[key] & within <= order.done)
        order.declare(next(able, order.waiting[0]))
    return order.keys


class _Order:
    """Objects in the order in which they are declared, table by table."""

    def __init__(self, heads: Mapping[Key, Key], wants: Mapping[Key, set[Key]]) -> None:
        self._heads = heads
        self._wants = wants
        self._groups: dict[Key, list[Key]] = defaultdict(list)
        for key, head in heads.items():
            self._groups[head].append(key)
        self._started: set[Key] = set()
        self.keys: list[Key] = []
        self.done: set[Key] = set()
        self.waiting: list[Key] = []

    def start(self, head: Key) -> None:
        """Declare a table with what belongs to it, after everything that it wants."""
        if head in self._started:
            return
        self._started.add(head)
        path = [(head, self._wanted(head))]
        while path:
            current, others = path[-1]
            if other := next((one for one in others if one not in self._started), None):
                self._started.add(other)
                path.append((other, self._wanted(other)))
            else:
                path.pop()
                self.waiting += self._groups[current]
                self._settle()

    def _wanted(self, head: Key) -> Iterator[Key]:
        for key in self._groups[head]:
            for other in sorted(self._wants[key], key=_rank):
                yield self._heads[other]

    def declare(self, key: Key) -> None:
        """Declare an object, and what waited for it."""
        self._add(key)
        self._settle()

    def _settle(self) -> None:
        while ready := [key for key in self.waiting if self._wants[key] <= self.done]:
            for key in ready:
                self._add(key)

    def _add(self, key: Key) -> None:
        self.keys.append(key)
        self.done.add(key)
        self.waiting.remove(key)
