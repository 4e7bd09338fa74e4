"""The state of a stack, in the layout of Pulumi's file backend (`pulumi login file://…` takes it over)."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatepost.engine import journal
from gatepost.engine.journal import Journal, NoJournal, unwritten
from gatepost.engine.lock import StackLock
from gatepost.engine.model import Project, now
from gatepost.engine.order import mended, ordered
from gatepost.errors import CorruptState, UnsupportedFeature
from gatepost.jsontext import dumps

Json = dict[str, Any]

_KINDS = {
    "inputs": dict,
    "outputs": dict,
    "propertyDependencies": dict,
    "customTimeouts": dict,
    "dependencies": list,
    "initErrors": list,
    "additionalSecretOutputs": list,
    "ignoreChanges": list,
    "replaceOnChanges": list,
    "id": str,
    "parent": str,
    "provider": str,
    "deletedWith": str,
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded state: resources and pending operations as JSON, the secrets' salt, the file's digest.

    `recovered` says that the journal of a killed deployment was replayed into it.
    """

    resources: list[Json] = field(default_factory=list)
    pending: list[Json] = field(default_factory=list)
    salt: str | None = None
    has_secrets: bool = False
    digest: str = ""
    recovered: bool = False


class StateFiles:
    """The files of one stack in one backend folder."""

    def __init__(self, backend: Path, project: Project, stack: str) -> None:
        self.backend = backend
        self._root = backend / ".pulumi"
        self._stack = stack
        self._qualified = f"{project.organization}/{project.name}/{stack}"
        self._backups = self._root / "backups" / project.name / stack
        self._history = self._root / "history" / project.name / stack
        self._journal = self._root / "gatepost" / project.name / f"{stack}.journal"
        self.file = self._root / "stacks" / project.name / f"{stack}.json"

    def lock(self) -> StackLock:
        """Return the stack's lock, to be entered for as long as the state may change."""
        return StackLock(self._root / "locks" / self._qualified, self._root)

    def journal(self, checkpoint: Checkpoint, *, atomic: bool = False) -> Journal:
        """Return a journal for steps that change this checkpoint; what is atomic keeps none."""
        return (NoJournal if atomic else Journal)(self._journal, checkpoint.digest)

    def load(self) -> Checkpoint:
        """Read the state, with the journal of a killed deployment replayed; a new stack is empty.

        Raises `CorruptState` naming the file, the place and the newest backup.
        """
        try:
            text = self.file.read_text()
            if not text.strip():
                raise self._corrupt("it is empty")
        except FileNotFoundError:
            text = ""
        except UnicodeDecodeError as error:
            raise self._corrupt(f"byte {error.start} is not UTF-8") from error
        digest = _digest(text.encode())
        latest = self._latest(text) if text else {}
        resources, pending = latest.get("resources") or [], latest.get("pending_operations") or []
        records = journal.read(self._journal, digest)
        if records:
            resources, pending = journal.replay(records, resources, pending)
        salt = journal.salt_in(records) or self._salt(latest)
        secret = '"ciphertext"' in text or b'"ciphertext"' in dumps(records)
        return Checkpoint(ordered(mended(resources, {})), pending, salt, secret, digest, bool(records))

    def save(self, resources: list[Json], pending: list[Json], salt: str | None, running: Journal) -> None:
        """Replace the state at once or not at all, keep the old one as a backup, and end the journal."""
        latest: Json = {"manifest": {"time": now(), "magic": "", "version": ""}}
        if salt is not None:
            latest["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
        if resources:
            latest["resources"] = resources
        if pending:
            latest["pending_operations"] = pending
        latest["metadata"] = {}
        document = {"version": 3, "checkpoint": {"stack": self._qualified, "latest": latest}}
        written = dumps(document)
        self._write_meta()
        if self.file.exists():
            _write(self._backups / f"{self._stack}.{time.time_ns()}.json", self.file.read_bytes())
        running.saved(_digest(written))
        _write(self.file, written)
        running.remove()

    def add_history(self, kind: str, started: float, changes: dict[str, int], *, succeeded: bool) -> None:
        """Leave a record of an update, as `pulumi stack history` shows it; `started` is a Unix time."""
        prefix = f"{self._stack}-{time.time_ns()}"
        entry = {
            "kind": kind,
            "startTime": int(started),
            "message": "",
            "environment": {"exec.kind": "gatepost"},
            "config": {},
            "version": 0,
            "result": "succeeded" if succeeded else "failed",
            "endTime": int(time.time()),
            "resourceChanges": changes,
        }
        _write(self._history / f"{prefix}.history.json", dumps(entry))
        _write(self._history / f"{prefix}.checkpoint.json", self.file.read_bytes())

    def _write_meta(self) -> None:
        meta = self._root / "meta.yaml"
        if not meta.exists():
            _write(meta, b"version: 1\n")

    def _latest(self, text: str) -> Json:
        try:
            document = json.loads(text)
        except ValueError as error:
            raise self._corrupt(str(error)) from error
        try:
            version = document["version"]
            latest = document["checkpoint"].get("latest") or {}
        except (KeyError, TypeError, AttributeError) as error:
            raise self._corrupt("it is not a Pulumi checkpoint") from error
        if version != 3:
            raise UnsupportedFeature(
                f"{self.file} has version {version!r} and the embedded engine reads version 3"
            )
        self._validate(latest)
        return dict(latest)

    def _validate(self, latest: Any) -> None:
        if not isinstance(latest, dict) or not isinstance(latest.get("resources") or [], list):
            raise self._corrupt("checkpoint.latest.resources is not a list")
        for at, resource in enumerate(latest.get("resources") or []):
            fields = resource if isinstance(resource, dict) else {}
            for name in ("urn", "type"):
                if not isinstance(fields.get(name), str) or not fields[name]:
                    raise self._corrupt(f"resource {at} has no {name}")
            for name, value in fields.items():
                kind = _KINDS.get(name)
                if kind is not None and not isinstance(value, kind):
                    raise self._corrupt(f"{name} of resource {at} ({fields['urn']}) is not a {kind.__name__}")

    def _salt(self, latest: Json) -> str | None:
        provider = latest.get("secrets_providers")
        if not provider:
            return None
        if not isinstance(provider, dict) or provider.get("type") != "passphrase":
            kind = provider.get("type") if isinstance(provider, dict) else provider
            raise UnsupportedFeature(
                f"the secrets of {self.file} belong to the provider {kind!r}, and the embedded engine knows "
                f"only 'passphrase': deploy with the Pulumi CLI instead"
            )
        salt = (provider.get("state") or {}).get("salt")
        if not isinstance(salt, str):
            raise self._corrupt("secrets_providers has no salt")
        return salt

    def _corrupt(self, what: str) -> CorruptState:
        backups = [*self._backups.glob("*.json")] if self._backups.exists() else []
        newest = max(backups, key=lambda file: file.name, default=None)
        advice = (
            f"restore the newest backup, {newest}" if newest else "there is no backup: delete it and import"
        )
        return CorruptState(f"the state file {self.file} is damaged: {what}: {advice}")


def _digest(written: bytes) -> str:
    return hashlib.sha256(written).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write a file at once or not at all, and durably.

    :raises StateNotWritten: it could not be written; what was there before still is.
    """
    spool = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with spool.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        spool.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        spool.unlink(missing_ok=True)
        raise unwritten(path, error) from error


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
