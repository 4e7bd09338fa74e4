"""Backfills: rows that are there are given what new ones have, a short transaction a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Plan
from gatepost.provider.batches import Fill, fill
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.kind import Inputs, Kind, Name, require_columns
from gatepost.provider.renaming import Renaming


class BackfillInputs(Inputs):
    """A backfill as it is declared."""

    db_schema: Name = Field(default="public", alias="schema")
    table: Name
    name: Name
    sets: dict[Name, str] = Field(min_length=1)
    where: str
    batch: int = Field(default=1000, ge=1, le=100_000)
    pause: float = Field(default=0.01, ge=0, le=60)

    @property
    def task(self) -> Fill:
        """What is to be filled."""
        name = f"{self.db_schema}.{self.table}: {self.name}"
        return Fill(
            name, self.db_schema, self.table, dict(self.sets), self.where, int(self.batch), self.pause
        )


class BackfillKind(Kind[BackfillInputs]):
    """The life of a backfill: run once, and again when what it sets or in which rows changes."""

    token = "gatepost:index:Backfill"  # noqa: S105
    inputs = BackfillInputs
    leaves_a_trace = False

    def key(self, given: BackfillInputs) -> None:
        return None

    def identify(self, given: BackfillInputs) -> str:
        return given.task.name

    def check(self, given: BackfillInputs, declared: Declarations) -> None:
        where = f'backfill "{given.name}"'
        known = declared.columns_of(given.db_schema, given.table)
        require_columns(given.sets, known, where, given.table)
        if given.where.strip().lower() == "true":
            raise InvalidDeclaration(
                f"{where}: where says which rows still need it: once they are set, none may match any more"
            )

    def texts(self, given: BackfillInputs) -> Iterable[Text]:
        row = ((given.table, (given.db_schema, given.table)),)
        for sql in (*given.sets.values(), given.where):
            yield Text(sql, f'backfill "{given.name}"', own=row)

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """How fast it goes makes no other backfill of it."""
        return [name for name in super().differences(old, new) if name not in ("batch", "pause")]

    def in_new_names(self, old: BackfillInputs, new: BackfillInputs, renaming: Renaming) -> BackfillInputs:
        place = old.db_schema, old.table
        own, columns = ((old.table, place),), renaming.listed(place, list(old.sets))
        sets = {
            name: renaming.respelled(value, new.sets.get(name), "expression", own) or value
            for name, value in zip(columns, old.sets.values(), strict=True)
        }
        where = renaming.respelled(old.where, new.where, "expression", own)
        return old.model_copy(update={"sets": sets, "where": where})

    def create(self, given: BackfillInputs, facts: Facts) -> Plan:
        return fill(given.task, facts)

    def update(self, old: BackfillInputs, new: BackfillInputs, facts: Facts) -> Plan:
        if (old.task.task, old.name) == (new.task.task, new.name):
            return Plan()
        return self.create(new, facts)

    def delete(self, old: BackfillInputs, facts: Facts) -> Plan:
        return Plan()
