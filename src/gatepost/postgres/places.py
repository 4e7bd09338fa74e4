"""Where a server keeps its things: home folder, socket folder, passwords, port."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import socket
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gatepost.errors import ServerUnreachable, UsageError
from gatepost.postgres.account import Account

HOST = "127.0.0.1"
PORTS = range(20000, 32000)
"""Below the range that systems give to outgoing connections."""
SOCKET_PATH_LIMIT = 103 if sys.platform == "darwin" else 107


@dataclass(frozen=True)
class Places:
    """The folders and files of one server, which belongs to one project folder."""

    folder: Path
    """Inside the project, the caller's: passwords and port; mostly the home too."""
    account: Account
    """Who runs the server."""

    @cached_property
    def home(self) -> Path:
        """The folder of data, log and socket: `folder`, if the server's user can get there.

        As root the server runs as an unprivileged user; when the project lies below a closed folder, the
        home is an owner-only folder under `/var/lib` (or the temporary folder) instead.
        """
        if not self.account.is_other or (self.folder / "data").exists():
            return self.folder
        outside = _outside() / self._digest
        if (outside / "data").exists():
            return outside
        return self.folder if self.account.may_enter(_nearest(self.folder)) else outside

    @property
    def socket(self) -> Path:
        """The folder of the unix socket: in the home, or a short one where its path would be too long."""
        inside = self.home / "socket"
        longest = os.fsencode(inside / ".s.PGSQL.65535")
        if len(longest) <= SOCKET_PATH_LIMIT:
            return inside
        return Path("/tmp") / f"gatepost-{self.account.uid}-{self._digest}"  # noqa: S108 (owner-only, and checked)

    def secret(self, user: str) -> Path:
        """The file of a user's password."""
        return self.folder / f"{user}.password"

    def make(self) -> None:
        """Make every folder that is missing.

        Raises UsageError when the path cannot be given to `pg_ctl`, which hands it to a shell.
        """
        if found := set('"$`\\\n') & set(str(self.home)):
            raise UsageError(
                f"{self.home} holds {sorted(found)}, which pg_ctl does not take: move the project"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.home == self.folder:
            self._open_parents()
        else:
            self.home.parent.mkdir(parents=True, exist_ok=True)
            self.account.make_folder(self.home)
        self.account.make_folder(self.socket)

    def remembered_port(self) -> int | None:
        """The port that the server had last."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "port").read_text())
        return None

    def choose_port(self) -> int:
        """Keep the remembered port when it is free, else choose and remember another.

        Raises ServerUnreachable when none is free.
        """
        remembered = self.remembered_port()
        if remembered is not None and remembered in PORTS and _is_free(remembered):
            return remembered
        for port in random.sample(PORTS, 200):
            if _is_free(port):
                (self.folder / "port").write_text(f"{port}\n")
                return port
        raise ServerUnreachable(
            f"no free port on {HOST} from {PORTS.start} to {PORTS.stop}: end some servers"
        )

    @property
    def _digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]

    def _open_parents(self) -> None:
        """Let the server's user pass through the folders that are ours; those above are as they are."""
        if self.account.is_other:
            for folder in (self.folder, self.folder.parent):
                folder.chmod(0o711)


def _outside() -> Path:
    lib = Path("/var/lib")
    parent = lib if os.access(lib, os.W_OK) else Path(tempfile.gettempdir())
    return parent / "gatepost"


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False
