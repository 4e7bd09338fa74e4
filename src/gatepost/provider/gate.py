"""The gate before the database: what a plan endangers is reported, and refused until it is approved."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.errors import HazardNotApproved
from gatepost.postgres.approvals import Approvals, how_to_approve
from gatepost.postgres.plan import Plan
from gatepost.postgres.planned import Planned
from gatepost.provider.insight import calls_of
from gatepost.provider.kind import Inputs, Kind

OnPlan = Callable[[str, str, Plan], None]
"""Called with URN, operation (create, update, delete) and plan, in a preview and before a plan runs."""


_BESIDE = {"name", "comment", "column_comments", "privileges", "owner", "serves"}
"""What changes without a word of the object itself."""


def silent(_urn: str, _operation: str, _plan: Plan) -> None:
    """Report plans to nobody."""


@dataclass
class Gate:
    """What one deployment accepts."""

    on_plan: OnPlan = silent
    gathers: bool = False
    """Leave it to the listener to refuse a preview's hazards, so that it tells all of them at once."""
    approvals: Approvals = field(default_factory=Approvals)
    declares: bool = False
    """Whether the deployment declares anything; one that does not takes everything away."""
    _planned: Planned = field(default_factory=Planned)
    _foreseen: Planned | None = None

    def forget(self) -> None:
        """Forget what was planned: what comes is another deployment."""
        self._planned, self._foreseen = Planned(), None

    def planned(self, *, preview: bool) -> Planned:
        """Return what this deployment has planned so far; what a preview foresaw ends with it."""
        if not preview:
            self._foreseen = None
            return self._planned
        if self._foreseen is None:
            self._foreseen = deepcopy(self._planned)
        return self._foreseen

    def note_change(self, kind: Kind[Any], old: Inputs, new: Inputs | None, *, preview: bool) -> None:
        """In a preview, tell later plans where an object will be and what it will call: the catalog will not.

        :param new: its declaration; None where it goes.
        """
        key = kind.key(old)
        if not preview or key is None:
            return
        planned, place = self.planned(preview=True), kind.key(new) if new else None
        if place and place != key:
            planned.move(key, place)
        if new and old.model_dump(exclude=_BESIDE) == new.model_dump(exclude=_BESIDE):
            return
        planned.calling[key] = frozenset(
            call for one in (kind.texts(new) if new else ()) for call in calls_of(one)
        )

    def judge(self, plan: Plan, urn: str, label: str, operation: str, *, preview: bool) -> None:
        """Report a plan with its hazards; what happens to a table made in this deployment is none.

        :raises HazardNotApproved: one of them is not approved.
        """
        planned = self.planned(preview=preview)
        risks = tuple(risk for risk in plan.risks if not planned.is_new(risk.on))
        judged = self.approvals.judge(replace(plan, risks=risks))
        if operation == "delete" and not self.declares:
            judged = self.approvals.judge_end(judged)
        self.on_plan(urn, operation, judged.shown())
        if judged.refused and not (preview and self.gathers):
            dangers = " ".join(str(risk) for risk in judged.refused)
            raise HazardNotApproved(f"{label}: {dangers} {how_to_approve(judged.refused)}")
