"""A stack as its files and the environment describe it: settings, passphrase, where its state is."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gatepost.errors import PassphraseMissing, UsageError
from gatepost.stack_files import read_yaml, selected_stack

Unseal = Callable[[str], str]
DEFAULT = "local"
_OWN = ("local", "dev")
_NAMED = (*_OWN, "staging", "production")


@dataclass(frozen=True)
class Settings:
    """A stack's configuration as the program gets it; `secret` names the keys that no output may show."""

    values: Mapping[str, str]
    secret: frozenset[str]


@dataclass(frozen=True)
class Stack:
    """One stack of the project whose Pulumi.yaml is in `root`."""

    root: Path
    name: str

    @cached_property
    def project(self) -> str:
        """The project's name."""
        return str(self._project_file["name"])

    @cached_property
    def program(self) -> Path:
        """The program's file, `__main__.py` in the folder that `main` names."""
        main = self.root / str(self._project_file.get("main") or ".")
        file = main if main.suffix == ".py" else main / "__main__.py"
        if not file.exists():
            raise UsageError(f"{file} does not exist: correct `main` in {self.root / 'Pulumi.yaml'}")
        return file

    @property
    def file(self) -> Path:
        """The stack's settings file."""
        return self.root / f"Pulumi.{self.name}.yaml"

    @property
    def environment(self) -> str:
        """`local`, `dev`, `staging`, `production` or another word of the stack's settings."""
        declared = self._declared.get(f"{self.project}:environment")
        return str(declared or (self.name if self.name in _NAMED else "shared"))

    @property
    def is_shared(self) -> bool:
        """Whether others work on the same stack, so that the Pulumi CLI is its engine."""
        return self.environment not in _OWN

    @property
    def is_local(self) -> bool:
        """Whether the target is the embedded server or the one of GATEPOST_DATABASE_URL."""
        return self.environment == "local"

    @property
    def folder(self) -> Path:
        """The project's `.gatepost` folder."""
        return self.root / ".gatepost"

    @property
    def backend_url(self) -> str | None:
        """Where the state is; None where the Pulumi CLI's own log-in says so."""
        given = os.environ.get("PULUMI_BACKEND_URL") or (self._project_file.get("backend") or {}).get("url")
        if given or self.is_shared:
            return str(given) if given else None
        return f"file://{self.folder / 'state'}"

    @property
    def backend(self) -> Path:
        """The folder of the state, for the embedded engine.

        :raises UsageError: the state is not in files.
        """
        url = self.backend_url
        if url is None:
            raise UsageError(
                f'stack "{self.name}" is shared and nothing says where its state is: set'
                " PULUMI_BACKEND_URL=file://<folder>, or leave out --engine embedded"
            )
        parts = urlsplit(url)
        if parts.scheme != "file":
            raise UsageError(
                f"the embedded engine keeps its state in files, not in {parts.scheme}://…:"
                " use --engine cli, or set PULUMI_BACKEND_URL=file://<folder>"
            )
        return Path(unquote(parts.netloc + parts.path).replace("~", str(Path.home()), 1))

    @property
    def state_file(self) -> Path:
        """The state of this stack in a file backend."""
        return self.backend / ".pulumi" / "stacks" / self.project / f"{self.name}.json"

    @property
    def salt(self) -> str | None:
        """The line `encryptionsalt` of the settings file, unless it may belong to a passphrase that is gone.

        One that was made in `.gatepost` goes with it; while no setting is a secret nothing is lost.
        """
        found = self._stack_file.get("encryptionsalt")
        made = self.is_local and _passphrase_given() is None
        return str(found) if found and not (made and not self._sealed) else None

    def require(self) -> None:
        """Reject the name of a stack that has neither settings nor a state.

        :raises UsageError: names the stacks that there are.
        """
        if self.name == DEFAULT or self.file.exists():
            return
        if self.backend_url and self.backend_url.startswith("file://") and self.state_file.exists():
            return
        known = sorted(path.name.split(".")[1] for path in self.root.glob("Pulumi.*.yaml"))
        raise UsageError(
            f'no stack is called "{self.name}": {self.file.name} does not exist;'
            f" there are {', '.join(known) or 'none but local'}"
        )

    def passphrase(self) -> str:
        """Return the passphrase of the stack's secrets; the local stack's is made when it is first needed.

        :raises PassphraseMissing: none is set, for a stack that is not local.
        """
        given = _passphrase_given()
        if given is not None:
            return given
        kept = self.folder / "passphrase"
        if self.is_local and (kept.exists() or not self._has_secrets()):
            return _kept(kept)
        if self.is_local:
            raise PassphraseMissing(
                f"the state has secrets, and {kept}, which held their passphrase, is gone: put it back,"
                " or begin anew with `gatepost db reset`"
            )
        raise PassphraseMissing(
            f'the secrets of stack "{self.name}" need a passphrase: set PULUMI_CONFIG_PASSPHRASE, or'
            " PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it"
        )

    def _has_secrets(self) -> bool:
        """Whether a state exists that was encrypted with a passphrase."""
        return self.state_file.exists() and '"ciphertext"' in self.state_file.read_text(errors="replace")

    def settings(self) -> Settings:
        """Return the configuration with its secrets in clear.

        :raises PassphraseMissing: it has secrets and no or a wrong passphrase was given.
        """
        unseal = self._unsealer() if self._sealed else _never
        values = {key: _text(_opened(value, unseal)) for key, value in self._declared.items()}
        return Settings(values, self._sealed)

    @property
    def _sealed(self) -> frozenset[str]:
        return frozenset(key for key, value in self._declared.items() if _is_sealed(value))

    def _unsealer(self) -> Unseal:
        from gatepost.engine.secrets import Vault

        provider = self._stack_file.get("secretsprovider") or "passphrase"
        if provider != "passphrase" or not self.salt:
            raise UsageError(
                f"{self.file.name}: its secrets are not a passphrase's (secretsprovider: {provider},"
                f" encryptionsalt {'given' if self.salt else 'missing'}): use --engine cli"
            )
        return partial(Vault(self.passphrase, self.salt).unseal, self.file.name)

    @cached_property
    def _declared(self) -> dict[str, Any]:
        own = self._stack_file.get("config") or {}
        shared = {key: _default(value) for key, value in (self._project_file.get("config") or {}).items()}
        merged = {**_qualified(shared, self.project), **_qualified(own, self.project)}
        return {key: value for key, value in merged.items() if value is not None}

    @cached_property
    def _project_file(self) -> dict[str, Any]:
        found = read_yaml(self.root / "Pulumi.yaml")
        if not found.get("name"):
            raise UsageError(f"{self.root / 'Pulumi.yaml'} names no project: add a line `name: …`")
        return found

    @cached_property
    def _stack_file(self) -> dict[str, Any]:
        return read_yaml(self.file) if self.file.exists() else {}


