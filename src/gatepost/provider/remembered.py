"""Facts out of one reading of the catalog, for plans of objects that are not there yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from gatepost.postgres.catalog import Definition, Facts, Key, Size


@dataclass(frozen=True)
class Remembered(Facts):
    """What a deployment read once; only what it cannot know from that is asked of the server."""

    known: Mapping[Key, Definition] = field(default_factory=dict)
    answers: dict[Any, Any] = field(default_factory=dict)
    """Answers that stay the same while new objects are made."""

    def read(self, key: Key) -> Definition | None:
        place = self.planned.present(key)
        return self.known.get(place) if place else None

    def size(self, schema: str, table: str) -> Size:
        return Size() if self._is_new(schema, table) else super().size(schema, table)

    def has_row_security(self, schema: str, table: str) -> bool:
        return not self._is_new(schema, table) and super().has_row_security(schema, table)

    def has_policies(self, schema: str, table: str) -> bool:
        return not self._is_new(schema, table) and super().has_policies(schema, table)

    def may_be_partitioned(self, schema: str, table: str) -> bool:
        there = self.read(Key("tables", schema, table))
        return there is not None and "partitionBy" in there

    def default_grantees(self, schema: str, object_type: str) -> list[str]:
        asked = ("default_grantees", schema, object_type)
        if asked not in self.answers:
            self.answers[asked] = super().default_grantees(schema, object_type)
        return list(self.answers[asked])

    def missing(self, needed: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
        asked = ("missing", needed)
        if asked not in self.answers:
            self.answers[asked] = super().missing(needed)
        found: tuple[str, str] | None = self.answers[asked]
        return found

    def named(self, schema: str, name: str) -> list[Key]:
        asked = ("named", schema)
        if asked not in self.answers:
            self.answers[asked] = by_name = defaultdict(list)
            for key in self._named(schema, None):
                by_name[key.object or key.name].append(key)
        return list(self.answers[asked].get(name, ()))

    def rights(self, place: Mapping[str, str | None]) -> tuple[Any, ...]:
        schema, name = place["schema"], place["name"]
        if name is None or not self._is_new(str(schema), name) or self._names(schema, name):
            return super().rights(place)
        asked = ("rights", schema, place["kind"])
        if asked not in self.answers:
            self.answers[asked] = super().rights({**place, "name": None})
        return cast("tuple[Any, ...]", self.answers[asked])

    def _names(self, schema: str | None, name: str) -> bool:
        """Tell whether anything of that name was there."""
        if "names" not in self.answers:
            self.answers["names"] = {(key.schema, key.name) for key in list(self.known)}
        return (schema, name) in self.answers["names"]

    def _is_new(self, schema: str, table: str) -> bool:
        key = Key("tables", schema, table)
        return key in self.planned.made or key not in self.known
