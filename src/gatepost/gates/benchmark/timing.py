"""What a statement cost, whatever else the machine does meanwhile.

The kernel counts how long a process ran, and how long it waited for a processor. What counts here is how
long the server ran, and in addition how long neither side ran or waited for a processor: waits for locks and
disks.

Source: clock_getcpuclockid(3) for a process's clock; the kernel's documentation of `/proc/<pid>/schedstat`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

_SIZE = 128


class Moment(NamedTuple):
    """Clocks in nanoseconds, read together."""

    wall: int
    client: int
    """How long this thread ran."""
    server: int
    waited: int
    """How long both waited for a processor."""


class Timer:
    """Times a server's process, from this thread that waits for it."""

    def __init__(self, server_process: int, waits: list[int], *, with_client: bool) -> None:
        # The kernel's number for the clock of a process.
        self._clock = (~server_process << 3) | 2
        self._waits = waits
        self._with_client = with_client

    def now(self) -> Moment:
        """Read the clocks."""
        waited = sum(int(os.pread(one, _SIZE, 0).split()[1]) for one in self._waits)
        return Moment(
            time.perf_counter_ns(), time.thread_time_ns(), time.clock_gettime_ns(self._clock), waited
        )

    def milliseconds(self, work: Callable[[], object]) -> float:
        """Return what some work cost."""
        before = self.now()
        work()
        wall, client, server, waited = (
            after - started for started, after in zip(before, self.now(), strict=True)
        )
        idle = max(0, wall - client - server - waited)
        return (server + idle + client * self._with_client) / 1e6


class WallTimer(Timer):
    """Times where the kernel tells nothing of the server: by the clock on the wall."""

    def __init__(self) -> None:
        pass

    def milliseconds(self, work: Callable[[], object]) -> float:
        """Return how long some work took."""
        started = time.perf_counter_ns()
        work()
        return (time.perf_counter_ns() - started) / 1e6


def keep_together(processes: Sequence[int], processor: int) -> None:
    """Let processes of a server run on the same processor, where the machine lets one choose.

    Those of a virtual machine are not equally fast, and stay so for longer than a round takes.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    for one in processes:
        with suppress(PermissionError, ProcessLookupError):
            os.sched_setaffinity(one, {allowed[processor % len(allowed)]})


@contextmanager
def timer(server_process: int, *, with_client: bool = False) -> Iterator[Timer]:
    """Lend a timer of a process of a server that runs on this machine.

    :param with_client: whether what this thread does itself counts too.
    """
    files = (Path("/proc/thread-self/schedstat"), Path(f"/proc/{server_process}/schedstat"))
    if not all(file.exists() for file in files):
        yield WallTimer()
        return
    with ExitStack() as closing:
        descriptors = [os.open(file, os.O_RDONLY) for file in files]
        for one in descriptors:
            closing.callback(os.close, one)
        yield Timer(server_process, descriptors, with_client=with_client)
