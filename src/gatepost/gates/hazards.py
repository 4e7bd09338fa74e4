"""The hazard gate: what a deployment to the stack would endanger, and whether that is approved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.gates.gate import Site
from gatepost.gates.verdict import Finding, Outcome, Trial, Verdict

if TYPE_CHECKING:
    from gatepost.planned_hazards import Found

_FEW = 5


class HazardGate:
    """No unapproved hazard in the plan."""

    name = "hazards"
    about = "a deployment now would endanger nothing that nobody approved"
    options: Mapping[str, str] = {}
    of_deployed = False

    def judge(self, site: Site) -> Outcome:
        """Preview the stack's deployment."""
        from gatepost import planned_hazards as hazards
        from gatepost.engines import choose
        from gatepost.observer import Observer

        site.tell("planning")
        observer = Observer()
        choose(site.stack, None, observer, 8).preview()
        return outcome(hazards.of_plans(observer), len(observer.order))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Judge a plan without, with an approved and with an unapproved hazard, and no program at all."""
        del folder
        risky = _found(approval=None)
        for case, expected, found, declared in (
            ("a plan without hazards", Verdict.PASS, [], 10),
            ("a hazard that was approved", Verdict.PASS, [_found(approval="DELETES_DATA")], 10),
            ("a hazard that nobody approved", Verdict.FAIL, [risky], 10),
            ("a program that declares nothing", Verdict.INCONCLUSIVE, [], 0),
        ):
            yield Trial(self.name, case, expected, outcome(found, declared))


def outcome(found: Sequence[Found], declared: int) -> Outcome:
    """Return the verdict on a plan's hazards; `declared` says how many resources the program has."""
    findings = tuple(_finding(one) for one in found)
    unapproved = sum(1 for one in findings if not one.accepted)
    figure = f"{unapproved} unapproved, {len(findings) - unapproved} approved"
    verdict = Verdict.FAIL if unapproved else Verdict.PASS if declared else Verdict.INCONCLUSIVE
    return Outcome(HazardGate.name, verdict, figure, "none unapproved", tuple(_how(found)), findings)


def _finding(one: Found) -> Finding:
    approval = one.risk.approval
    words = f"{one.what}: {one.risk}"
    return Finding(str(one.risk.hazard), words, (), f"approved: {approval}" if approval else "")


def _how(found: Iterable[Found]) -> list[str]:
    from gatepost.postgres.approvals import how_to_approve

    refused = [one.risk for one in found if one.risk.approval is None]
    if len(refused) > _FEW:
        return ["`gatepost preview` tells the words that approve each"]
    return how_to_approve(refused).splitlines() if refused else []


def _found(**changes: Any) -> Found:
    from gatepost.planned_hazards import Found
    from gatepost.postgres.plan import Hazard, Lock, Risk

    risk = Risk(Hazard.DELETES_DATA, "public.notes", "its rows go with it", Lock.ACCESS_EXCLUSIVE, **changes)
    return Found("urn:pulumi:local::notes::gatepost:index:Table::notes", "delete", risk)
