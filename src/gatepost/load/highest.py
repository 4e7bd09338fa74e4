"""The highest rate that a stack sustains: more users until a target no longer holds, then in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gatepost.gates.verdict import Outcome, Verdict
from gatepost.load.result import Result

CLOSE_ENOUGH = 1.15
"""The search ends when a step that did not pass has at most so many times the users of one that did."""
_MOST_USERS = 20_000


@dataclass(frozen=True)
class Step:
    """A run with a number of users."""

    users: int
    result: Result
    outcome: Outcome

    @property
    def passed(self) -> bool:
        """Whether every target held, surely."""
        return self.outcome.verdict is Verdict.PASS

    @property
    def is_unknown(self) -> bool:
        """Whether there were too few requests to tell: more users make more."""
        return self.outcome.verdict is Verdict.INCONCLUSIVE and not self.result.saturated

    @property
    def line(self) -> str:
        """The step in one line."""
        rate = f"{self.result.rate:.0f} a second"
        return f"{self.users} users: {rate}, {self.outcome.verdict}: {self.outcome.figure}"


def climb(first: int, run: Callable[[int], Step]) -> Iterator[Step]:
    """Yield steps, with twice as many users each until one does not pass, then halfway to the last that did.

    When the first fails the search goes down instead; one that cannot tell is passed by on the way up.
    """
    passed, failed, users = 0, _MOST_USERS, first
    while 0 < users < _MOST_USERS:
        step = run(users)
        yield step
        if step.passed:
            passed = users
        elif failed < _MOST_USERS or not step.is_unknown:
            failed = users
        if passed and failed <= max(passed * CLOSE_ENOUGH, passed + 1):
            return
        users = users * 2 if failed == _MOST_USERS else (passed + failed) // 2
        if users in (passed, failed):
            return


def best(steps: list[Step]) -> Step | None:
    """Return the passing step with the highest rate."""
    return max((step for step in steps if step.passed), key=lambda step: step.result.rate, default=None)


def reason(steps: list[Step]) -> str:
    """Say what kept the rate from being higher, in the words of the smallest step that did not pass."""
    found = best(steps)
    missed = [step for step in steps if not step.passed and (found is None or step.users > found.users)]
    if not missed:
        return "nothing: it may be higher"
    least = min(missed, key=lambda step: step.users)
    if least.result.saturated:
        return f"with {least.users} users the load generator used its whole processor: it may be higher"
    return f"with {least.users} users {least.outcome.figure}: {least.outcome.verdict}"
