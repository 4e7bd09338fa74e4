"""What holds for every request: its id, limits of size and time, one line in the log, the last resort."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatepost.web.problems import Problem, TooLarge, TooSlow, answer
from gatepost.web.request_ids import current

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")
_access = logging.getLogger("gatepost.access")
_log = logging.getLogger("gatepost.web")
Seen = Callable[[str, str, int, float], None]
"""Told of each request: method, route, status, seconds."""


@dataclass(frozen=True)
class Limits:
    """What a request may cost."""

    body: int = 1_000_000
    """Bytes of the body."""
    body_seconds: float = 15.0
    """Seconds between two parts of the body."""


class Ending:
    """That the server ends: streams, which would never end by themselves, are told."""

    def __init__(self) -> None:
        self._has_come = False
        self._told: set[asyncio.Event] = set()

    def come(self) -> None:
        """Tell every stream, in the server's own loop."""
        self._has_come = True
        for event in self._told:
            event.set()

    @contextmanager
    def told(self) -> Iterator[asyncio.Event]:
        """Yield an event that is set when the server ends."""
        event = asyncio.Event()
        if self._has_come:
            event.set()
        self._told.add(event)
        try:
            yield event
        finally:
            self._told.discard(event)


class Requests:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, limits: Limits, seen: Seen, ending: Ending) -> None:
        self._app, self._limits, self._seen, self._ending = app, limits, seen, ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering = _Answering(scope, receive, send, self._limits, self._ending)
        token = current.set(answering.id)
        try:
            await self._answer(answering)
        finally:
            self._seen(scope["method"], answering.route, answering.status, answering.seconds)
            answering.log()
            current.reset(token)

    async def _answer(self, one: _Answering) -> None:
        problem: Problem | None = too_large(self._limits) if one.is_too_large else None
        try:
            if problem is None:
                await self._app(one.scope, one.receive, one.send)
                await one.end_stream()
        except Exception:  # noqa: BLE001 (the last resort: the caller gets an answer, the log the reason)
            _log.exception("failed without an answer of its own")
            problem = Problem()
        if problem is None:
            return
        if one.status:
            raise RuntimeError("the answer broke off: its beginning had been sent")
        await answer(problem)(one.scope, one.receive, one.send)


def too_large(limits: Limits) -> TooLarge:
    """Return the problem of a body that is too large."""
    return TooLarge(f"a body has at most {limits.body} bytes")


class _Answering:
    """One request on its way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits, ending: Ending) -> None:
        self.scope, self._receive, self._send, self._limits = scope, receive, send, limits
        self._ending, self._is_stream, self._is_cut = ending, False, False
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        self.id = given if _ACCEPTED.fullmatch(given) else uuid4().hex
        length = headers.get(b"content-length", b"")
        self.is_too_large = length.isdigit() and int(length) > limits.body
        self.status = 0
        self._received, self._is_whole = 0, False
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def route(self) -> str:
        """The path's template, so that ids do not make a metric of their own each."""
        found = self.scope.get("route")
        return str(getattr(found, "path", "")) or "(none)"

    async def receive(self) -> Message:
        if self._is_whole:
            return await self._heard()
        try:
            message = await asyncio.wait_for(self._receive(), self._limits.body_seconds)
        except TimeoutError:
            raise TooSlow(f"no part of the body came for {self._limits.body_seconds:g} seconds") from None
        self._received += len(message.get("body", b""))
        if self._received > self._limits.body:
            raise too_large(self._limits)
        self._is_whole = not message.get("more_body", False)
        return message

    async def _heard(self) -> Message:
        """Return what comes after the request: that the client has gone, or, to a stream, that we go."""
        with self._ending.told() as ending:
            waits = [asyncio.ensure_future(wait) for wait in (self._receive(), ending.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                if waits[0].done() or not self._is_stream:
                    return cast("Message", await waits[0])
                self._is_cut = True
                return {"type": "http.disconnect"}
            finally:
                for wait in waits:
                    wait.cancel()

    async def end_stream(self) -> None:
        """Say that the answer is whole, where the server's end cut it."""
        if self._is_cut:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kinds = [value for name, value in message.get("headers", ()) if name.lower() == b"content-type"]
            self._is_stream = any(kind.startswith(b"text/event-stream") for kind in kinds)
            message["headers"] = [*message.get("headers", ()), *self._own_headers(message)]
        await self._send(message)

    def _own_headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        own = [(b"x-request-id", self.id.encode()), (b"x-content-type-options", b"nosniff")]
        if not any(name.lower() == b"cache-control" for name, _ in message.get("headers", ())):
            own.append((b"cache-control", b"no-store"))
        return own

    def log(self) -> None:
        """Write the line of this request; query, headers and body are nobody's business."""
        line: dict[str, Any] = {
            "request_id": self.id,
            "method": self.scope["method"],
            "path": self.scope["path"],
            "status": self.status,
            "ms": round(self.seconds * 1000, 2),
            **self.scope.get("state", {}).get("who", {}),
        }
        _access.info(json.dumps(line))
