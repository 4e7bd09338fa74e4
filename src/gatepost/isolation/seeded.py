"""What was made in a world, and the error where nothing could be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from gatepost.errors import GatepostError
from gatepost.isolation.case import Row
from gatepost.isolation.people import Seat
from gatepost.isolation.rows import Kept, Values


class NoRow(GatepostError):
    """No row could be found that a table accepts: nothing is proved of it."""


@dataclass
class Seeded:
    """What was made."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    partition_of: dict[str, list[str]] = field(default_factory=dict)
    """For each of the rows, the table in which it lies."""
    spares: dict[str, list[Values]] = field(default_factory=dict)
    """Rows that each table accepts and does not have."""
    overwritten: dict[str, frozenset[str]] = field(default_factory=dict)
    """The columns that triggers set, whatever an insert says."""
    undeletable: dict[tuple[str, str], Kept] = field(default_factory=dict)
    """By role and table, the places of rows that a trigger keeps when the role deletes them."""
    set_to_user: dict[str, frozenset[str]] = field(default_factory=dict)
    """Those of them that become the current user."""
    defaults: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """What columns become of which an insert says nothing, where that is always the same, or who inserts."""
    seats_taken: list[Seat] = field(default_factory=list)
    tenants: dict[str, list[str]] = field(default_factory=dict)
    """Per table of memberships, the tenants' values of its seats."""
    notes: list[str] = field(default_factory=list)
