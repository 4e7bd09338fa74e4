"""A stretch of network before the server that loses requests, or answers, and then the connection."""

from __future__ import annotations

import socket
from collections import deque
from contextlib import suppress
from threading import Thread
from typing import Literal

from tests.crash.wire import Messages

Fate = Literal["pass", "lose_request", "lose_answer"]


class Lossy:
    """Listens on a port of its own; each exchange of a service meets the next of `fates`, later ones pass."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.fates: deque[Fate] = deque()
        Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            _Link(self, client, socket.create_connection(self._server))


class _Link:
    def __init__(self, lossy: Lossy, client: socket.socket, server: socket.socket) -> None:
        self._lossy, self._client, self._server = lossy, client, server
        self._loses_answer = False
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for work in (self._forward, self._answer):
            Thread(target=work, daemon=True).start()

    def _forward(self) -> None:
        """Send on what the client sends, an exchange at a time; the first one sets the connection up."""
        messages, held, binds, exchanges = Messages(starts_bare=True), b"", 0, 0
        with suppress(OSError):
            while data := self._client.recv(65536):
                for kind, message in messages.feed(data):
                    held += message
                    binds += kind == b"B"
                    if binds and kind not in (b"S", b"X", b"H"):
                        continue
                    exchanges += kind == b"S" and binds > 0
                    if kind == b"S" and exchanges > 1 and self._lossy.fates:
                        fate = self._lossy.fates.popleft()
                        if fate == "lose_request":
                            return self._cut()
                        self._loses_answer = fate == "lose_answer"
                    self._server.sendall(held)
                    held, binds = b"", 0
        return self._cut()

    def _answer(self) -> None:
        messages = Messages(starts_bare=False)
        with suppress(OSError):
            while data := self._server.recv(65536):
                kinds = [kind for kind, _ in messages.feed(data)]
                if not self._loses_answer:
                    self._client.sendall(data)
                elif b"Z" in kinds:
                    break
        self._cut()

    def _cut(self) -> None:
        for side in (self._client, self._server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()
