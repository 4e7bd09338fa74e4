"""The server: an application from the project's settings, its address, and a clean end."""

from __future__ import annotations

import importlib
import json
import logging
import signal
import socket
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatepost.errors import UsageError
from gatepost.web.clock import Job
from gatepost.web.request_ids import WithRequestId, request_id
from gatepost.web.requests import Ending


class ServeSettings(BaseModel):
    """`[tool.gatepost.serve]` in the project's pyproject.toml."""

    model_config = ConfigDict(extra="forbid")

    title: str = "Platform"
    routers: list[str] = []
    """`package.module:name` of each router."""
    maintenance: str | None = None
    """`package.module:name` of a function that returns the maintenance message, or None."""
    opening: str | None = None
    """A statement that begins each transaction of a signed-in user, as that user."""
    jobs: list[str] = []
    """`package.module:name` of each function to call again and again, see `gatepost.web.clock.Job`."""
    jobs_every: float = Field(default=60.0, gt=0, le=86_400)
    """Seconds between two calls."""


@dataclass(frozen=True)
class Application:
    """What the settings name, loaded."""

    title: str
    routers: list[APIRouter]
    maintenance: Callable[..., str | None] | None
    opening: str | None = None
    jobs: Mapping[str, Job] = field(default_factory=dict)
    jobs_every: float = 60.0


def load(root: Path) -> Application:
    """Return what the project in `root` serves.

    :raises UsageError: a setting is not known, or a name leads to nothing.
    """
    file = root / "pyproject.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        settings = ServeSettings.model_validate(document.get("tool", {}).get("gatepost", {}).get("serve", {}))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise UsageError(f"{file}, [tool.gatepost.serve]: {error}") from None
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    routers = [_named(name, file) for name in settings.routers]
    for name, router in zip(settings.routers, routers, strict=True):
        if not isinstance(router, APIRouter):
            raise UsageError(f'{file}: "{name}" is no fastapi.APIRouter but {type(router).__name__}')
    maintenance = _named(settings.maintenance, file) if settings.maintenance else None
    jobs = {name: _named(name, file) for name in settings.jobs}
    for name, job in jobs.items():
        if not callable(job):
            raise UsageError(f'{file}: "{name}" is no function but {type(job).__name__}')
    return Application(settings.title, routers, maintenance, settings.opening, jobs, settings.jobs_every)


def _named(name: str, file: Path) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f'{file}: "{name}" leads to nothing: expected package.module:name ({error})'
        ) from error


class JsonLines(logging.Formatter):
    """One JSON object a line; the access log's message is one already."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as its line."""
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name == "gatepost.access":
            line |= json.loads(record.getMessage())
        else:
            line |= {"request_id": request_id() or None, "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_to_standard_error(level: str) -> None:
    """Write the log as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(WithRequestId())
    for name in ("gatepost", "psycopg.pool", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level.upper() if name != "uvicorn.error" else logging.WARNING)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any free one.

    :raises UsageError: the address is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UsageError(
            f"nobody can listen at {host}:{port}: {error.strerror or error}; choose another --port or --host"
        ) from None


class _Server(uvicorn.Server):
    """Ends at SIGINT and SIGTERM once the requests that run are answered, and calls that success."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], ending: Ending) -> None:
        super().__init__(config)
        self._on_ready, self._ending = on_ready, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending.come()
        await super().shutdown(sockets=sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {one: signal.signal(one, self.handle_exit) for one in signals}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def run(app: FastAPI, listening: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; streams then end at once, other requests within ten seconds."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=65_536,
        lifespan="off",
    )
    _Server(config, on_ready, app.state.ending).run(sockets=[listening])
