"""What `scripts/bench` prints last: each figure beside its target."""

from __future__ import annotations

from typing import Any

import pytest

_SHARES = ("p50", "p95", "p99")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    session = getattr(config, "_benchmarksession", None)
    measured = [made for made in getattr(session, "benchmarks", ()) if "what" in made.extra_info]
    if not measured:
        return
    terminalreporter.section("figures")
    for made in measured:
        terminalreporter.write_line(line(made.stats.median, **made.extra_info))


def line(
    median: float,
    *,
    what: str,
    figure: str = "",
    target: str = "",
    server: str = "",
    limit: str = "",
    index: str = "",
    **more: object,
) -> str:
    """One figure as a person reads it; `median` in seconds, percentiles in milliseconds."""
    shown = figure or (f"{median:.2f} s" if median >= 0.5 else f"{median * 1000:.2f} ms")
    if "p99" in more:
        shown = ", ".join(f"{share} {more.pop(share):.2f}" for share in _SHARES) + " ms"
    notes = [
        f"target {target}" if target else "",
        f"in the server {server}" if server else "",
        f"the server's limit {limit}" if limit else "",
        index,
        *(f"{name.replace('_', ' ')} {value}" for name, value in more.items()),
    ]
    return f"{what}: {shown} ({'; '.join(note for note in notes if note)})".removesuffix(" ()")
