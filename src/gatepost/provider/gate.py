"""The gate before the database: what a plan endangers is reported, and refused until it is approved."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace

from gatepost.errors import HazardNotApproved
from gatepost.postgres.approvals import Approvals, how_to_approve
from gatepost.postgres.catalog import Key
from gatepost.postgres.plan import Plan
from gatepost.postgres.planned import Planned

OnPlan = Callable[[str, str, Plan], None]
"""Called with URN, operation (create, update, delete) and plan, in a preview and before a plan runs."""


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

    def note_move(self, old: Key | None, new: Key | None, *, preview: bool) -> None:
        """In a preview, tell later plans of a new name: the catalog will not."""
        if preview and old and new and old != new:
            self.planned(preview=True).move(old, new)

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
