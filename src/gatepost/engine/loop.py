"""The engine's own event loop, in a thread of its own: steps and provider calls run there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class EngineLoop:
    """Run coroutines in the background; `threads` limits what providers hand over to threads at a time."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="gatepost-provider")
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(self._executor)
        self._thread = threading.Thread(target=self._loop.run_forever, name="gatepost-engine", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine and return its future."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for its result."""
        return self.submit(coroutine).result()

    def call(self, function: Any) -> None:
        """Call a plain function on the loop, soon; safe in a signal handler."""
        self._loop.call_soon_threadsafe(function)

    def close(self, *, abort: bool = False) -> None:
        """End the loop; with `abort`, cancel what runs and do not wait for its threads."""
        self.run(_cancel_others(1.0 if abort else None))
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._executor.shutdown(wait=not abort, cancel_futures=True)
        self._loop.close()


async def _cancel_others(patience: float | None) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=patience)
