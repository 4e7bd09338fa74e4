"""The rehearsal gate."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from gatepost.addresses import OWN
from gatepost.errors import GatepostError, UsageError
from gatepost.gates.gate import Site
from gatepost.gates.rehearsal.clone import Clone, Original, cloned
from gatepost.gates.rehearsal.locks import LockWatch
from gatepost.gates.rehearsal.redirected import EVERYTHING, Rehearsal
from gatepost.gates.rehearsal.rows import Sampled, fate, sampled
from gatepost.gates.verdict import Finding, Outcome, Row, Trial, Verdict
from gatepost.postgres.cluster import SUPERUSER
from gatepost.postgres.connect import Target
from gatepost.release.commits import check_out
from gatepost.stacks import Stack
from gatepost.verify.declared import collect

_LONGEST = 0.5
"""Seconds that a lock may keep clients out, on the copy."""


class RehearsalGate:
    """The deployment on a copy of the target: forward, back, and forward again."""

    name = "rehearsal"
    about = "on a copy of the target the deployment ends, keeps every row, and can be taken back"
    options: Mapping[str, str] = {
        "base": "the commit to go back to; main where nothing else is said",
        "reader": "the role that sees every tenant's rows; service_role",
        "rows": "how many rows of a table are copied at most; 1000",
        "longest_lock": "seconds that a lock may keep clients out; 0.5",
    }
    of_deployed = False

    def judge(self, site: Site) -> Outcome:
        """Rehearse the deployment of the working tree to the stack."""
        if not site.stack.state_file.exists():
            return _nothing("nothing is deployed there yet: there is nothing to copy")
        with tempfile.TemporaryDirectory(prefix="gatepost-rehearsal-") as folder:
            return rehearse(site, Path(folder))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Rehearse sound and faulty changes of a small program, and of none."""
        from gatepost.gates.rehearsal.trials import trials

        return trials(folder)


@dataclass
class Told:
    """What a rehearsal found so far."""

    findings: list[Finding] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    unknown: str = ""
    """Why going back cannot be judged; empty where it can."""

    def fail(self, rule: str, message: str) -> None:
        """Keep something that must not be."""
        self.findings.append(Finding(rule, message))


def rehearse(site: Site, folder: Path) -> Outcome:
    """Copy the target, deploy there, judge what came of it."""
    told = Told()
    site.tell("copying the target")
    source = original(site)
    with named(source.target), cloned(source) as clone:
        rehearsal = Rehearsal(site.stack, clone.target, folder / "state")
        rehearsal.take_state()
        before = clone.structure()
        base = _base(site, rehearsal, folder / "base", told)
        site.tell("deploying")
        if _forward(site, clone, rehearsal, told):
            site.tell("deploying again")
            _again(site, rehearsal, told)
            site.tell("going back")
            _back_and_forth(site, clone, rehearsal, before, base, told)
        if clone.skipped:
            told.evidence.append(f"no rows of {', '.join(clone.skipped)}: the reader may not see them")
    return _outcome(told)


@contextmanager
def named(target: Target) -> Iterator[None]:
    """Name the server to programs of other folders, which would look for an embedded one of their own."""
    login = f"{quote(target.username, '')}:{quote(target.password or '', '')}"
    url = f"postgresql://{login}@{target.host}:{target.port}/{quote(target.database, '')}"
    before = os.environ.get(OWN)
    os.environ[OWN] = before or url
    try:
        yield
    finally:
        del os.environ[OWN]
        if before:
            os.environ[OWN] = before


def original(site: Site) -> Original:
    """Return what the stack's program deploys to."""
    sources, _ = collect(site.stack)
    source = next((one for one in sources if one.package == "gatepost"), None)
    if source is None:
        raise UsageError("the program declares nothing of gatepost's: there is nothing to rehearse")
    reader = str(site.option("reader", "service_role"))
    return Original(source.target(), source.owner, reader, int(site.option("rows", 1000)))


def _forward(site: Site, clone: Clone, rehearsal: Rehearsal, told: Told) -> bool:
    with clone.superuser() as connection:
        before = sampled(connection)
    url = clone.server.url(SUPERUSER, clone.target.database)
    try:
        with LockWatch(url) as watch:
            result = rehearsal.up(site.stack)
    except GatepostError as error:
        told.fail("deployment-fails", str(error))
        return False
    told.evidence.append(f"deployed in {result.seconds:.1f} s: {_counted(result.changes)}")
    _judge_locks(site, watch, told)
    with clone.superuser() as connection:
        _judge_rows(before, sampled(connection), told)
    return True


def _counted(changes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in changes.items() if number)


def _judge_locks(site: Site, watch: LockWatch, told: Told) -> None:
    limit = float(site.option("longest_lock", _LONGEST))
    for (table, mode), seconds in sorted(watch.longest.items(), key=lambda item: -item[1]):
        figure = f"{mode} for {seconds * 1000:.0f} ms"
        verdict = Verdict.FAIL if seconds > limit else Verdict.PASS
        told.rows.append(Row(table, verdict, figure, f"{limit * 1000:g} ms"))
        if seconds > limit:
            told.fail("long-lock", f"{table}: {figure}, {limit * 1000:g} ms are allowed")


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


def _again(site: Site, rehearsal: Rehearsal, told: Told) -> None:
    result = rehearsal.preview(site.stack)
    left = {name: number for name, number in result.changes.items() if name != "same" and number}
    if left:
        told.fail("not-settled", f"a second deployment would still change something: {_counted(left)}")


def _base(site: Site, rehearsal: Rehearsal, folder: Path, told: Told) -> Stack:
    """Return the program to go back to; where it is not what the target has, that is told."""
    ref = str(site.option("base", "main"))
    check_out(site.root, ref, folder)
    base = Stack(folder, site.stack.name)
    changes = rehearsal.preview(base).changes
    if left := {name: number for name, number in changes.items() if name != "same" and number}:
        told.unknown = (
            f"{ref} is not what the target has ({_counted(left)}): name the deployed commit, --base"
        )
    return base


def _back_and_forth(
    site: Site, clone: Clone, rehearsal: Rehearsal, before: list[str], base: Stack, told: Told
) -> None:
    after, ref = clone.structure(), str(site.option("base", "main"))
    try:
        rehearsal.up(base, EVERYTHING)
        if told.unknown:
            before = clone.structure()
        if differences := _differences(before, clone.structure()):
            told.fail("not-taken-back", f"after going back to {ref} the structure differs: {differences}")
        rehearsal.up(site.stack, EVERYTHING)
    except GatepostError as error:
        told.fail("not-taken-back", str(error))
        return
    if differences := _differences(after, clone.structure()):
        told.fail("not-repeatable", f"deployed once more the structure differs: {differences}")
    told.evidence.append(f"went back to {ref} and forward again")


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
