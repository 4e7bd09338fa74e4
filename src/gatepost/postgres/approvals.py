"""Which hazards a deployment accepts, and in which words that is said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gatepost.errors import UsageError
from gatepost.postgres.plan import Hazard, Plan, Risk

FORCED = ",".join(hazard for hazard in Hazard if hazard is not Hazard.DELETES_DATA)
"""Every hazard but the one that only its own name approves."""
_SEPARATOR = re.compile(r",(?=\s*[A-Z]+_[A-Z_]*\s*(?:[:,]|$))")
"""A comma before what may be a hazard: names of objects may have commas too."""


@dataclass(frozen=True)
class Approvals:
    """Hazards by name, some for one object only: `DELETES_DATA` or `DELETES_DATA:public.posts`."""

    given: tuple[str, ...] = ()

    @classmethod
    def parse(cls, *texts: str | None) -> Approvals:
        """Return the approvals of comma-separated lists.

        :raises UsageError: names what is no hazard, and the hazard that may be meant.
        """
        given = [name.strip() for text in texts for name in _SEPARATOR.split(text or "") if name.strip()]
        for name in given:
            _require_hazard(name)
        return cls(tuple(dict.fromkeys(given)))

    def covering(self, risk: Risk) -> str | None:
        """Return what approves a hazard; an approval for a table holds for what belongs to it."""
        for name in self.given:
            hazard, separator, on = (part.strip() for part in name.partition(":"))
            if hazard == risk.hazard and (not separator or risk.on == on or risk.on.startswith(f"{on}.")):
                return name
        return None

    def judge(self, plan: Plan) -> Plan:
        """Return the plan with every hazard's approval noted on it.

        Who accepts that data are lost accepts that nobody finds them.
        """
        accepted = {one.on: self.covering(one) for one in plan.risks if one.hazard is Hazard.DELETES_DATA}
        judged = []
        for one in plan.risks:
            lost = accepted.get(one.on) if one.hazard is Hazard.BREAKS_CLIENTS else None
            judged.append(replace(one, approval=self.covering(one) or lost))
        return replace(plan, risks=tuple(judged))

    def judge_end(self, plan: Plan) -> Plan:
        """Return a plan by which an object goes with everything else: only the data count.

        Whoever accepts the loss of a table's data accepts that of what belongs to it; without that it stays,
        so that no table is left behind without its policies. What a hazard's mere name approves is meant for
        deployments that go on, and counts for nothing here.
        """
        by_name = Approvals(tuple(name for name in self.given if ":" in name or name == Hazard.DELETES_DATA))
        risks = (one for one in plan.risks if one.rows is not None)
        lost = (replace(one, approval=by_name.covering(one) or by_name._covering_data(one)) for one in risks)
        return replace(plan, risks=tuple(lost))

    def _covering_data(self, risk: Risk) -> str | None:
        return self.covering(replace(risk, hazard=Hazard.DELETES_DATA))


def how_to_approve(risks: Iterable[Risk]) -> str:
    """Return the settings that accept the hazards: on the stack, and for one deployment."""
    names = list(dict.fromkeys(risk.name for risk in risks))
    listed = ", ".join(f'"{name}"' for name in names)
    once = ",".join(names)
    only = f"for one deployment (under pulumi: by GATEPOST_APPROVE) --approve {once}"
    return f"To go on: approve=[{listed}] on the Provider, or {only}"


def _require_hazard(name: str) -> None:
    from difflib import get_close_matches

    hazard = name.partition(":")[0].strip()
    if hazard not in Hazard.__members__:
        near = get_close_matches(hazard.upper(), Hazard.__members__, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f'"{hazard}" is no hazard: {meant}there are {", ".join(Hazard)}')
