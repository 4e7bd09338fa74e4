"""The feature's query files, by name."""

from __future__ import annotations

from pathlib import Path

from gatepost.queries import load
from services.post_collectives.errors import InvalidInput
from services.post_collectives.models import MOST_ROWS

QUERIES = load(Path(__file__).parents[2] / "schema" / "post_collectives" / "queries")


def page_size(given: object) -> int:
    """Return how many rows a page has.

    :raises InvalidInput: it is no number from 1 to `MOST_ROWS`.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_ROWS:
        raise InvalidInput(f"A page has 1 to {MOST_ROWS} rows.", audit={"field": "limit"})
    return given
