"""A load test from what was asked to its verdict: a goal is prepared, a run judged, the goal taken down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gatepost.errors import UsageError
from gatepost.load.goal import filled_copy, served
from gatepost.load.highest import Step, best, climb, reason
from gatepost.load.judgement import judge
from gatepost.load.run import Goal, Plan, needs_api, run

if TYPE_CHECKING:
    from gatepost.gates.verdict import Outcome
    from gatepost.stacks import Stack

Told = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What a load test is run against, and for what."""

    rows: int | None = None
    """How many rows a copy is to have in its largest tables; None loads the stack itself."""
    api: tuple[str, str] | None = None
    """The API's address and the secret that signs its tokens; None starts one where a scenario calls it."""
    highest: bool = False
    """Whether to look for the highest rate at which targets hold."""


def measure(stack: Stack, url: str, plan: Plan, asked: Asked, told: Told) -> Outcome:
    """Run the load test and return its verdict.

    :param url: of the API's login in the stack's database.
    :raises UsageError: what is asked excludes itself, or there is no such scenario.
    :raises ServerUnreachable: the server went away meanwhile.
    """
    if plan.workers and (asked.rows or asked.highest or plan.processes > 1):
        raise UsageError("workers elsewhere load what they find there: no --rows, --highest or --processes")
    with goal_of(stack, url, plan, asked, told) as goal:
        return (_highest if asked.highest else _once)(stack, plan, goal, told)


@contextmanager
def goal_of(stack: Stack, url: str, plan: Plan, asked: Asked, told: Told) -> Iterator[Goal]:
    """Prepare what is to be called."""
    with ExitStack() as opened:
        if asked.rows:
            url = opened.enter_context(filled_copy(stack, url, asked.rows, told))
        if asked.api:
            yield Goal(url, *asked.api)
        elif needs_api(stack.root, plan.scenarios):
            yield opened.enter_context(served(stack, url))
        else:
            yield Goal(url)


def _once(stack: Stack, plan: Plan, goal: Goal, told: Told) -> Outcome:
    who = f"{plan.workers} workers" if plan.workers else f"{plan.processes} processes"
    told(f"{plan.shape}: {plan.users} users for {plan.duration:g} s in {who}")
    return judge(run(stack.root, plan, goal))


def _highest(stack: Stack, plan: Plan, goal: Goal, told: Told) -> Outcome:
    def step(users: int) -> Step:
        told(f"{users} users for {plan.duration:g} s")
        result = run(stack.root, replace(plan, users=users), goal)
        return Step(users, result, judge(result))

    steps = []
    for one in climb(plan.users, step):
        steps.append(one)
        told(one.line)
    found = best(steps)
    shown = found or steps[-1]
    if found is None:
        words = f"no rate is sustained: {reason(steps)}"
    else:
        most = f"{found.result.rate:.0f} a second with {found.users} users"
        words = f"highest sustainable rate: {most}; {reason(steps)}"
    lines = tuple(one.line for one in steps)
    return replace(shown.outcome, evidence=(*shown.outcome.evidence, *lines, words))
