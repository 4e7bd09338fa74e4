"""Functions that others ask: with another body policies decide otherwise, and results are out of date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from gatepost.postgres.catalog import Facts, query
from gatepost.postgres.plan import Hazard, Lock, Risk, risk

_DECIDED = ("policy", "view")
_Asking = tuple[str, str, str, str, bool]
"""The kind of what asks, its name, its table's schema and name, and whether it asks by itself."""


def of_function(
    place: tuple[str, str], on: str, facts: Facts, *, is_definer: bool = False, anew: bool = False
) -> tuple[Risk, ...]:
    """Return what another body of a function does to the rows that are decided or computed by it.

    :param place: its schema and name.
    :param is_definer: whether it is told anyway that it lets others see more.
    :param anew: whether what asks it by itself is made again with it.
    """
    asking = list(_asking(place, facts))
    deciding = [_said(one) for one in asking if one[0] in _DECIDED and not is_definer]
    keeping = [_said(one) for one in asking if one[0] not in _DECIDED and not (anew and one[4])]
    found: tuple[Risk, ...] = ()
    if deciding:
        detail = f"Its body does something else, and decides for {', '.join(deciding)}."
        found += risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.NONE)
    if keeping:
        detail = f"{', '.join(keeping)} keeps what it returned: give it another name, and them with it."
        found += risk(Hazard.OUTDATES_VALUES, on, detail, lock=Lock.NONE)
    return found


def _asking(place: tuple[str, str], facts: Facts) -> Iterator[_Asking]:
    """Yield what asks the function, where there are rows."""
    if facts.connection is None:
        return
    rows = facts.connection.execute(query("deciding"), {"schema": place[0], "name": place[1]}).fetchall()
    for one in cast("list[_Asking]", rows):
        if one[0] == "view" or not facts.exposed(one[2], one[3]).empty:
            yield one


def _said(one: _Asking) -> str:
    kind, name, schema, table, _ = one
    return f"{kind} {name}" if kind == "view" else f"{kind} {name} on {schema}.{table}"
