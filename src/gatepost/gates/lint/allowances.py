"""Where declarations stand in the program, and the findings that a comment there accepts.

A comment on the declaration's first line, or on the line above it, accepts one rule and says why:
`# gatepost: allow unindexed-foreign-key: a handful of rows, never deleted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatepost.gates.verdict import Finding

_ALLOW = re.compile(r"(?:#|--)\s*gatepost:\s*allow\s+(?P<rule>[a-z-]+)\s*(?::\s*(?P<reason>\S.*))?$")


@dataclass
class Allowances:
    """The comments of a project that accept findings."""

    root: Path
    used: set[str] = field(default_factory=set)

    def settle(self, finding: Finding) -> Finding:
        """Return the finding, accepted where a comment at one of its places does and says why."""
        for place in finding.places:
            file, _, line = place.rpartition(":")
            for number in (int(line), int(line) - 1):
                match = _ALLOW.search(self._line(file, number))
                if match and match["rule"] == finding.rule:
                    self.used.add(f"{file}:{number}")
                    return self._answer(finding, match["reason"])
        return finding

    @staticmethod
    def _answer(finding: Finding, reason: str | None) -> Finding:
        if reason:
            return replace(finding, accepted=reason)
        words = f"{finding.message} (the comment that allows it gives no reason: add one after a colon)"
        return replace(finding, message=words)

    def unused(self, files: Iterable[Path]) -> list[Finding]:
        """Return a finding for each comment of `files` that accepts nothing."""
        comments = [
            f"{file.relative_to(self.root)}:{number}"
            for file in sorted(files)
            for number, text in enumerate(_read(file), 1)
            if _ALLOW.search(text)
        ]
        words = "this comment allows nothing any more: take it away"
        return [Finding("unused-allowance", words, (place,)) for place in comments if place not in self.used]

    def _line(self, file: str, number: int) -> str:
        lines = _read(self.root / file)
        return lines[number - 1] if 0 < number <= len(lines) else ""


def _read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
