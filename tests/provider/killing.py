"""The deployer killed before any batch of statements: nothing is taken back, and the next one goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from gatepost.postgres.runner import Runner


class Killed(BaseException):
    """The deployer is gone."""


@contextmanager
def killed_before(batch: int) -> Iterator[None]:
    """Kill the deployer before it comes to a batch, counted from 0."""
    really, numbers = Runner._with_retries, count()

    def with_retries(self: Runner, given: Any) -> None:
        if next(numbers) == batch:
            raise Killed
        really(self, given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, "_with_retries", with_retries)
        yield
