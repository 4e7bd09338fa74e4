"""The rehearsal gate."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.engines import choose
from gatepost.errors import GatepostError, UsageError
from gatepost.gates.gate import Site
from gatepost.gates.rehearsal.clone import Clone, Original, cloned
from gatepost.gates.rehearsal.disturbance import Disturbance, disturbing
from gatepost.gates.rehearsal.redirected import EVERYTHING, Rehearsal
from gatepost.gates.rehearsal.rows import Sampled, fate, sampled
from gatepost.gates.rehearsal.told import Told
from gatepost.gates.verdict import Outcome, Trial, Verdict
from gatepost.observer import Observer
from gatepost.release.commits import checked_out, resolve
from gatepost.stacks import Stack
from gatepost.verify.declared import collect


class RehearsalGate:
    """The deployment on a copy of the target: forward, back, and forward again."""

    name = "rehearsal"
    about = "on a copy of the target the deployment ends, keeps every row, and can be taken back"
    options: Mapping[str, str] = {
        "base": "the commit to go back to; main where nothing else is said",
        "state": "a file of `pulumi stack export`; else the state is asked for",
        "reader": "the role that sees every tenant's rows; service_role",
        "rows": "how many rows of a table are copied, beside what they refer to; 1000",
        "longest_lock": "seconds that clients may be kept waiting; 0.5",
        "longest_statement": "seconds that a statement may take on the target, as far as can be told; none",
        "clients": "how many of Locust's users read and write what is touched meanwhile; 4",
    }
    of_deployed = False

    def judge(self, site: Site) -> Outcome:
        """Rehearse the deployment of the working tree to the stack."""
        state = state_of(site)
        if not state.get("resources"):
            return _nothing("nothing is deployed there yet: there is nothing to copy")
        with tempfile.TemporaryDirectory(prefix="gatepost-rehearsal-") as folder:
            return rehearse(site, state, Path(folder))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Rehearse sound and faulty changes of a small program, and of none."""
        from gatepost.gates.rehearsal.trials import trials

        return trials(folder)


def state_of(site: Site) -> dict[str, Any]:
    """Return the target's state: of the file that is given, or of the stack's own engine.

    :raises UsageError: the file is no export of a stack.
    """
    given = site.option("state", None)
    if given is None:
        return dict(choose(site.stack, None, Observer(), 8).saved()["deployment"])
    try:
        document = json.loads(Path(given).read_text(encoding="utf-8"))
        found = document.get("deployment") or document["checkpoint"]["latest"]
        return {**found, "resources": found.get("resources") or []}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"--state {given}: no file that `pulumi stack export` wrote: {error}") from None


@dataclass(frozen=True)
class _Course:
    """What a rehearsal works with."""

    site: Site
    clone: Clone
    rehearsal: Rehearsal
    told: Told

    @property
    def ref(self) -> str:
        return str(self.site.option("base", "main"))


def rehearse(site: Site, state: Mapping[str, Any], folder: Path) -> Outcome:
    """Copy the target, deploy there, judge what came of it."""
    site.tell("copying the target")
    source = original(site)
    commit = resolve(site.root, str(site.option("base", "main")))
    with cloned(source) as clone, checked_out(site.stack, commit) as base:
        rehearsal = Rehearsal(site.stack, clone.target, folder)
        rehearsal.take_state(state)
        course = _Course(site, clone, rehearsal, told := Told())
        before = clone.structure() if _is_there(course, base) else None
        if _forward(course):
            site.tell("deploying again")
            _again(course)
            site.tell("going back")
            _back_and_forth(course, before, base)
        if clone.skipped:
            told.evidence.append(f"no rows of {', '.join(clone.skipped)}: nobody may see them all")
    return _outcome(told)


def original(site: Site) -> Original:
    """Return what the stack's program deploys to."""
    sources, _ = collect(site.stack)
    source = next((one for one in sources if one.package == "gatepost"), None)
    if source is None:
        raise UsageError("the program declares nothing of gatepost's: there is nothing to rehearse")
    reader = str(site.option("reader", "service_role"))
    return Original(source.target(), source.owner, reader, int(site.option("rows", 1000)))


