"""What holds for every request: its id, limits of size and time, one line in the log, the last resort."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
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


class Requests:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, limits: Limits, seen: Seen) -> None:
        self._app, self._limits, self._seen = app, limits, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering = _Answering(scope, receive, send, self._limits)
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

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self.scope, self._receive, self._send, self._limits = scope, receive, send, limits
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
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._limits.body_seconds)
        except TimeoutError:
            raise TooSlow(f"no part of the body came for {self._limits.body_seconds:g} seconds") from None
        self._received += len(message.get("body", b""))
        if self._received > self._limits.body:
            raise too_large(self._limits)
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
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
