"""What a history tells of the machine that this runs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatepost.gates.history.changes import Limits
from gatepost.gates.history.courses import FEWEST_RUNS, Course, Group, charts, comparable, courses_of
from gatepost.gates.history.machine import Machine
from gatepost.gates.history.records import History, Run
from gatepost.gates.verdict import Finding, Outcome, Verdict
from gatepost.words import plural

NAME = "history"
LIMIT = f"no query slower by {Limits().least:.0%} than it was"


def judge(history: History, machine: Machine, accepted: Mapping[str, str]) -> Outcome:
    """Return the verdict on the runs of a machine; without enough of them there is none.

    :param accepted: commits that may have made queries slower, each with the reason.
    """
    latest = next((run for run in reversed(history.runs) if run.machine == machine), None)
    if latest is None:
        return _no_baseline(history, machine)
    group = next(one for one in comparable(history.runs) if one.runs[-1] is latest)
    runs = group.runs
    recent = {name for run in runs[-FEWEST_RUNS:] for name in run.benchmarks}
    courses = [one for one in courses_of(group) if one.query in recent]
    findings = tuple(finding for one in courses for finding in _findings(one, accepted))
    wrong = sum(1 for one in findings if not one.accepted)
    verdict = Verdict.FAIL if wrong else Verdict.PASS
    figure = f"{plural(wrong, 'slow-down')} in {plural(len(runs), 'run')} up to {latest.short}"
    if not wrong and (missing := _missing(runs, courses)):
        verdict, figure = Verdict.INCONCLUSIVE, missing
    evidence = (*_evidence(history, group, courses), *_idle(courses, accepted), *history.skipped)
    return Outcome(NAME, verdict, figure, LIMIT, evidence, findings, charts=tuple(charts(history.runs)))


def _missing(runs: Sequence[Run], courses: Sequence[Course]) -> str:
    """Return what there is too little of to judge; a query that is new has no past, and needs none."""
    if len(runs) < FEWEST_RUNS or not courses:
        number = plural(len(runs), "comparable run")
        return f"no baseline yet: {number} of this machine, {FEWEST_RUNS} are needed"
    known = {name for run in runs[: 1 - FEWEST_RUNS] for name in run.benchmarks}
    missed = [one for one in courses if one.query in known and len(one.runs) < FEWEST_RUNS]
    found = (f"{one.name} is in {len(one.runs)} of {len(runs)} runs" for one in missed)
    return next((f"{words}: give the benchmark gate more minutes" for words in found), "")


def _idle(courses: Sequence[Course], accepted: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each accepted commit that made nothing slower."""
    slower = [one.runs[change.at].commit for one in courses for change in one.changes if one.slower(change)]
    for which in accepted:
        if not any(commit.startswith(which) for commit in slower):
            yield f"{which} is accepted, and made nothing slower here: take it out of `accepted`"


def _no_baseline(history: History, machine: Machine) -> Outcome:
    others = comparable(history.runs)
    figure = f"no baseline: {history.file} has no run: the benchmark gate adds one each time"
    if others:
        number = plural(len(history.runs), "run")
        figure = f"no baseline of this machine: {history.file} has {number}, all of other machines"
    evidence = [f"this machine: {machine}"]
    evidence += [f"{plural(len(one.runs), 'run')} of {one}" for one in others]
    told = (*evidence, *history.skipped)
    return Outcome(NAME, Verdict.INCONCLUSIVE, figure, LIMIT, told, charts=tuple(charts(history.runs)))


def _findings(one: Course, accepted: Mapping[str, str]) -> Iterator[Finding]:
    for change in one.changes:
        if one.slower(change) and not one.of_one_commit(change):
            commit = one.runs[change.at].commit
            reason = next((why for which, why in accepted.items() if commit.startswith(which)), "")
            yield Finding("slower", one.told(change), accepted=reason)


def _evidence(history: History, group: Group, courses: Sequence[Course]) -> Iterator[str]:
    yield f"{plural(len(group.runs), 'run')} in {history.file}: {group}"
    short = sorted({one.query for one in courses if len(one.runs) < FEWEST_RUNS})
    if short and len(group.runs) >= FEWEST_RUNS:
        yield f"not judged, with fewer than {FEWEST_RUNS} runs: {', '.join(short)}"
    for one in courses:
        for change in one.changes:
            if one.of_one_commit(change):
                yield f"{one.told(change)}; both are the same commit: it is not the program that changed"
            elif not one.slower(change):
                yield one.told(change)
