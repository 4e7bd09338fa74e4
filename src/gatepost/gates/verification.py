"""The verification gate: the database is what the program declares, word for word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.gates.gate import Site
from gatepost.gates.verdict import Finding, Outcome, Trial, Verdict

if TYPE_CHECKING:
    from gatepost.verify.check import Check


class VerificationGate:
    """`gatepost verify` as a gate."""

    name = "verify"
    about = "every declared object is in the database as declared, and every query uses its index"
    options: Mapping[str, str] = {}
    of_deployed = True

    def judge(self, site: Site) -> Outcome:
        """Check the stack's database against its program."""
        from gatepost.verify.proof import prove

        site.tell("reading the program and the catalog")
        return outcome(prove(site.stack))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Judge checks that hold, one that does not, and none."""
        from gatepost.verify.check import Check, facts

        del folder
        sound = Check("notes", "table", "notes", facts(row_security="forced"), facts(row_security="forced"))
        off = Check("notes", "table", "notes", facts(row_security="forced"), facts(row_security="off"))
        gone = Check("notes", "index", "idx_notes_user", facts(columns="user_id"), None)
        for case, expected, checks in (
            ("a database as declared", Verdict.PASS, [sound, sound]),
            ("row security switched off by hand", Verdict.FAIL, [sound, off]),
            ("an index that is gone", Verdict.FAIL, [sound, gone]),
            ("nothing declared", Verdict.INCONCLUSIVE, []),
        ):
            yield Trial(self.name, case, expected, outcome(checks))


def outcome(checks: Sequence[Check]) -> Outcome:
    """Return the verdict on checks; on none of them there is none."""
    findings = tuple(_finding(check) for check in checks if not check.ok)
    verdict = Verdict.FAIL if findings else Verdict.PASS if checks else Verdict.INCONCLUSIVE
    figure = f"{len(findings)} of {len(checks)} checks failed" if findings else f"{len(checks)} checks passed"
    return Outcome(VerificationGate.name, verdict, figure, "none fails", findings=findings)


def _finding(check: Check) -> Finding:
    from gatepost.verify.check import text_of

    expected = text_of(check.expected, check.found)
    words = f"{check.kind} {check.name}: expected {expected}; found {text_of(check.found, check.expected)}"
    return Finding("not-as-declared", words)
