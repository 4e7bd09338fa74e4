"""Rows for development, refused everywhere else."""

from __future__ import annotations

from collections.abc import Iterable

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.insight import parse_script
from gatepost.provider.kind import Inputs, Kind

ENVIRONMENTS = ("local", "dev")


class SeedInputs(Inputs):
    """A seed as it is declared."""

    sql: str
    file: str | None = None


class SeedKind(Kind[SeedInputs]):
    """The life of a seed: it runs when its text changes; its rows stay when it goes."""

    token = "gatepost:index:Seed"  # noqa: S105
    inputs = SeedInputs

    def key(self, given: SeedInputs) -> None:
        return None

    def identify(self, given: SeedInputs) -> str:
        return given.file or "seed"

    def check(self, given: SeedInputs, declared: Declarations) -> None:
        where = given.file or "seed"
        if declared.environment not in ENVIRONMENTS:
            raise InvalidDeclaration(
                f"{where}: seeds are for {' and '.join(ENVIRONMENTS)}, not for {declared.environment}"
            )
        parse_script(given.sql, where)

    def texts(self, given: SeedInputs) -> Iterable[Text]:
        yield Text(given.sql, given.file or "seed", "statement")

    def create(self, given: SeedInputs, facts: Facts) -> Plan:
        return Plan((Statement(given.sql, Lock.ROW_EXCLUSIVE, given.file or "seed"),))

    def update(self, old: SeedInputs, new: SeedInputs, facts: Facts) -> Plan:
        return self.create(new, facts) if old.sql != new.sql else Plan()

    def delete(self, old: SeedInputs, facts: Facts) -> Plan:
        return Plan()
