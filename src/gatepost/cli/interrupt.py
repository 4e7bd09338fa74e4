"""Ctrl-C outside a deployment, which ends in good order by itself (`gatepost.engine.interrupt`)."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.02
"""Seconds after which an interruption that came to nothing is tried again."""
_pressed = threading.Event()


def catch() -> None:
    """Raise KeyboardInterrupt at Ctrl-C, at a moment too at which Python drops what is raised."""
    signal.signal(signal.SIGINT, _press)
    sys.unraisablehook = _unraisable


@contextmanager
def consequences() -> Iterator[None]:
    """Take what fails after Ctrl-C for its consequence: KeyboardInterrupt, whatever it says itself."""
    try:
        yield
    except Exception as error:
        if _pressed.is_set():
            raise KeyboardInterrupt from error
        raise


def _press(_signal: int, _frame: FrameType | None) -> None:
    _pressed.set()
    raise KeyboardInterrupt


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """Objects are being collected: nothing that is raised leaves their callbacks."""
    if issubclass(found.exc_type, KeyboardInterrupt):
        again = threading.Timer(_AGAIN, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(found)
