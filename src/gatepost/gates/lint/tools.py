"""sqlfluff on the raw SQL and squawk on what a deployment would send, as findings."""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from gatepost.errors import UsageError
from gatepost.gates.verdict import Finding

_BY_THE_RUNNER = "require-lock-timeout,require-statement-timeout,prefer-robust-stmts"
"""What the runner does for every statement that it sends: time-outs, and a ledger of what was done."""


def sqlfluff(root: Path, folder: Path) -> list[Finding]:
    """Return what sqlfluff finds in the SQL files of `folder`, with the project's `.sqlfluff`.

    :raises UsageError: sqlfluff is not installed, or cannot work with its settings.
    """
    told = _run("sqlfluff", ["lint", "--format", "json", "--disable-progress-bar", str(folder)], root)
    return [
        _untidy(found, _relative(file["filepath"], root))
        for file in told
        for found in file["violations"]
        if not found.get("warning")
    ]


def _untidy(found: Mapping[str, Any], file: str) -> Finding:
    line = found.get("start_line_no") or found.get("line_no") or 1
    return Finding(f"sqlfluff-{found['code'].lower()}", str(found["description"]), (f"{file}:{line}",))


@dataclass(frozen=True)
class Sent:
    """The statements that a deployment would send for one resource."""

    places: tuple[str, ...]
    """Where the resource is declared, the closest call first."""
    together: tuple[str, ...]
    """In a transaction."""
    alone: tuple[str, ...] = ()
    """Outside any transaction, such as a concurrent index build."""
    hazards: str = ""
    """The hazards of these statements, which the gate of that name judges."""


def squawk(root: Path, sent: Sequence[Sent], folder: Path) -> list[Finding]:
    """Return what squawk finds in planned statements, with the project's `.squawk.toml`.

    :param folder: where they are written down for squawk.
    :raises UsageError: squawk is not installed, or cannot work with its settings.
    """
    together = [(one, one.together) for one in sent if one.together]
    alone = [(one, one.alone) for one in sent if one.alone]
    found = _squawk(root, together, folder / "together.sql", "--assume-in-transaction")
    return found + _squawk(root, alone, folder / "alone.sql", "--no-assume-in-transaction")


def _squawk(root: Path, parts: list[tuple[Sent, tuple[str, ...]]], file: Path, mode: str) -> list[Finding]:
    if not parts:
        return []
    texts = ["".join(f"{one.strip().rstrip(';')};\n" for one in statements) for _, statements in parts]
    file.write_text("".join(texts), encoding="utf-8")
    starts = list(accumulate((text.count("\n") for text in texts), initial=0))
    options = ["--reporter", "json", "--exclude", _BY_THE_RUNNER, mode, *_settings(root)]
    told = _run("squawk", [*options, str(file)], root)
    return [_squawked(one, parts[bisect_right(starts, int(one["line"])) - 1][0]) for one in told]


def _squawked(one: Mapping[str, Any], sent: Sent) -> Finding:
    words = " ".join(part for part in (one.get("message"), one.get("help")) if part)
    accepted = f"the hazards gate judges it: {sent.hazards}" if sent.hazards else ""
    return Finding(f"squawk-{one['rule_name']}", words, sent.places, accepted)


def _settings(root: Path) -> list[str]:
    file = root / ".squawk.toml"
    return ["--config", str(file)] if file.exists() else []


def _run(tool: str, arguments: list[str], root: Path) -> list[Any]:
    program = Path(sys.executable).with_name(tool)
    if not program.exists():
        raise UsageError(
            f"{tool} is not installed beside {sys.executable}: install the extra gatepost[gates]"
        )
    done = subprocess.run([program, *arguments], cwd=root, capture_output=True, text=True, check=False)
    try:
        found: list[Any] = json.loads(done.stdout)
    except ValueError as error:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise UsageError(f"{tool} failed ({done.returncode}): {said[-1] if said else 'no word'}") from error
    return found


def _relative(path: str, root: Path) -> str:
    full = (root / path).resolve()
    return str(full.relative_to(root)) if full.is_relative_to(root) else path
