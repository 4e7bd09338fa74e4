"""Objects and properties without a kind of their own — aggregates, rules, statistics — by their SQL."""

from __future__ import annotations

from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.insight.tree import PARSER
from gatepost.postgres.catalog import PROPERTIES, Definition, Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import verbatim_risks
from gatepost.provider.declarations import Declarations
from gatepost.provider.insight import parse_script
from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.sqltext import raw, text

TYPES = (
    "access method", "aggregate", "cast", "collation", "conversion", "event trigger", "foreign data wrapper",
    "foreign table", "language", "operator class", "operator family", "operator", "rule", "server",
    "statistics", "text search configuration", "text search dictionary", "text search parser",
    "text search template", "transform", "type",
)  # fmt: skip
"""What PostgreSQL calls them after `drop`."""


class VerbatimInputs(Inputs):
    """Such an object as it is declared."""

    creates: str
    """What it is, as `drop` calls it: `aggregate public.median(numeric)`; or the property that is set."""
    sql: str
    file: str | None = None

    @property
    def place(self) -> str:
        """The object as the catalog calls it."""
        return " ".join(self.creates.split())

    def statements(self) -> list[str]:
        """Return the statements, one by one."""
        from pglast import split

        with PARSER:
            return list(split(self.sql))


class VerbatimKind(Kind[VerbatimInputs]):
    """The life of an object that is made, and made again, by the statements that are given."""

    token = "gatepost:index:Verbatim"  # noqa: S105
    inputs = VerbatimInputs

    def key(self, given: VerbatimInputs) -> Key:
        return Key("verbatim", "", given.place)

    def identify(self, given: VerbatimInputs) -> str:
        return given.place

    def check(self, given: VerbatimInputs, declared: Declarations) -> None:
        where = given.file or given.place
        known = (*(f"{name} " for name in TYPES), *PROPERTIES)
        if not given.place.startswith(known):
            listed = ", ".join(one.strip() for one in known)
            raise InvalidDeclaration(f"{where}: {given.place} begins with none of {listed}")
        if not parse_script(given.sql, where):
            raise InvalidDeclaration(f"{where}: expected the statements that make {given.place}, got none")

    def replaces(self, old: VerbatimInputs, new: VerbatimInputs) -> list[str]:
        """Another object is another resource."""
        return ["creates"] if old.place != new.place else []

    def create(self, given: VerbatimInputs, facts: Facts) -> Plan:
        lock = Lock.ACCESS_EXCLUSIVE if self.key(given).is_property else Lock.NONE
        risks = verbatim_risks.risks_of(given.sql, given.file or given.place, facts)
        return Plan(tuple(Statement(one, lock, given.place) for one in given.statements()), risks)

    def update(self, old: VerbatimInputs, new: VerbatimInputs, facts: Facts) -> Plan:
        """Nothing is known of what it does: it is dropped and made again, in one transaction."""
        if old.sql == new.sql:
            return Plan()
        return Plan(self._undone(old, facts), _otherwise(new)) + self.create(new, facts)

    def delete(self, old: VerbatimInputs, facts: Facts) -> Plan:
        gone = self._undone(old, facts)
        if not gone or self.key(old).is_property:
            return Plan(gone)
        return Plan(gone, risk(Hazard.BREAKS_CLIENTS, old.place, "Statements that use it fail from then on."))

    def _undone(self, old: VerbatimInputs, facts: Facts) -> tuple[Statement, ...]:
        """Return what drops the object, or sets the property back to what goes without saying."""
        found = facts.read(self.key(old))
        if found is None:
            return ()
        sql = str(found["undo"]) if "undo" in found else text("drop {what}", what=raw(old.place))
        return (Statement(sql, Lock.ACCESS_EXCLUSIVE, old.place),)

    def stand_in(self, inputs: dict[str, Any], then: Definition, now: Definition) -> dict[str, Any]:
        seen = ", ".join(f"{name}: {now[name]}" for name in now if then.get(name) != now[name])
        lost = ", ".join(f"{name}: nothing" for name in then if name not in now)
        return {**inputs, "sql": "; ".join(part for part in (seen, lost) if part) or inputs["sql"]}


def _otherwise(given: VerbatimInputs) -> tuple[Risk, ...]:
    """Return what other statements do: what is known of them is for whom they may matter."""
    if VerbatimKind().key(given).is_property:
        return ()
    detail = "It is made again by other statements, which nobody judges but their reader."
    found = risk(Hazard.BREAKS_CLIENTS, given.place, detail)
    if given.place.startswith("event trigger "):
        found += risk(Hazard.CHANGES_ACCESS, given.place, "What it did or refused is no longer the same.")
    return found
