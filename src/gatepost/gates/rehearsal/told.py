"""What a rehearsal found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.gates.verdict import Finding, Row


@dataclass
class Told:
    """Findings, evidence and figures."""

    findings: list[Finding] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    unknown: str = ""
    """Why something cannot be judged; empty where all can."""

    def fail(self, rule: str, message: str) -> None:
        """Keep something that must not be."""
        self.findings.append(Finding(rule, message))
