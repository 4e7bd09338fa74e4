"""The event loop of a deployment: the program, the steps and the provider calls all run on it.

One thread does it all, because handing each registration from the SDK's thread to another and back costs more
than the registration; what blocks (a provider's statements) goes to worker threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_SDK_CALL = "pulumi.runtime._context"


class EngineLoop:
    """Run coroutines; `threads` limits what is handed over to threads at a time."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="gatepost-provider")
        self._loop = _Loop()
        self._loop.set_default_executor(self._executor)
        self._loop.set_exception_handler(_ignore)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return its result."""
        return self._loop.run_until_complete(coroutine)

    def call(self, function: Callable[[], object]) -> None:
        """Call a plain function on the loop, soon; safe in a signal handler and from any thread."""
        self._loop.call_soon_threadsafe(function)

    def close(self, *, abort: bool = False) -> None:
        """End the loop; with `abort`, cancel what runs and do not wait for its threads."""
        self.run(cancel_others(1.0 if abort else None))
        self.run(self._loop.shutdown_asyncgens())
        self._executor.shutdown(wait=not abort, cancel_futures=True)
        self._loop.close()


class _Loop(asyncio.SelectorEventLoop):
    """A loop on which the SDK's calls to the monitor run at once: the monitor is here, not behind a wire."""

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run `func` in a thread, unless it is the SDK's call to the monitor."""
        if getattr(func, "__module__", "") != _SDK_CALL:
            return super().run_in_executor(executor, func, *args)
        answered = self.create_future()
        try:
            answer = func(*args)
        except Exception as error:  # noqa: BLE001 it belongs to whoever awaits the answer
            answered.set_exception(error)
            return answered
        if asyncio.isfuture(answer):
            return answer
        answered.set_result(answer)
        return answered


async def cancel_others(patience: float | None) -> None:
    """Cancel every other task and wait for them to end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=patience)


def _ignore(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """Take no notice of outputs that nobody awaited: what failed is reported already."""
