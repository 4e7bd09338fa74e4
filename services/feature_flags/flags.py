"""Flags as the database has them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from gatepost.queries import load
from gatepost.session import Database, Identity
from services.feature_flags.evaluation import Flag

QUERIES = load(Path(__file__).parents[2] / "schema" / "feature_flags" / "queries")


def read_flags(database: Database) -> dict[str, Flag]:
    """Return every flag by its name.

    :raises SessionError: the database cannot be asked.
    """
    return {
        row["name"]: Flag(
            **{**row, "segments": {name: Decimal(str(s)) for name, s in row["segments"].items()}}
        )
        for row in database.rows(Identity.service(), QUERIES["all_flags"])
    }


def flags_of(database: Database, unit: str | None) -> dict[str, bool]:
    """Return every flag as `unit` sees it, its segments included: one round trip."""
    rows = database.rows(Identity.service(), QUERIES["flags_of_unit"], unit=unit)
    return {row["name"]: row["enabled"] for row in rows}


def segments_of(database: Database, unit: str) -> list[str]:
    """Return the segments that `unit` is in: what an evaluation context carries."""
    rows = database.rows(Identity.service(), QUERIES["segments_of_unit"], unit=unit)
    return [row["segment"] for row in rows]


def unit_of(caller: Identity) -> str | None:
    """Return what flags are decided by: the user, the guest, or None for nobody in particular."""
    if caller.user_id:
        return str(caller.user_id)
    return f"guest:{caller.guest_id}" if caller.guest_id else None