def _forward(course: _Course) -> bool:
    """Deploy under load; return whether it ended."""
    clone, rehearsal, told = course.clone, course.rehearsal, course.told
    course.site.tell("planning")
    planned = rehearsal.touched(course.site.stack)
    with clone.superuser() as connection:
        before = sampled(connection)
    disturbance = Disturbance.of(course.site, clone, planned)
    try:
        with disturbing(disturbance, course.site.tell):
            course.site.tell("deploying")
            result = rehearsal.up(course.site.stack)
    except GatepostError as error:
        clone.require()
        told.fail("deployment-fails", str(error))
        return False
    told.evidence.append(f"deployed in {result.seconds:.1f} s: {_counted(result.changes)}")
    disturbance.judge(told)
    with clone.superuser() as connection:
        _judge_rows(before, sampled(connection), told)
    return True


def _counted(changes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in changes.items() if number)


def _judge_rows(before: Sampled, after: Sampled, told: Told) -> None:
    found = fate(before, after)
    told.evidence.append(f"{found.kept} copied rows are still there")
    for (schema, table), number in found.lost.items():
        if (schema, table) in after.rows:
            told.fail("rows-lost", f"{schema}.{table}: {number} of its copied rows are gone")
        else:
            told.evidence.append(f"{schema}.{table} went, with {number} copied rows, as approved")
    for place, number in found.changed.items():
        told.evidence.append(f"{place}: {number} values are others now")


def _again(course: _Course) -> None:
    result = course.rehearsal.preview(course.site.stack)
    left = {name: number for name, number in result.changes.items() if name != "same" and number}
    if left:
        course.told.fail("not-settled", f"a second deployment would still change something: {_counted(left)}")


def _is_there(course: _Course, base: Stack) -> bool:
    """Return whether the target has the program to go back to, and tell where not."""
    changes = course.rehearsal.preview(base).changes
    left = {name: number for name, number in changes.items() if name != "same" and number}
    if left:
        course.told.unknown = (
            f"{course.ref} is not what the target has ({_counted(left)}): name the deployed commit, --base"
        )
    return not left


def _back_and_forth(course: _Course, before: list[str] | None, base: Stack) -> None:
    """Go back and forward again; `before` is the structure to be found again, where it is known."""
    clone, told = course.clone, course.told
    after = clone.structure()
    if not _goes(course, base, "not-taken-back"):
        return
    if before is not None and (differences := _differences(before, clone.structure())):
        told.fail("not-taken-back", f"after going back to {course.ref} the structure differs: {differences}")
    if not _goes(course, course.site.stack, "not-repeatable"):
        return
    if differences := _differences(after, clone.structure()):
        told.fail("not-repeatable", f"deployed once more the structure differs: {differences}")
    told.evidence.append(f"went back to {course.ref} and forward again")


def _goes(course: _Course, program: Stack, rule: str) -> bool:
    """Deploy a program on the copy, whatever its hazards; what refuses it is a finding."""
    try:
        course.rehearsal.up(program, EVERYTHING)
    except GatepostError as error:
        course.clone.require()
        course.told.fail(rule, str(error))
        return False
    return True


def _differences(one: list[str], other: list[str]) -> str:
    gone, added = [line for line in one if line not in other], [line for line in other if line not in one]
    told = [f"- {line.strip()}" for line in gone] + [f"+ {line.strip()}" for line in added]
    return "; ".join(told[:5]) + (f" and {len(told) - 5} more" if len(told) > 5 else "")


def _outcome(told: Told) -> Outcome:
    if told.findings:
        verdict, figure = Verdict.FAIL, f"{told.findings[0].rule}, {len(told.findings)} findings"
    elif told.unknown:
        verdict, figure = Verdict.INCONCLUSIVE, told.unknown
    else:
        verdict, figure = Verdict.PASS, told.evidence[0]
    found, rows = tuple(told.findings), tuple(told.rows)
    limit = "ends, keeps every row, can be taken back"
    return Outcome(RehearsalGate.name, verdict, figure, limit, tuple(told.evidence), found, rows)


def _nothing(why: str) -> Outcome:
    return Outcome(RehearsalGate.name, Verdict.INCONCLUSIVE, why, "ends, keeps every row, can be taken back")
