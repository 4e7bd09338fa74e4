"""Between deployer and server: counts the statements that change something, and stops the world at one."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Literal

Position = Literal["before", "during", "after"]
Reached = Callable[[int, Position, str, bool], bool]
"""Told the number of a statement, where it stands, its text, and whether a transaction is open then.

Nothing goes through any more once it has returned true.
"""
FLUSH = b"H\0\0\0\4"

_READS = re.compile(r"\s*(--[^\n]*\n\s*)*(select|set|show|begin|rollback|reset)\b", re.IGNORECASE)


def changes_something(statement: str) -> bool:
    """Return whether killing somebody at this statement is a case of its own."""
    return bool(statement.strip()) and not _READS.match(statement)


class Messages:
    """Cuts a stream of PostgreSQL's protocol into messages; a client's first one has no type."""

    def __init__(self, *, starts_bare: bool) -> None:
        self._buffer = b""
        self._bare = starts_bare

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield type and whole text of each complete message."""
        self._buffer += data
        while True:
            head = 0 if self._bare else 1
            if len(self._buffer) < head + 4:
                return
            (length,) = struct.unpack_from("!I", self._buffer, head)
            if len(self._buffer) < head + length:
                return
            message, self._buffer = self._buffer[: head + length], self._buffer[head + length :]
            kind, self._bare = message[:head], False
            yield kind, message


@dataclass
class Link:
    """One connection through the proxy."""

    client: socket.socket
    server: socket.socket
    awaited: Literal["", "ready", "done"] = ""
    """What ends the statement that is looked at: of the simple protocol, or of the extended one."""
    statement: int = 0
    """The number of the statement that is looked at: the next may begin before its answer is out."""
    executing: int = 0
    in_transaction: bool = False
    answered: Event = field(default_factory=Event)

    def cut(self) -> None:
        """End both sides at once."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        self.answered.set()


class Proxy:
    """Listens on a port of its own; one statement at a time is looked at, in the order of their arrival."""

    def __init__(self, port: int, reached: Reached) -> None:
        self._server_port = port
        self._reached = reached
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._looking, self._door = Lock(), Lock()
        self._links: list[Link] = []
        self._closed = False
        self.count = 0
        self.stopped = False
        self._threads = [Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def cut(self) -> None:
        """End every connection; those to come pass through."""
        self.stopped = True
        links, self._links = self._links, []
        for link in links:
            link.cut()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Let nobody in while the block runs."""
        with self._door:
            yield

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_error: object) -> None:
        self._closed = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _serve(self) -> None:
        with self._listener:
            while not self._closed:
                try:
                    client, _ = self._listener.accept()
                except OSError:
                    return
                self._open(client)

    def _open(self, client: socket.socket) -> None:
        try:
            with self._door:
                server = socket.create_connection(("127.0.0.1", self._server_port))
        except OSError:
            client.close()
            return
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, server)
        self._links.append(link)
        for work in (self._forward, self._answer):
            thread = Thread(target=work, args=(link,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _forward(self, link: Link) -> None:
        messages = Messages(starts_bare=True)
        statement, held = "", b""
        with link.client, suppress(OSError):
            while data := link.client.recv(65536):
                for kind, message in messages.feed(data):
                    if kind in (b"Q", b"P"):
                        statement = _statement(kind, message)
                        link.in_transaction |= statement.lower().startswith("begin")
                        if (
                            not self.stopped
                            and changes_something(statement)
                            and self._begin(link, kind, statement)
                        ):
                            return
                    link.executing += kind == b"E"
                    held += message
                    # Outside a transaction it is the Sync that commits.
                    last = b"E" if link.in_transaction else b"S"
                    if link.awaited and kind in (b"Q", last):
                        if self._run(link, held + (FLUSH if kind == b"E" else b""), statement):
                            return
                    elif not link.awaited:
                        link.server.sendall(held)
                    else:
                        continue
                    held = b""
        with suppress(OSError):
            link.server.shutdown(socket.SHUT_WR)

    def _begin(self, link: Link, kind: bytes, statement: str) -> bool:
        """Look at a statement; return whether nothing goes through any more."""
        self._looking.acquire()
        if self.stopped:
            self._looking.release()
            return False
        self.count += 1
        if self._reached(self.count, "before", statement, link.in_transaction):
            self._looking.release()
            return True
        link.statement = self.count
        link.awaited = "done" if kind == b"P" and link.in_transaction else "ready"
        link.answered.clear()
        return False

    def _run(self, link: Link, messages: bytes, statement: str) -> bool:
        """Send a statement that is looked at, and wait for its end."""
        number = self.count
        try:
            link.server.sendall(messages)
            if self._reached(number, "during", statement, link.in_transaction):
                return True
            link.answered.wait(60)
            return self._reached(number, "after", statement, link.in_transaction)
        finally:
            link.awaited = ""
            self._looking.release()

    def _answer(self, link: Link) -> None:
        messages = Messages(starts_bare=False)
        with link.server, suppress(OSError):
            while data := link.server.recv(65536):
                found = list(messages.feed(data))
                kinds = [kind for kind, _ in found]
                ended = sum(kind in (b"C", b"s", b"I") for kind in kinds)
                link.executing = 0 if b"E" in kinds else max(0, link.executing - ended)
                for kind, message in found:
                    if kind == b"Z":
                        link.in_transaction = message[5:6] != b"I"
                    elif kind == b"C" and message[5:] == b"COMMIT\0":  # in a pipeline the Sync comes later
                        link.in_transaction = False
                done = link.awaited == "done" and not link.executing and (ended or b"E" in kinds)
                if done or (link.awaited == "ready" and b"Z" in kinds):
                    statement = link.statement
                    link.answered.set()
                    self._hold_back(link, statement)
                link.client.sendall(data)
        link.answered.set()
        with suppress(OSError):
            link.client.shutdown(socket.SHUT_WR)

    def _hold_back(self, link: Link, statement: int) -> None:
        """Deliver an answer only after the world was looked at."""
        while link.awaited and link.statement == statement and not self.stopped:
            time.sleep(0.0005)


def _statement(kind: bytes, message: bytes) -> str:
    parts = message[5:].split(b"\0")
    return parts[0 if kind == b"Q" else 1].decode(errors="replace")
