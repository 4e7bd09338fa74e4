"""What is deployed, as a git commit: a working tree that nobody committed becomes one, to be had again."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import UsageError
from gatepost.stacks import Stack

_OWN = (".gatepost", ".venv")
"""What belongs to this folder and to no commit: a checked-out release uses the same."""
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "gatepost"), ("EMAIL", "gatepost@localhost"))
}


@dataclass(frozen=True)
class Commit:
    """A commit, and whether it is one that somebody made."""

    id: str
    committed: bool = True

    @property
    def short(self) -> str:
        """The commit as people write it; marked when it is only the working tree's."""
        return self.id[:10] + ("" if self.committed else "+uncommitted")


def of_working_tree(root: Path) -> Commit:
    """Return HEAD where nothing was changed since, else a commit of the files as they are, on no branch.

    :raises UsageError: `root` is in no git repository, or the repository has no commit.
    """
    head = resolve(root, "HEAD")
    if not _git(root, "status", "--porcelain", "--", ".", *_excluded(root)):
        return head
    with tempfile.TemporaryDirectory(prefix="gatepost-index-") as folder:
        own = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **_WHO}
        _git(root, "read-tree", "HEAD", given=own)
        _git(root, "add", "--all", "--", ".", *_excluded(root), given=own)
        tree = _git(root, "write-tree", given=own).decode().strip()
        made = _git(root, "commit-tree", tree, "-p", head.id, "-m", "what was deployed", given=own)
    return Commit(made.decode().strip(), committed=False)


def resolve(root: Path, ref: str) -> Commit:
    """Return the commit that a name means.

    :raises UsageError: it means none.
    """
    return Commit(_git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip())


def exists(root: Path, commit: str) -> bool:
    """Return whether the repository has a commit."""
    done = _run(root, "cat-file", "-e", f"{commit}^{{commit}}")
    return done.returncode == 0


def keep(root: Path, stack: str, commit: Commit) -> None:
    """Remember what a stack has, under `refs/gatepost/deployed/<stack>`, so that git keeps it."""
    _git(root, "update-ref", _ref(stack), commit.id)


def kept(root: Path, stack: str) -> Commit | None:
    """Return what `keep` remembered last in this clone of the repository."""
    done = _run(root, "rev-parse", "--verify", "--quiet", f"{_ref(stack)}^{{commit}}")
    return Commit(done.stdout.decode().strip()) if done.returncode == 0 else None


def check_out(root: Path, ref: str, into: Path) -> None:
    """Write the files of a commit to a new folder.

    :raises UsageError: `root` is in no git repository, or `ref` names no commit.
    """
    into.mkdir()
    archive = _git(root, "archive", "--format=tar", ref)
    subprocess.run(["tar", "-x", "-C", str(into)], input=archive, check=True)


@contextmanager
def checked_out(stack: Stack, commit: Commit) -> Iterator[Stack]:
    """Lend the stack with the program and settings of a commit; state, passphrase and server are the same."""
    with tempfile.TemporaryDirectory(prefix="gatepost-release-") as folder:
        root = Path(folder).resolve() / stack.root.name
        check_out(stack.root, commit.id, root)
        for name in _OWN:
            if (stack.root / name).exists() and not (root / name).exists():
                (root / name).symlink_to(stack.root / name)
        yield Stack(root, stack.name)


def files(root: Path) -> list[str]:
    """Return what git knows of a project, and what it would add."""
    names = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
    return list(filter(None, names.split("\0")))


def _excluded(root: Path) -> list[str]:
    """Return how to leave out what belongs to this folder; git objects when what it ignores is named."""
    named = [name for name in _OWN if _run(root, "check-ignore", "--quiet", name).returncode]
    return [f":(exclude){name}" for name in named]


def _ref(stack: str) -> str:
    return f"refs/gatepost/deployed/{stack}"


def _git(root: Path, *arguments: str, given: Mapping[str, str] | None = None) -> bytes:
    done = _run(root, *arguments, given=given)
    if done.returncode:
        reason = done.stderr.decode().strip().splitlines()
        raise UsageError(
            f"git {' '.join(arguments[:4])}: {reason[-1] if reason else 'no such commit'} ({root})"
        )
    return done.stdout


def _run(
    root: Path, *arguments: str, given: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, env={**os.environ, **(given or {})}, capture_output=True, check=False)
