"""Names that the program's resources claim: PostgreSQL gives each to one object only."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Key
from gatepost.provider.kind import Inputs

_ROWS = frozenset({"tables", "views", "materialized_views"})
RELATIONS = _ROWS | {"indexes", "sequences"}
"""The kinds whose names share one space in each schema."""
_WITH_INDEX = frozenset({"primary_key", "unique", "exclusion"})
"""The constraints that make an index of their name."""


@dataclass
class Claims:
    """Who claims which name."""

    declared: dict[Key, tuple[str, Inputs]] = field(default_factory=dict)
    """The URN and declaration of each object."""
    _owners: dict[tuple[str, ...], str] = field(default_factory=dict)

    def claim(self, key: Key | None, given: Inputs, urn: str) -> None:
        """Note the names that a resource claims.

        :raises InvalidDeclaration: another resource claims one of them too.
        """
        if key:
            self.declared[key] = urn, given
        for name in _names(key, given) if key else ():
            owner = self._owners.setdefault(name, urn)
            if owner != urn:
                *_, kind, resource = owner.split("::")
                called = f'{kind.rpartition(":")[2]} "{resource}"'
                raise InvalidDeclaration(
                    f"{'.'.join(part for part in name[1:] if part)} is the name of {called} too:"
                    " PostgreSQL gives a name to one object only, so change one of the two"
                )


def _names(key: Key, given: Inputs) -> list[tuple[str, ...]]:
    """Return the claimed names with the space that each is unique in; a table is a type as well."""
    own = (key.kind, key.schema, key.name, key.object)
    relation = ("relation", key.schema, key.object or key.name)
    if key.kind == "constraints":
        return [own, relation] if getattr(given, "kind", None) in _WITH_INDEX else [own]
    if key.kind in _ROWS:
        parts = getattr(given, "partitions", ())
        places = [(one.db_schema or key.schema, one.name) for one in parts]
        return [relation, ("types", key.schema, key.name, ""), *(("relation", *place) for place in places)]
    return [relation] if key.kind in RELATIONS else [own]
