"""The operating-system user that runs the embedded server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import UsageError

UNPRIVILEGED = ("postgres", "nobody")
"""Who runs the server when root starts it: the first of these that exists."""


@dataclass(frozen=True)
class Account:
    """A user of this machine, and how to run programs and make folders as that user."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether programs must change to this user first."""
        return self.uid != os.geteuid()

    def run(
        self, command: Sequence[str | Path], *, folder: Path, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` in `folder` as this user, out of reach of the terminal's Ctrl-C.

        The environment is a clean one: no `PG…` variable and no locale of the caller changes what runs.
        Raises OSError when this user may not enter the folder or execute the program.
        """
        return subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env=_environment(),
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
            start_new_session=True,
            umask=0o077,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )

    def may_run(self, program: Path) -> bool:
        """Say whether this user can really execute `program`."""
        try:
            return self.run([program, "--version"], folder=Path("/")).returncode == 0
        except OSError:
            return False

    def may_enter(self, folder: Path) -> bool:
        """Say whether this user can really change into `folder`, every parent included."""
        return self.run(["/bin/sh", "-c", 'cd "$0"', folder], folder=Path("/")).returncode == 0

    def write(self, path: Path, text: str) -> None:
        """Write a file that only this user can read, with this user's rights alone.

        Root must not follow a link that the server's user put there. Raises OSError when it cannot be
        written.
        """
        answer = self.run(["/bin/sh", "-c", 'cat >"$0"', path], folder=path.parent, stdin=text)
        if answer.returncode:
            raise OSError(f"{path} cannot be written: {answer.stderr.strip()}")

    def own(self, path: Path, mode: int) -> None:
        """Give `path` to this user with `mode`."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        path.chmod(mode)

    def make_folder(self, path: Path) -> Path:
        """Make `path` where it is missing, for this user alone; refuse one that somebody else made.

        Raises UsageError when `path` is a link or belongs to another user.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            self._must_own(path)
        else:
            self.own(path, 0o700)
        return path

    def _must_own(self, path: Path) -> None:
        found = path.lstat()
        if path.is_symlink() or found.st_uid != self.uid:
            raise UsageError(f"{path} is not a folder of user {self.name}: remove it, then start again")


def server_account() -> Account:
    """Choose who runs the server: the caller, or as root the first of `UNPRIVILEGED`.

    Raises UsageError when the caller's number has no name (`initdb` needs one) or root finds no such user.
    """
    uid = os.geteuid()
    if uid != 0:
        return _named(uid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise UsageError(
        f"PostgreSQL does not run as root and no user {' or '.join(UNPRIVILEGED)} exists: run as another user"
    )


def remove_tree(path: Path) -> None:
    """Delete a folder and all in it; a missing one is fine."""
    if path.exists():
        shutil.rmtree(path)


def _named(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise UsageError(
            f"user number {uid} has no name and PostgreSQL needs one: run as a user with an entry in passwd"
        ) from None
    return Account(entry.pw_name, uid, os.getegid())


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", **kept}
