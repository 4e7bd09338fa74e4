"""The stack's lock: the same files as the Pulumi CLI writes, so that the two exclude each other."""

from __future__ import annotations

import getpass
import json
import os
import socket
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from gatepost.engine.model import now
from gatepost.errors import DeploymentBusy


class StackLock:
    """Hold a stack alone, as a context manager.

    A lock left by a dead process of this host is taken over.
    Raises `DeploymentBusy` if anybody else holds it.
    """

    def __init__(self, folder: Path, spool: Path) -> None:
        self._folder = folder
        self._file = folder / f"{uuid.uuid4()}.json"
        self._spool = spool / f".lock-{uuid.uuid4()}"

    def __enter__(self) -> StackLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._refuse_if_held()
        self._write()
        try:
            self._refuse_if_held()
        except DeploymentBusy:
            self._file.unlink()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.unlink(missing_ok=True)

    def _write(self) -> None:
        content = {
            "pid": os.getpid(),
            "username": _user(),
            "hostname": socket.gethostname(),
            "timestamp": now(),
        }
        self._spool.write_text(json.dumps(content))
        self._spool.rename(self._file)

    def _refuse_if_held(self) -> None:
        for file in sorted(self._folder.glob("*.json")):
            if file == self._file:
                continue
            holder = _read(file)
            if _is_dead(holder):
                file.unlink(missing_ok=True)
                file.with_name(f"{file.name}.attrs").unlink(missing_ok=True)
            else:
                raise DeploymentBusy(
                    f"the stack is locked by {holder.get('username')}@{holder.get('hostname')} "
                    f"(process {holder.get('pid')}) since {holder.get('timestamp')}: wait for it to end, "
                    f"or, if it is gone, delete {file}"
                )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return {"pid": 0, "hostname": socket.gethostname()}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _is_dead(holder: dict[str, Any]) -> bool:
    pid = holder.get("pid")
    if holder.get("hostname") != socket.gethostname() or not isinstance(pid, int):
        return False
    if pid <= 0:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
