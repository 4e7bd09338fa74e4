"""Ctrl-C: the first press ends the deployment in good order, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(stop: Callable[[], None], *, patient: bool = True) -> Iterator[None]:
    """Call `stop` at the first SIGINT and raise KeyboardInterrupt at the second, or unless `patient` at once.

    Only the main thread can catch signals: elsewhere this does nothing.
    """
    if not patient or threading.current_thread() is not threading.main_thread():
        yield
        return
    presses = 0

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt
        stop()

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
