"""Two queries that work with their owner's rights: what the second shows and the first did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatepost.postgres.plan import Hazard, Lock, Risk, risk
from gatepost.provider.exposure import Place
from gatepost.provider.implication import TRUE, Term, implies, plain, term_of

_HOW = "with its owner's rights"


@dataclass(frozen=True)
class Shown:
    """A query, and the relations that it reads."""

    query: Any
    used: frozenset[Place]

    @property
    def rest(self) -> Term:
        """All of it but which columns of which rows."""
        return plain(self.query, "targetList", "whereClause")

    @property
    def condition(self) -> Term:
        """Which rows it shows."""
        where = self.query.whereClause
        return TRUE if where is None else term_of(where)

    @property
    def columns(self) -> dict[Term, str]:
        """What it shows of each row, with a name for messages."""
        return {plain(one.val): _called(one) for one in self.query.targetList or ()}

    @property
    def has_star(self) -> bool:
        """Whether it shows all that a table has."""
        return any(name == "*" for name in self.columns.values())


def compare(on: str, old: Shown, new: Shown, gained: frozenset[str] = frozenset()) -> tuple[Risk, ...]:
    """Return what shows more, less, or other things.

    :param gained: the columns of the second that the first has not, where both have names.
    """
    more = begins_to_read(on, old.used, new.used)
    if old.rest != new.rest:
        return more or otherwise(on, f"It shows rows of another query, {_HOW}.")
    before, after = old.condition, new.condition
    more = more or _columns(on, old, new, gained)
    if not more and not implies(after, before):
        more = widens(on, f"It shows rows that it hid, {_HOW}.")
    if implies(before, after):
        return more
    return more + risk(Hazard.CHANGES_ACCESS, on, "It hides rows that it showed.", lock=Lock.NONE)


def begins_to_read(on: str, old: frozenset[Place], new: frozenset[Place]) -> tuple[Risk, ...]:
    """Return the hazard of reading what was not read before."""
    names = sorted(f"{schema}.{name}" for schema, name in new - old)
    return widens(on, f"It uses {', '.join(names)} from now on, {_HOW}.") if names else ()


def widens(on: str, detail: str) -> tuple[Risk, ...]:
    """Return the hazard that somebody sees more."""
    return risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.NONE)


def otherwise(on: str, detail: str) -> tuple[Risk, ...]:
    """Return the hazards of what may show more as well as less."""
    return widens(on, detail) + risk(Hazard.CHANGES_ACCESS, on, detail, lock=Lock.NONE)


def _columns(on: str, old: Shown, new: Shown, gained: frozenset[str]) -> tuple[Risk, ...]:
    had, has = old.columns, new.columns
    fresh = {name for value, name in has.items() if value not in had and name != "*"}
    if new.has_star or old.has_star:  # a star says nothing: the names that were there are the same columns
        bare = {name for value, name in has.items() if value[0] == "ColumnRef"}
        fresh = (fresh - (bare - gained)) | (gained if new.has_star else frozenset())
    names = ", ".join(sorted(fresh))
    return widens(on, f"It shows {names} from now on, {_HOW}.") if fresh else ()


def _called(target: Any) -> str:
    from pglast import ast

    if target.name:
        return str(target.name)
    if isinstance(target.val, ast.ColumnRef):
        last = target.val.fields[-1]  # type: ignore[index]
        return str(getattr(last, "sval", "*"))
    return "an expression"
