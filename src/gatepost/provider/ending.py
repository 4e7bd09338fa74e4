"""The end of a stack, under an engine that asks about no delete before it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import cast

from gatepost.errors import HazardNotApproved
from gatepost.postgres.approvals import Approvals, how_to_approve
from gatepost.postgres.catalog import Facts, Size, query
from gatepost.postgres.plan import Hazard, Plan, risk


@dataclass
class Ending:
    """Refuses the first delete as well as the last while data would be lost that nobody gave up.

    A view, a procedure or a publication goes before the tables: when those are refused it is gone already.
    """

    _is_approved: bool = False
    _asking: Lock = field(default_factory=Lock)

    def require_approval(self, facts: Facts, approvals: Approvals, label: str) -> None:
        """Look once at all the deployer's tables of the database.

        :raises HazardNotApproved: one of them holds rows, and their loss is not approved.
        """
        with self._asking:
            if self._is_approved or facts.connection is None:
                return
            held = approvals.judge_end(_held(facts)).refused
            if held:
                listed = ", ".join(one.on for one in held)
                raise HazardNotApproved(
                    f"{label}: nothing is deleted, because {listed} would go with all rows."
                    f" {how_to_approve(held)}; to delete no table, only other objects: `gatepost"
                    " destroy --target`"
                )
            self._is_approved = True


def _held(facts: Facts) -> Plan:
    assert facts.connection is not None
    rows = facts.connection.execute(query("held")).fetchall()
    found = Plan()
    for schema, name, counted, size in cast("list[tuple[str, str, int, int]]", rows):
        on, there = f"{schema}.{name}", Size(counted, size, empty=False)
        found += Plan((), risk(Hazard.DELETES_DATA, on, size=there))
    return found
