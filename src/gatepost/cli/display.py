"""What is seen while a deployment runs: a live region on a terminal, a line a step elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from gatepost.observer import Observer, Planned
from gatepost.words import PAST, SYMBOLS, changed, done_by, kind_of, one_line, took

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

    from gatepost.engine.model import StepEvent

_SHOWN_RUNNING = 6
_QUIET_SECONDS = 30.0
_FEW = 40
"""With so many changes or fewer, each has a line of its own."""
_OF_MANY = 200
"""Of more than that, a log gets a line after so many."""


@dataclass
class Screen:
    """Where a command writes: results to standard output, problems to standard error."""

    json: bool = False

    @cached_property
    def out(self) -> Console:
        """Standard output; with `--json` people's text is not written at all."""
        return _console(stderr=False, quiet=self.json)

    @cached_property
    def err(self) -> Console:
        """Standard error."""
        return _console(stderr=True)

    @property
    def is_live(self) -> bool:
        """Whether a person watches."""
        return not self.json and self.out.is_terminal

    @property
    def can_ask(self) -> bool:
        """Whether a question would reach a person."""
        return self.is_live and sys.stdin.isatty()

    def line(self, text: str | Text = "", style: str = "") -> None:
        """Write a line that is not wrapped when it goes to a file."""
        self.out.print(text, style=style or None, soft_wrap=not self.out.is_terminal)


def _console(*, stderr: bool, quiet: bool = False) -> Console:
    from rich.console import Console

    class Patient(Console):
        """Goes on in silence when nobody reads any more: a deployment must not end half-way for that."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, (sys.stderr if stderr else sys.stdout).fileno())

    return Patient(stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False)


def watching(screen: Screen, observer: Observer, title: str, total: int) -> AbstractContextManager[object]:
    """Show what `observer` hears while the block runs; `total` is the number of expected changes."""
    if screen.json:
        return nullcontext()
    if screen.is_live:
        return Live(screen, observer, title, total)
    observer.on_step = _steps(screen, observer, total)
    observer.on_message = lambda severity, text: _print_message(screen, severity, text)
    observer.on_progress = Waits(screen).tell
    return nullcontext()


def _steps(screen: Screen, observer: Observer, total: int) -> Callable[[StepEvent], None]:
    """Return what prints steps to a log: each one, of many only the failed ones and now and then how many."""
    done = 0

    def told(event: StepEvent) -> None:
        nonlocal done
        if event.status in ("done", "failed") and event.op not in ("same", "create-replacement"):
            done += 1
            if total <= _FEW or event.status == "failed":
                screen.line(step_line(observer, event))
            elif done % _OF_MANY == 0:
                screen.line(f"  {done} of {total}")

    return told


def step_line(observer: Observer, event: StepEvent) -> Text:
    """Return one step on a line: `+ created index idx_posts_author (posts) 12 ms`."""
    from rich.text import Text

    symbol, style = SYMBOLS[done_by(event)] if event.status != "failed" else ("✗", "bold red")
    words = "failed to " + event.op if event.status == "failed" else PAST[done_by(event)]
    line = Text.assemble((symbol, style), f" {words} {kind_of(event.type)} ", (event.name, "bold"))
    if event.diff:
        line.append(f": {changed(event)}", "dim")
    return line.append(f"  {observer.feature_of(event)}, {took(event.seconds)}", "dim")


def _print_message(screen: Screen, severity: str, text: str) -> None:
    """Print what the program says; its warnings and errors stand at the end."""
    if severity == "info":
        for line in text.splitlines():
            screen.line(f"  {line}")


@dataclass
class Waits:
    """Prints now and then how far a statement that takes long has come."""

    screen: Screen
    _told: dict[str, float] = field(default_factory=dict)

    def tell(self, urn: str, seen: str) -> None:
        """Print it, at most twice a minute for one resource."""
        now = time.monotonic()
        if now - self._told.get(urn, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._told[urn] = now
            self.screen.line(f"  {urn.rpartition('::')[2]}: {seen}")


@dataclass
class _Running:
    event: StepEvent
    since: float
    statement: str = ""
    progress: str = ""


@dataclass
class Live:
    """A bar, the running steps with their statements, and the time; gone when the block ends."""

    screen: Screen
    observer: Observer
    title: str
    total: int
    done: int = 0
    failed: int = 0
    running: dict[str, _Running] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _started: float = field(default_factory=time.perf_counter)

    def __enter__(self) -> Live:
        from rich.live import Live as Region

        self.observer.on_step, self.observer.on_plan = self._step, self._plan
        self.observer.on_message, self.observer.on_progress = self._message, self._progress
        self._region = Region(self, console=self.screen.out, refresh_per_second=12, transient=True)
        self._region.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.observer.on_step = self.observer.on_plan = self.observer.on_message = _ignore
        self.observer.on_progress = _ignore
        self._region.stop()

    def _step(self, event: StepEvent) -> None:
        with self._lock:
            if event.status == "started":
                self.running[event.urn] = _Running(event, time.perf_counter())
                return
            self.running.pop(event.urn, None)
            if event.op in ("same", "create-replacement") or event.status not in ("done", "failed"):
                return
            self.done += 1
            self.failed += event.status == "failed"
        if self.total <= _FEW or event.status == "failed":
            self.screen.line(step_line(self.observer, event))

    def _plan(self, urn: str, plan: Planned) -> None:
        with self._lock:
            if urn in self.running and plan.statements:
                self.running[urn].statement = one_line(plan.statements[0]["sql"])

    def _progress(self, urn: str, seen: str) -> None:
        with self._lock:
            if urn in self.running:
                self.running[urn].progress = seen

    def _message(self, severity: str, text: str) -> None:
        _print_message(self.screen, severity, text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        with self._lock:
            running = list(self.running.values())
        yield self._head(options.max_width)
        for one in running[:_SHOWN_RUNNING]:
            symbol, style = SYMBOLS[one.event.op]
            line = Text.assemble(
                "  ", (symbol, style), f" {kind_of(one.event.type)} ", (one.event.name, "bold")
            )
            line.append(f"  {took(time.perf_counter() - one.since)}  {one.progress or one.statement}", "dim")
            line.truncate(options.max_width, overflow="ellipsis")
            yield line
        if len(running) > _SHOWN_RUNNING:
            yield Text(f"    and {len(running) - _SHOWN_RUNNING} more", "dim")

    def _head(self, width: int) -> Text:
        from rich.text import Text

        elapsed = took(time.perf_counter() - self._started)
        head = Text.assemble((self.title, "bold"), "  ")
        if self.total:
            cells = max(10, min(40, width - 60))
            filled = min(cells, cells * self.done // self.total)
            head.append("━" * filled, "green").append("━" * (cells - filled), "bright_black")
            head.append(f"  {self.done} of {self.total}")
        if self.failed:
            head.append(f", {self.failed} failed", "bold red")
        return head.append(f"  {elapsed}", "dim")


def _ignore(*_arguments: object) -> None:
    """Take no notice."""