def find_project(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that has a Pulumi.yaml.

    :raises UsageError: there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").exists():
            return folder
    raise UsageError(
        f"no Pulumi.yaml in {start} or above it: start in a project's folder, or give it with --cwd"
    )


def find_stack(root: Path, given: str | None) -> Stack:
    """Return the stack that is given, or named by PULUMI_STACK, or selected with the Pulumi CLI, or local."""
    name = given or os.environ.get("PULUMI_STACK") or selected_stack(root) or DEFAULT
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise UsageError(f"{name!r} is no name of a stack: letters, digits, hyphens, underscores and periods")
    stack = Stack(root, name)
    stack.require()
    return stack


def _passphrase_given() -> str | None:
    given = os.environ.get("PULUMI_CONFIG_PASSPHRASE")
    file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if given is not None or not file:
        return given
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise PassphraseMissing(
            f"PULUMI_CONFIG_PASSPHRASE_FILE names {file}, which cannot be read: {error.strerror}"
        ) from error


def _kept(file: Path) -> str:
    """Return the passphrase in `file`, which is made with a new one where it is missing."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        making = file.with_suffix(f".{os.getpid()}")
        making.touch(0o600)
        making.write_text(secrets.token_urlsafe(32))
        making.replace(file)
    return file.read_text().strip()


def _qualified(config: Mapping[str, Any], project: str) -> dict[str, Any]:
    return {key if ":" in key else f"{project}:{key}": value for key, value in config.items()}


def _default(value: Any) -> Any:
    """Return a project-wide setting's value: plain, or the default of its description."""
    if isinstance(value, dict) and value.keys() & {"type", "default", "value", "description"}:
        return value.get("value", value.get("default"))
    return value


def _is_sealed(value: Any) -> bool:
    if isinstance(value, dict):
        return value.keys() == {"secure"} or any(_is_sealed(item) for item in value.values())
    return isinstance(value, list) and any(_is_sealed(item) for item in value)


def _opened(value: Any, unseal: Unseal) -> Any:
    """Return a setting with its secrets in clear; unlike those of the state, their text is no JSON."""
    if isinstance(value, dict):
        if value.keys() == {"secure"}:
            return unseal(str(value["secure"]))
        return {name: _opened(item, unseal) for name, item in value.items()}
    return [_opened(item, unseal) for item in value] if isinstance(value, list) else value


def _never(text: str) -> str:
    raise AssertionError(text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
