"""How a connection waits for its server: in the kernel or, under gevent, letting other greenlets go on."""

from __future__ import annotations

import select
import sys
from typing import Any, Protocol

READ, WRITE = 1, 2
"""What is waited for; gevent's own numbers."""


class Waiter(Protocol):
    """Waits at one socket."""

    def is_readable(self) -> bool:
        """Whether there is something to read now."""

    def wait(self, events: int, seconds: float) -> bool:
        """Wait until it can be read, or written where `events` says so; return whether it can."""


class Kernel:
    """Waits by `poll`, and the thread with it."""

    def __init__(self, socket: int) -> None:
        self._socket = socket
        self._poll = _poll()
        self._poll.register(socket, select.POLLIN)

    def is_readable(self) -> bool:
        """Whether there is something to read now."""
        return bool(self._poll.poll(0))

    def wait(self, events: int, seconds: float) -> bool:
        """Wait until it can be read, or written where `events` says so; return whether it can."""
        if events == READ:
            return bool(self._poll.poll(seconds * 1000))
        self._poll.modify(self._socket, select.POLLIN | select.POLLOUT)
        try:
            return bool(self._poll.poll(seconds * 1000))
        finally:
            self._poll.modify(self._socket, select.POLLIN)


class Greenlets(Kernel):
    """Waits in gevent's loop by a watcher that is made once: its own `poll` makes several each time."""

    def __init__(self, socket: int) -> None:
        from gevent.hub import get_hub

        super().__init__(socket)
        self._hub = get_hub()
        self._watchers = {events: self._hub.loop.io(socket, events) for events in (READ, READ | WRITE)}

    def wait(self, events: int, seconds: float) -> bool:
        """Wait until it can be read, or written where `events` says so; return whether it can."""
        from gevent import Timeout

        timer = Timeout.start_new(seconds)
        try:
            self._hub.wait(self._watchers[events])
        except Timeout as timeout:
            if timeout is not timer:
                raise
            return False
        finally:
            timer.close()
        return True


def waiter(socket: int) -> Waiter:
    """Return what waits at a socket."""
    return Greenlets(socket) if _is_patched() else Kernel(socket)


def _is_patched() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("select"))


def _poll() -> Any:
    """Return the kernel's `poll`, gevent's patch or not."""
    if not _is_patched():
        return select.poll()
    from gevent.monkey import get_original

    return get_original("select", "poll")()
