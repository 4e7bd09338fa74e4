"""Who asks: everybody that a rule tells from others, guests included, has rows to ask for."""

from __future__ import annotations

import pytest
from fix_tenants import Laboratory

SHARED = "public.students"


@pytest.mark.parametrize("label", ["guest 1", "guest 2", "owner of rows with guest 1 as guest_client_id"])
def test_guests_have_rows_of_their_own(laboratory: Laboratory, label: str) -> None:
    [asker] = [one for one in laboratory.world.askers if one.label == f"authenticated: {label}"]
    reached = laboratory.world.oracle.reaches(asker, SHARED, "select")
    rows = [laboratory.world.rows[SHARED][key] for key in reached]
    assert dict(asker.claims).popitem()[1] in {row["client_id"] for row in rows if row["user_id"] is None}


def test_two_guests_share_no_row(laboratory: Laboratory) -> None:
    guests = [one for one in laboratory.world.askers if ": guest " in one.label]
    one, other = (laboratory.world.oracle.reaches(guest, SHARED, "select") for guest in guests)
    assert not one & other


def test_postgresql_agrees_with_what_guests_may(laboratory: Laboratory) -> None:
    assert laboratory.wrong(SHARED, "public.sync_pushes") == []
