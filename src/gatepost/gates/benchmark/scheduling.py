"""How long the scheduler kept a process waiting: what other work on the machine cost it, not its own.

Source: the kernel's documentation of `/proc/<pid>/schedstat`: time on a processor, time waiting for one, both
in nanoseconds, and the number of times that it ran.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_SIZE = 128


class Waits:
    """The waits of some processes together; of one that cannot be watched there are none."""

    def __init__(self, descriptors: list[int]) -> None:
        self._descriptors = descriptors

    def nanoseconds(self) -> int:
        """Return how long they have waited for a processor so far."""
        return sum(int(os.pread(one, _SIZE, 0).split()[1]) for one in self._descriptors)


@contextmanager
def watched(server_process: int) -> Iterator[Waits]:
    """Watch this thread and a process of a server, where that runs on this machine."""
    files = (Path("/proc/thread-self/schedstat"), Path(f"/proc/{server_process}/schedstat"))
    with ExitStack() as closing:
        descriptors = []
        for file in files:
            if file.exists():
                descriptors.append(os.open(file, os.O_RDONLY))
                closing.callback(os.close, descriptors[-1])
        yield Waits(descriptors)
