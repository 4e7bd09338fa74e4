"""What a deployment has planned so far: in a preview, later plans see it as done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatepost.postgres.catalog import Key

_ON_TABLES = frozenset({"constraints", "indexes", "policies", "triggers"})


@dataclass
class Planned:
    """Objects that got another name, and tables that were made."""

    moves: dict[Key, Key] = field(default_factory=dict)
    """Where an object was, by where it will be."""
    left: set[Key] = field(default_factory=set)
    made: set[Key] = field(default_factory=set)
    secured: set[Key] = field(default_factory=set)
    """Tables on which this deployment turns row security on: its policies take nobody's part before that."""

    constrained: set[Key] = field(default_factory=set)
    """Domains that get a check, or take no null, in this deployment."""
    keys: set[tuple[tuple[str, str], frozenset[str]]] = field(default_factory=set)
    """The keys that foreign keys can refer to and this deployment makes: by schema and table, and columns."""
    calling: dict[Key, frozenset[tuple[str, int]]] = field(default_factory=dict)
    """The functions that what changes calls from then on, and with how many arguments; of what goes none."""

    def move(self, old: Key, new: Key) -> None:
        """Note that an object gets another name or place."""
        self.moves[new] = self.moves.pop(old, old)
        self.left.add(old)
        self.left.discard(new)

    def make(self, key: Key) -> None:
        """Note that an object is made."""
        self.made.add(key)

    def is_new(self, on: str) -> bool:
        """Return whether `on` (`schema.table`, or something below it) is made in this deployment."""
        places = (f"{key.schema}.{key.name}" for key in tuple(self.made) if key.kind == "tables")
        return any(on == place or on.startswith(f"{place}.") for place in places)

    def present(self, key: Key) -> Key | None:
        """Return where an object is before the plans run; None where they only bring it there."""
        if not self.moves and not self.left:
            return key
        if key in self.moves:
            return self.moves[key]
        if key in self.left:
            return None
        return self._below(key) if key.kind in _ON_TABLES else key

    def _below(self, key: Key) -> Key | None:
        """What belongs to a table goes with it."""
        table = self.present(replace(key, kind="tables", object=""))
        if table is None:
            return None
        return replace(key, schema=table.schema, name=table.name)
