"""The table whose columns change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import LiteralString

from gatepost.postgres.catalog import Facts, Size
from gatepost.postgres.plan import Hazard, Lock, Risk, Statement, risk
from gatepost.provider.sqltext import Part, ident, literal, part, text


@dataclass(frozen=True)
class Site:
    """A table, what the target knows of it, and statements that alter it."""

    schema: str
    name: str
    becomes: tuple[str, str]
    """Schema and name that it has in the transaction that changes it, and from then on."""
    forced: bool
    facts: Facts
    size: Size

    @property
    def table(self) -> Part:
        """The table as it is called in that transaction, quoted."""
        return ident(*self.becomes)

    @property
    def label(self) -> str:
        """The same as messages call it."""
        return ".".join(self.becomes)

    @property
    def place(self) -> tuple[str, str]:
        """Schema and name that it has until then."""
        return self.schema, self.name

    @property
    def before(self) -> Site:
        """The table under the name that it has until then."""
        return replace(self, becomes=self.place)

    @property
    def moves(self) -> bool:
        """Whether it gets another name or schema."""
        return self.becomes != self.place

    def column(self, name: str) -> Part:
        """Return a column as `comment on` names it."""
        return part("column {t}.{c}", t=self.table, c=ident(name))

    def alter(self, template: LiteralString, **parts: Part) -> Statement:
        """Return a statement that alters the table."""
        sql = text("alter table {t} {clause}", t=self.table, clause=part(template, **parts))
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, self.label)

    def validate(self, constraint: Part) -> Statement:
        """Return what proves a constraint while clients go on."""
        sql = text("alter table {t} validate constraint {k}", t=self.table, k=constraint)
        return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, self.label, "separate", undo="")

    def risk(
        self, hazard: Hazard, column: str, detail: str, lock: Lock = Lock.ACCESS_EXCLUSIVE
    ) -> tuple[Risk, ...]:
        """Return a column's hazard, if there are rows that it concerns."""
        return risk(hazard, f"{self.label}.{column}", detail, size=self.size, lock=lock)

    def regclass(self) -> Part:
        """Return the table's quoted name as a string."""
        return literal(self.table.as_string(None))


def undone_by(undo: Statement | None, statement: Statement) -> Statement:
    """Return a statement that another takes back when a later one fails; None where nothing need."""
    return replace(statement, undo=undo.sql if undo else "")
