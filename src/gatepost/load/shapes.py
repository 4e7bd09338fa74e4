"""How many users there are at each moment of a run."""

from __future__ import annotations

import os
from collections.abc import Callable

from locust import LoadTestShape

from gatepost.load.run import DURATION, SHAPE, USERS

Share = Callable[[float], float]
"""The share of the users that is there when this share of the time is over."""

SHAPES: dict[str, Share] = {
    "smoke": lambda _at: 1.0,
    "steady": lambda at: min(1.0, 0.2 + at * 8),
    "ramp": lambda at: max(0.05, at),
    "spike": lambda at: 1.0 if 0.4 <= at < 0.6 else 0.2,
    "soak": lambda at: min(1.0, 0.2 + at * 50),
    "stage": lambda at: min(1.0, 0.25 * (1 + int(at * 4))),
}
"""smoke: all at once, to see that it works. steady: a short start, then all. ramp: ever more, to the end.
spike: five times as many for a fifth of the time. soak: all, for long. stage: in four steps, as a rollout."""


class Shape(LoadTestShape):
    """The shape that the run asks for."""

    def tick(self) -> tuple[int, float] | None:
        """Return how many users there shall be now and how many are added a second; None ends the run."""
        users, duration = int(os.environ[USERS]), float(os.environ[DURATION])
        at = float(self.get_run_time()) / duration  # type: ignore[no-untyped-call]
        if at >= 1:
            return None
        return max(1, round(users * SHAPES[os.environ[SHAPE]](at))), max(10.0, users / 2)
