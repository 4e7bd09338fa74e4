"""Project folders with an embedded server of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from servers import FAST, folder_for_server, guarded

from gatepost.postgres.embedded import EmbeddedServer

MakeServer = Callable[..., EmbeddedServer]


@pytest.fixture
def project() -> Iterator[Path]:
    """An empty project folder that every user can enter."""
    folder = folder_for_server("gatepost-project-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_server(project: Path) -> Iterator[MakeServer]:
    """Make the embedded server of a folder (default: the project); it is removed after the test."""
    with ExitStack() as stack:

        def make(folder: Path | None = None, version: str = "18", **options: object) -> EmbeddedServer:
            root = (folder or project) / ".gatepost"
            root.mkdir(parents=True, exist_ok=True)
            stack.enter_context(guarded("embedded", str(root), version, str(options.get("source", "wheel"))))
            return EmbeddedServer(root, version, **{"settings": FAST, **options})  # type: ignore[arg-type]

        yield make


@pytest.fixture
def embedded(make_server: MakeServer) -> EmbeddedServer:
    """The project's embedded server, not started."""
    return make_server()
