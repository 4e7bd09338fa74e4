"""What a query uses, followed by name: its tables, their policies, the functions that these call, and so on.

A word that is by chance an object's name counts as one: more is found than is used, never less.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from gatepost.postgres.catalog import Definition, Key

Objects = Mapping[Key, Definition]
Words = frozenset[str]
_WORD = re.compile(r"\w+")
_WRITING = frozenset(("insert", "update", "delete", "merge", "truncate"))
_REFERENCE = re.compile(r"FOREIGN KEY .* REFERENCES (?:.*\.)?([^.(]+)\(")


def words(text: str) -> Words:
    """Return the words of a text, in lower case."""
    return frozenset(_WORD.findall(text.lower()))


class Uses:
    """The objects of a database, by how each is reached and what it names."""

    def __init__(self, objects: Objects) -> None:
        self._reached_by = {key: [words(key.name), *_parents(one)] for key, one in objects.items()}
        self._names = {key: words(f"{key.name} {json.dumps(one)}") for key, one in objects.items()}
        self._referred = {
            key: words(match[1])
            for key, one in objects.items()
            if key.kind == "constraints" and (match := _REFERENCE.match(one["definition"]))
        }

    def of(self, statement: str) -> frozenset[Key] | None:
        """Return what a statement may use; None where that is anything.

        A function may put together its statements while it runs.
        """
        found = self._followed(words(statement), writes=False)
        if self._say(found, _WRITING) or _WRITING & words(statement):
            found = self._followed(words(statement), writes=True)
        return None if self._say(found, {"execute"}) else found

    def _say(self, found: frozenset[Key], sought: set[str] | Words) -> bool:
        return any(key.kind == "functions" and self._names[key] & sought for key in found)

    def _followed(self, names: Words, *, writes: bool) -> frozenset[Key]:
        found, known = set[Key](), set(names)
        while new := set(self._reached(known, writes)) - found:
            found |= new
            known.update(*(self._names[key] for key in new if writes or not self._is_for_writes(key)))
        return frozenset(found)

    def _reached(self, known: set[str], writes: bool) -> Iterator[Key]:
        for key, ways in self._reached_by.items():
            if any(way <= known for way in ways) or (writes and self._refers(key, known)):
                yield key

    def _refers(self, key: Key, known: set[str]) -> bool:
        return key in self._referred and self._referred[key] <= known

    def _is_for_writes(self, key: Key) -> bool:
        return key.kind == "triggers" or key in self._referred


def _parents(definition: Definition) -> list[Words]:
    """Return how a table is reached by those that it inherits from: who reads one reads its heirs."""
    return [words(one["table"]) for one in definition.get("inherits", ())]
