"""A server for one proof or measurement, which is gone when the process that asked for it is."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gatepost.postgres.embedded import EmbeddedServer

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "logging_collector": "off",
}
"""Settings for data that nobody needs after a crash, and that nothing changes behind a measurement's back."""


@contextmanager
def throwaway_server(
    settings: Mapping[str, str] | None = None, version: str = "18"
) -> Iterator[EmbeddedServer]:
    """Lend a running server in a temporary folder; a process of its own removes it.

    That process waits for this one to end the block or to end altogether, be it by Ctrl-C or a kill.

    :param settings: what `postgresql.conf` says beside `FAST`.
    """
    root = Path(tempfile.mkdtemp(prefix="gatepost-throwaway-"))
    root.chmod(0o711)
    with _guarded(root, version):
        server = EmbeddedServer(root, version, settings={**FAST, **(settings or {})})
        server.start()
        yield server


@contextmanager
def _guarded(root: Path, version: str) -> Iterator[None]:
    command = [sys.executable, "-m", "gatepost.postgres.removal", str(root), version]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield
