"""Outcomes for machines: JSON, JUnit's XML and GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from gatepost.gates.verdict import Finding, Outcome, Verdict, worst

Json = dict[str, Any]


def as_json(outcomes: Sequence[Outcome]) -> Json:
    """Return all of it as one document: `verdict` of all together, and `gates` one by one."""
    verdict = worst(one.verdict for one in outcomes)
    return {"verdict": verdict, "ok": verdict is Verdict.PASS, "gates": [asdict(one) for one in outcomes]}


def as_junit(outcomes: Sequence[Outcome], suite: str) -> str:
    """Return JUnit's XML: `fail` is a failure, `error` and `inconclusive` are errors."""
    counts = {"tests": len(outcomes), "failures": _count(outcomes, Verdict.FAIL)}
    counts["errors"] = _count(outcomes, Verdict.ERROR) + _count(outcomes, Verdict.INCONCLUSIVE)
    root = ElementTree.Element("testsuite", {"name": suite, **{key: str(n) for key, n in counts.items()}})
    for one in outcomes:
        given = {"classname": suite, "name": one.gate, "time": f"{one.seconds:.3f}"}
        case = ElementTree.SubElement(root, "testcase", given)
        if one.verdict is not Verdict.PASS:
            tag = "failure" if one.verdict is Verdict.FAIL else "error"
            told = ElementTree.SubElement(case, tag, {"type": one.verdict, "message": one.figure})
            told.text = "\n".join(_lines(one))
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _count(outcomes: Iterable[Outcome], verdict: Verdict) -> int:
    return sum(1 for one in outcomes if one.verdict is verdict)


def _lines(outcome: Outcome) -> Iterator[str]:
    yield from outcome.evidence
    yield from (line(one) for one in outcome.open_findings)
    yield from (f"{row.name}: {row.figure}" for row in outcome.rows if row.verdict is not Verdict.PASS)


def line(finding: Finding) -> str:
    """Return a finding on a line, its place first, as editors read it."""
    return ": ".join(filter(None, (finding.place, finding.rule, finding.message)))


def as_annotations(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield GitHub's workflow commands, a line each."""
    for outcome in outcomes:
        if outcome.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE):
            yield f"::warning title={outcome.gate}::{outcome.verdict}: {_escaped(outcome.figure)}"
        for one in outcome.open_findings:
            file, _, number = one.place.rpartition(":")
            place = f"file={file},line={number}," if file else ""
            yield f"::error {place}title={outcome.gate} {one.rule}::{_escaped(one.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
