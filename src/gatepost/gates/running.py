"""Running gates one after the other, each to its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from gatepost.errors import GatepostError
from gatepost.gates.gate import Site, trials_of
from gatepost.gates.policy import Required
from gatepost.gates.verdict import Outcome, Trial, Verdict
from gatepost.stacks import Stack

Tell = Callable[[str], None]


def judge(required: Iterable[Required], stack: Stack, tell: Tell) -> list[Outcome]:
    """Return the outcome of each gate; one that cannot do its work is an `error`, and the others go on."""
    return [_judge(one, stack, tell) for one in required]


def _judge(one: Required, stack: Stack, tell: Tell) -> Outcome:
    gate, started = one.gate, time.perf_counter()
    site = Site(stack, one.options, lambda text: tell(f"{gate.name}: {text}"))
    try:
        found = gate.judge(site)
    except GatepostError as error:
        words = str(error).splitlines() or [type(error).__name__]
        found = Outcome(gate.name, Verdict.ERROR, words[0], gate.about, tuple(words[1:]))
    return replace(found, seconds=time.perf_counter() - started)


def self_test(required: Iterable[Required], tell: Tell) -> list[Trial]:
    """Return the trials of each gate's self-test."""
    found = list[Trial]()
    for one in required:
        tell(f"{one.gate.name}: self-test")
        found += trials_of(one.gate)
    return found
