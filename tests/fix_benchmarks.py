"""What `scripts/bench` prints last: each figure beside its target."""

from __future__ import annotations

from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    session = getattr(config, "_benchmarksession", None)
    measured = [made for made in getattr(session, "benchmarks", ()) if "what" in made.extra_info]
    if not measured:
        return
    terminalreporter.section("figures")
    for made in measured:
        terminalreporter.write_line(line(made.stats.median, **made.extra_info))


def line(median: float, *, what: str, target: str = "", server: str = "", index: str = "") -> str:
    """One figure as a person reads it; `median` in seconds."""
    shown = f"{median:.2f} s" if median >= 0.5 else f"{median * 1000:.2f} ms"
    notes = [f"target {target}" if target else "", f"in the server {server}" if server else "", index]
    return f"{what}: {shown} ({'; '.join(note for note in notes if note)})".removesuffix(" ()")
