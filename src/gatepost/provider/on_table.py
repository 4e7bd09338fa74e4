"""What constraints, indexes, policies and triggers share: they belong to a table."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

from pydantic import Field

from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider import comment
from gatepost.provider.kind import Inputs, Kind, Name
from gatepost.provider.sqltext import Part, ident, part, raw, text


class OnTable(Inputs):
    """An object that belongs to a table."""

    db_schema: Name = Field(default="public", alias="schema")
    table: Name
    name: Name
    comment: str | None = None

    @property
    def of(self) -> Part:
        """The table, quoted."""
        return ident(self.db_schema, self.table)

    @property
    def table_name(self) -> str:
        """The table as messages call it."""
        return f"{self.db_schema}.{self.table}"

    @property
    def place(self) -> tuple[str, str]:
        """Schema and name of the table."""
        return self.db_schema, self.table

    @property
    def row(self) -> tuple[tuple[str, tuple[str, str]]]:
        """What an expression of its own can refer to: a row of the table."""
        return ((self.table, (self.db_schema, self.table)),)

    def beside(self, suffix: str) -> str:
        """Return a name for the time that two of them stand side by side."""
        return f"{self.name.encode()[:58].decode(errors='ignore')}{suffix}"

    def same_but(self, other: Any, *names: str) -> bool:
        """Return whether only the properties `names` differ between the two."""
        left, right = self.model_dump(), other.model_dump()
        return all(left[name] == right[name] for name in left if name not in names)


T = TypeVar("T", bound=OnTable)


class OnTableKind(Kind[T]):
    """An object that belongs to a table; a new name and a new comment never make another object."""

    catalog: ClassVar[str]
    word: ClassVar[str]
    """What SQL calls it."""
    remarks: ClassVar[tuple[str, ...]] = ("name", "comment")
    """The properties that the object itself does not depend on."""
    drifts_as: ClassVar[str] = ""
    """The property that stands in for what no declaration says: until it is deployed again, they differ."""

    def key(self, given: T) -> Key:
        return Key(self.catalog, given.db_schema, given.table, given.name)

    def where(self, given: T) -> str:
        """Return the object as messages call it."""
        return f'{self.word} "{given.name}" on "{given.table_name}"'

    def standing(self, old: T, new: T, facts: Facts) -> T | None:
        """A renamed table has taken the object with it."""
        moved = old.model_copy(update={"db_schema": new.db_schema, "table": new.table})
        return next((one for one in (old, moved) if facts.read(self.key(one))), None)

    def update(self, old: T, new: T, facts: Facts) -> Plan:
        if (old.db_schema, old.table) != (new.db_schema, new.table):
            return self.delete(old, facts) + self.create(new, facts)
        if old.same_but(new, *self.remarks):
            renamed = () if old.name == new.name else (self.rename(new, old.name, new.name),)
            return Plan((*renamed, *self.described(new, old.comment)))
        return self.change(old, new, facts)

    @abstractmethod
    def change(self, old: T, new: T, facts: Facts) -> Plan:
        """Return the plan that makes the old object the new one, its comment too."""

    def stand_in(self, inputs: dict[str, Any], then: Definition, now: Definition) -> dict[str, Any]:
        if not self.drifts_as:
            return inputs
        seen = ", ".join(f"{name}: {now[name]}" for name in now)
        return {**inputs, self.drifts_as: [seen] if isinstance(inputs.get(self.drifts_as), list) else seen}

    def delete(self, old: T, facts: Facts) -> Plan:
        return Plan((self.drop(old),) if facts.read(self.key(old)) else ())

    def drop(self, old: T) -> Statement:
        """Return the statement that removes it."""
        sql = text("drop {word} {n} on {t}", word=raw(self.word), n=ident(old.name), t=old.of)
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, old.table_name)

    def rename(self, given: T, old: str, new: str) -> Statement:
        """Return the statement that gives it another name."""
        sql = text(
            "alter {word} {o} on {t} rename to {n}",
            word=raw(self.word),
            o=ident(old),
            t=given.of,
            n=ident(new),
        )
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)

    def described(self, given: T, old: str | None) -> list[Statement]:
        """Return the statement that changes its comment from `old`."""
        return comment.changes(self.place(given), given.table_name, old, given.comment)

    def place(self, given: T) -> Part:
        """Return what `comment on` calls it."""
        return part("{word} {n} on {t}", word=raw(self.word), n=ident(given.name), t=given.of)
