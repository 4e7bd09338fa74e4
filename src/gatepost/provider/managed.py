"""What the resources of one database make up, and what somebody added to it by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog.clauses import Clauses
from gatepost.provider.types import is_serial

_ON_RELATIONS = frozenset({"constraints", "indexes", "policies", "triggers"})
_RELATIONS = ("tables", "views", "materialized_views")
_BESIDE = ("__new", "__old")
"""How what stands beside an object while it changes is called: the end of its name."""


@dataclass(frozen=True)
class Managed:
    """What is declared of one database."""

    declared: Mapping[Key, Mapping[str, object]]
    """The inputs of each object."""
    schemas: frozenset[str]
    """Schemas that the program makes, or has objects in."""
    existing: tuple[str, ...] = ()
    """Patterns of what is known to be there besides."""
    elsewhere: Mapping[Key, Mapping[str, object]] = field(default_factory=dict)
    """What other stacks declare of it."""

    def additions(self, catalog: Mapping[Key, Definition]) -> Iterator[Key]:
        """Yield what the catalog has in the midst of what is declared, and nobody declares."""
        relations = self._relations(catalog)
        serials = self._serials()
        for key, definition in catalog.items():
            if key in self.declared or key in self.elsewhere or self._stands_beside(key):
                continue
            if key.kind in _ON_RELATIONS:
                added = (key.schema, key.name) in relations
            elif key.kind == "publications":
                added = self._publishes(definition, relations)
            elif key.kind == "verbatim":
                added = self._speaks_of_ours(f"{key.name} {definition.get('function', '')}")
            else:
                added = key.schema in self.schemas and _owner(definition) not in serials
            if added and not self._is_known(key):
                yield key

    def _relations(self, catalog: Mapping[Key, Definition]) -> set[tuple[str, str]]:
        """Return the declared tables and views, and the partitions of those tables."""
        found = {(key.schema, key.name) for key in self.declared if key.kind in _RELATIONS}
        for key in self.declared:
            parts = catalog.get(key, {}).get("partitions") or () if key.kind == "tables" else ()
            found |= {(one.get("schema") or key.schema, one["name"]) for one in parts}
        return found

    def _serials(self) -> set[tuple[str, ...]]:
        """Return the columns whose sequences PostgreSQL made: schema, table and name."""
        return {
            (key.schema, key.name, column["name"])
            for key, given in (*self.declared.items(), *self.elsewhere.items())
            for column in _columns(given)
            if is_serial(column["type"])
        }

    def _stands_beside(self, key: Key) -> bool:
        """Tell whether a change of a declared object that is under way made it."""
        own = key.object if key.kind in _ON_RELATIONS else key.name
        stem = next((own.removesuffix(end) for end in _BESIDE if own.endswith(end)), None)
        if stem is None:
            return False
        known = (*self.declared, *self.elsewhere)
        names = (one.object if key.kind in _ON_RELATIONS else one.name for one in known)
        return any(name.startswith(stem) for name in names)

    def _publishes(self, definition: Definition, relations: set[tuple[str, str]]) -> bool:
        tables = {(one["schema"], one["table"]) for one in definition["tables"]}
        named = self.schemas & set(definition["schemas"])
        return bool(definition["allTables"] or named or tables & relations)

    def _speaks_of_ours(self, name: str) -> bool:
        """Tell whether it is in one of the schemas, calls what is in one, or is said of one."""
        places = "|".join(re.escape(_quoted(one)) for one in sorted(self.schemas))
        return re.search(rf"(^|\W)({places})\.|^comment on schema ({places}) ", name) is not None

    def _is_known(self, key: Key) -> bool:
        place = f"{key.schema}.{key.name}" if key.schema else key.name
        return self.is_existing(place, f"{place}.{key.object}", key.name)

    def is_existing(self, *names: str) -> bool:
        """Tell whether what has one of these names is known to be there besides."""
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.existing)


def managed(
    declared: Mapping[Key, Mapping[str, object]],
    schemas: Iterable[str],
    existing: tuple[str, ...],
    elsewhere: Mapping[Key, Mapping[str, object]],
) -> Managed:
    """Return what is managed: the schemas that the program makes, and those that it has objects in."""
    used = {key.schema for key in declared if key.schema}
    return Managed(declared, frozenset({*schemas, *used}), existing, elsewhere)


def _owner(definition: Definition) -> tuple[str, ...]:
    """Return the column that owns a sequence; nothing where none does."""
    return tuple(Clauses(definition["ownedBy"]).name()) if definition.get("ownedBy") else ()


def _columns(given: Mapping[str, object]) -> list[dict[str, str]]:
    columns = given.get("columns")
    return [one for one in columns if isinstance(one, dict)] if isinstance(columns, list) else []


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_$]*", name) else '"' + name.replace('"', '""') + '"'
