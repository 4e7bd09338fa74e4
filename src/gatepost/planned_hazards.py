"""The hazards of a preview: all of them at once, what accepts them, and what was accepted for nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatepost.errors import HazardNotApproved
from gatepost.words import kind_of, plural

if TYPE_CHECKING:
    from gatepost.observer import Observer
    from gatepost.postgres.plan import Risk

APPROVE = "GATEPOST_APPROVE"


@dataclass(frozen=True)
class Found:
    """A hazard, and the change that carries it."""

    urn: str
    operation: str
    risk: Risk

    @property
    def what(self) -> str:
        """The resource as lists call it."""
        from gatepost.engine.model import urn_name, urn_type

        return f"{kind_of(urn_type(self.urn))} {urn_name(self.urn)}"

    def as_json(self) -> dict[str, Any]:
        """Return it as data, with the words that accept it."""
        from dataclasses import asdict

        return {"urn": self.urn, "operation": self.operation, **asdict(self.risk), "approve": self.risk.name}


def of_plans(observer: Observer) -> list[Found]:
    """Return the hazards of everything planned, without those that go with a table that goes."""
    all_ = list(_every(observer))
    doomed = {one.risk.on for one in all_ if _is_loss_of_table(one)}
    return [one for one in all_ if _is_loss_of_table(one) or not _goes_with(one, doomed)]


def _every(observer: Observer) -> Iterator[Found]:
    from gatepost.postgres.plan import Hazard, Lock, Risk

    for urn, plans in observer.plans.items():
        for plan in {one.operation: one for one in plans if one.operation != "mend"}.values():
            for given in plan.hazards:
                typed = {"hazard": Hazard(given["hazard"]), "lock": Lock(given["lock"])}
                yield Found(urn, plan.operation, Risk(**{**given, **typed}))


def _is_loss_of_table(one: Found) -> bool:
    return one.operation == "delete" and one.risk.hazard == "DELETES_DATA"


def _goes_with(one: Found, doomed: Iterable[str]) -> bool:
    on = one.risk.on
    return one.operation == "delete" and any(on == table or on.startswith(f"{table}.") for table in doomed)


def approve(given: Iterable[str]) -> None:
    """Hand approvals to the providers of this run, whichever process they are in.

    :raises UsageError: one names no hazard.
    """
    from gatepost.postgres.approvals import Approvals

    before = os.environ.get(APPROVE, "")
    if accepted := Approvals.parse(before, *given).given:
        os.environ[APPROVE] = ",".join(accepted)


def require_approval(observer: Observer) -> None:
    """Refuse a preview as long as one of its hazards is not approved.

    :raises HazardNotApproved: lists them all, and the settings that accept them.
    """
    from gatepost.postgres.approvals import how_to_approve

    found = of_plans(observer)
    refused = [one for one in found if one.risk.approval is None]
    if refused:
        lines = [f"{one.what}: {one.risk}" for one in refused]
        head = f"{plural(len(refused), 'hazard')} that nobody approved, so nothing was changed"
        raise HazardNotApproved("\n".join((head, *lines, how_to_approve(one.risk for one in refused))))
    approve(one.risk.name for one in _every(observer) if one.risk.approval is None)


def unused(observer: Observer, given: Iterable[str]) -> list[str]:
    """Return a warning for each approval that no hazard needed."""
    needed = {one.risk.approval for one in _every(observer)}
    return [
        f"nothing needed the approval {name}: correct it, or take it away"
        for name in dict.fromkeys(given)
        if name not in needed
    ]
