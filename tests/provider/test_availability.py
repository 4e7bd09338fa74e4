"""No client fails while the table changes; how long each waits is for `scripts/bench` to judge."""

from __future__ import annotations

import pytest
from availability import SEQUENCES, populated, safely
from servers import Database

ROWS = 5_000


@pytest.mark.usefixtures("roles")
def test_no_client_fails(database: Database) -> None:
    with populated(database, ROWS) as deploy:
        met = {name: safely(deploy, name, ROWS) for name in SEQUENCES}
    assert {name: one.errors for name, one in met.items() if one.errors} == {}
    assert all(one.statements for one in met.values())
