"""The search for the highest sustainable rate: which numbers of users it tries, and what it says then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gatepost.gates.verdict import Outcome, Verdict
from gatepost.load.highest import Step, best, climb, reason
from gatepost.load.result import Requests, Result


def steps(first: int, verdict: Callable[[int], str]) -> list[Step]:
    """Search where a number of users has a verdict; `saturated` is an inconclusive one."""

    def run(users: int) -> Step:
        found = verdict(users)
        saturated = found == "saturated"
        asked = Requests("ask", users, 0, 0, ((1.0, users),), None)
        result = Result((asked,), saturated, 1.0, ())
        named = Verdict.INCONCLUSIVE if saturated else Verdict(found)
        return Step(users, result, Outcome("load", named, f"p95 of {users}", ""))

    return list(climb(first, run))


@pytest.mark.parametrize(
    ("verdict", "tried", "sustained", "why"),
    [
        (
            lambda users: "pass" if users < 300 else "fail",
            [40, 80, 160, 320, 240, 280],
            280,
            "with 320 users p95 of 320: fail",
        ),
        (lambda users: "pass" if users < 30 else "fail", [40, 20, 30, 25, 27], 27, "with 30 users"),
        (
            lambda users: "inconclusive" if users < 100 else "pass" if users < 200 else "fail",
            [40, 80, 160, 320, 240, 200, 180],
            180,
            "with 200 users p95 of 200: fail",
        ),
        (
            lambda users: "pass" if users < 100 else "saturated",
            [40, 80, 160, 120, 100, 90],
            90,
            "with 100 users the load generator used its whole processor",
        ),
        (lambda _users: "fail", [40, 20, 10, 5, 2, 1], None, "with 1 users p95 of 1: fail"),
        (
            lambda users: "inconclusive" if users < 100 else "fail",
            [40, 80, 160, 80, 40, 20, 10, 5, 2, 1],
            None,
            "with 1 users p95 of 1: inconclusive",
        ),
    ],
    ids=["up", "down", "too few to tell at first", "saturated", "never", "never surely"],
)
def test_the_search_ends_between_what_passes_and_what_does_not(
    verdict: Callable[[int], str], tried: list[int], sustained: int | None, why: str
) -> None:
    found = steps(40, verdict)
    assert [one.users for one in found] == tried
    passed = [one.users for one in found if one.passed]
    assert max(passed, default=None) == sustained
    assert (best(found) is None) == (sustained is None)
    assert reason(found).startswith(why)
