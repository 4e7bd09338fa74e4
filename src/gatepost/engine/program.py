"""Running a Pulumi program in this process, and leaving no trace of it."""

from __future__ import annotations

import asyncio
import contextvars
import runpy
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.engine.loop import EngineLoop, cancel_others
from gatepost.engine.model import ProgramFailed, Project

Program = Callable[[], object]


def program_file(path: Path) -> Program:
    """Return a program that runs a file such as infra/__main__.py.

    Its folder is importable while it runs, as under the Pulumi CLI; modules that it imported from there are
    forgotten afterwards, so that the next run sees the files as they then are.
    """

    def run() -> None:
        with _importable(path.parent.resolve()):
            runpy.run_path(str(path), run_name="__main__")

    return run


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a program finds around it: its stack, its settings, and the services that it talks to."""

    project: Project
    stack: str
    config: Mapping[str, str]
    secret_keys: frozenset[str]
    monitor: Any
    engine: Any
    parallel: int
    preview: bool


def run_program(program: Program, around: Surroundings, loop: EngineLoop) -> None:
    """Run a program to its end, all its resources included.

    Raises `ProgramFailed`, naming file and line, if it raises anything.
    """
    try:
        # the SDK keeps its state in context variables: a fresh context is a fresh SDK
        contextvars.Context().run(_run, program, around, loop)
    finally:
        around.monitor.release()
        around.engine.release()


def _run(program: Program, around: Surroundings, loop: EngineLoop) -> None:
    from pulumi.runtime.config import set_all_config
    from pulumi.runtime.settings import Settings, configure

    from gatepost.engine import registration

    registration.install()
    configure(
        Settings(
            project=around.project.name,
            stack=around.stack,
            monitor=around.monitor,
            engine=around.engine,
            parallel=around.parallel,
            dry_run=around.preview,
            organization=around.project.organization,
            root_directory=str(around.project.root),
        )
    )
    set_all_config(dict(around.config), sorted(around.secret_keys))
    try:
        loop.run(_to_its_end(program, around.monitor))
    except Exception as error:
        raise explain(error, around.project.root) from error
    except SystemExit as error:
        if error.code not in (None, 0):
            raise ProgramFailed(f"the program ended with exit({error.code!r})", error) from error


async def _to_its_end(program: Program, monitor: Any) -> None:
    from pulumi.runtime.stack import run_in_stack

    failed: BaseException | None = None
    try:
        await run_in_stack(_without_result(program))
    except asyncio.CancelledError:
        raise  # aborted: nobody waits for anything
    except BaseException as error:  # noqa: BLE001 raised below, when what runs has ended
        failed = error
    await monitor.settle()
    await cancel_others(None)
    if failed is not None:
        raise failed


def explain(error: BaseException, root: Path) -> ProgramFailed:
    """Return one clear error for whatever a program raised: where, what."""
    if isinstance(error, ProgramFailed):
        return error
    place = _place(error, root)
    reason = str(error) if hasattr(error, "exit_code") else f"{type(error).__name__}: {error}"
    return ProgramFailed(f"{place}: {reason}" if place else reason, error)


def _place(error: BaseException, root: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shown(error.filename, root)}:{error.lineno}"
    chain: BaseException | None = error
    seen: set[int] = set()  # the SDK raises errors "from" themselves
    while chain is not None and id(chain) not in seen:
        seen.add(id(chain))
        for frame in reversed(traceback.extract_tb(chain.__traceback__)):
            if is_the_programs(Path(frame.filename)):
                return f"{_shown(frame.filename, root)}:{frame.lineno}"
        chain = chain.__cause__ or chain.__context__
    return ""


def is_the_programs(path: Path) -> bool:
    """Whether a file is the program's own, rather than a library's."""
    ours = Path(__file__).parent.parent
    standard = Path(asyncio.__file__).parent.parent
    foreign = path.is_relative_to(ours) or path.is_relative_to(standard) or "site-packages" in path.parts
    return path.suffix == ".py" and not foreign


def _shown(filename: str, root: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _without_result(program: Program) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        program()
        await _outputs_resolved()

    return run


async def _outputs_resolved() -> None:
    """Wait for all outputs at once: the SDK itself waits for them one by one, and looks at all each time."""
    from pulumi.runtime.settings import SETTINGS

    while pending := [task for task in SETTINGS.outputs if not task.done()]:
        await asyncio.wait(pending)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    path, modules = sys.path, set(sys.modules)
    sys.path = [
        str(folder),
        *path,
    ]  # another list: a thread may be importing from the old one
    try:
        yield
    finally:
        sys.path = path
        for name in set(sys.modules) - modules:
            if any(Path(place).is_relative_to(folder) for place in _places(sys.modules[name])):
                _forget(name)


def _forget(name: str) -> None:
    """Take a module out of those that are known, and out of the package that has it as an attribute."""
    module = sys.modules.pop(name)
    package, _, own = name.rpartition(".")
    if getattr(sys.modules.get(package), own, None) is module:
        delattr(sys.modules[package], own)


def _places(module: Any) -> list[str]:
    """Return a module's file; of a package without one its folders, as its modules are its attributes."""
    file = getattr(module, "__file__", None)
    return [file] if file else list(getattr(module, "__path__", ()))
