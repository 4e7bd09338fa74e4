"""No client waits or fails while the table changes; with a million rows: `scripts/bench`."""

from __future__ import annotations

from availability import SEQUENCES, populated, safely
from servers import Database

ROWS = 20_000
LONGEST = 1.0


def test_nobody_waits_and_nothing_fails(database: Database, roles: tuple[str, ...]) -> None:
    with populated(database, ROWS) as deploy:
        met = {name: safely(deploy, name, ROWS) for name in SEQUENCES}
    assert {name: one.errors for name, one in met.items() if one.errors} == {}
    assert {name: one.longest for name, one in met.items() if one.longest > LONGEST} == {}
    assert all(one.statements > 100 for one in met.values())
