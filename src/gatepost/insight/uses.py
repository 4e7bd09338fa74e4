"""What can be used in SQL: relations, functions, types and columns, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Columns = frozenset[str]
Source = Columns | tuple[str, str] | None
"""What a name in sight has: these columns, those of a relation (schema, name), or nobody knows."""
Scope = Mapping[str, Source]
ANY = "?"
"""Something without a name of its own: every reference might mean it."""
FIELDS: Columns = frozenset({ANY})
"""What a variable has: any column may be read after its name, none without."""


@dataclass(frozen=True, slots=True)
class Use:
    """A name as it is used; `schema` is empty where none is written."""

    schema: str
    name: str
    offset: int
    arguments: int = -1
    """How many arguments a function is called with."""

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A reference to a column, with everything that it might belong to."""

    names: tuple[str, ...]
    offset: int
    scopes: tuple[Scope, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(slots=True)
class Reading:
    """Everything that a text names."""

    relations: list[Use] = field(default_factory=list)
    functions: list[Use] = field(default_factory=list)
    types: list[Use] = field(default_factory=list)
    columns: list[ColumnUse] = field(default_factory=list)
    literals: set[tuple[str, str]] = field(default_factory=set)
    """Names in string constants: dynamic SQL and `'posts'::regclass` use them, anything else may."""
    made: set[str] = field(default_factory=set)
    """Relations that the text makes for itself."""

    def names(self) -> set[tuple[str, str]]:
        """Return schema and name of every object that the text may use; unwritten schemas are empty."""
        uses = (*self.relations, *self.functions, *self.types)
        return {(use.schema, use.name) for use in uses} | self.literals
