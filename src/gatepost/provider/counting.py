"""How a sequence counts: what other steps, limits or an end do to whoever takes numbers from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.provider.sqltext import ident, text
from gatepost.provider.types import read_type

_HIGHEST = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1}


@dataclass(frozen=True)
class Counting:
    """The steps and limits of a sequence, as far as they are said."""

    type: str
    increment: int = 1
    minvalue: int | None = None
    maxvalue: int | None = None
    cycle: bool = False

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest number."""
        highest = _HIGHEST.get(read_type(self.type).name, _HIGHEST["int8"])
        usual = (1, highest) if self.increment > 0 else (-highest - 1, -1)
        low, high = self.minvalue, self.maxvalue
        return usual[0] if low is None else low, usual[1] if high is None else high


def differences(old: Counting, new: Counting) -> Iterator[str]:
    """Yield, as sentences, what does not suit whoever counts on the numbers as they were."""
    (low, high), (lowest, highest) = old.limits, new.limits
    if new.increment != old.increment:
        yield f"It counts by {new.increment}, no longer by {old.increment}."
    if lowest > low or highest < high:
        yield f"It has the numbers {lowest} to {highest}, no longer {low} to {high}."
    if old.cycle and not new.cycle:
        yield "It does not begin again after its last number."
    if new.cycle and not old.cycle:
        yield "It begins again after its last number: numbers come twice."


def is_used(place: tuple[str, str] | None, facts: Facts) -> bool:
    """Return whether somebody took a number from the sequence at a schema and name."""
    return _position(place, facts)[1]


def must_restart(label: str, place: tuple[str, str] | None, new: Counting, facts: Facts) -> bool:
    """Return whether a sequence nobody took a number from stands outside its new limits.

    :raises InvalidDeclaration: somebody did, and PostgreSQL does not let go of where it stands.
    """
    (stands, used), (low, high) = _position(place, facts), new.limits
    if stands is None or low <= stands <= high:
        return False
    if used:
        raise InvalidDeclaration(
            f"{label} has counted to {stands}, which is not within {low} and {high}: give it limits that"
            " hold it, or set it back by hand (setval) first"
        )
    return True


def _position(place: tuple[str, str] | None, facts: Facts) -> tuple[int | None, bool]:
    """Return where it stands, and whether that number was taken: it may be, where the role cannot read it."""
    if place is None or facts.connection is None:
        return None, False
    name = ident(*place).as_string(None)
    readable = facts.connection.execute("select has_sequence_privilege(%s, 'select')", [name]).fetchone()
    if readable != (True,):
        return None, True
    asked = text("select last_value, is_called from {s}", s=ident(*place))
    found = facts.connection.execute(asked.encode()).fetchone()
    return cast("tuple[int, bool]", found)
