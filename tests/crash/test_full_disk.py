"""A disk that runs full, the server's or the state's: a clear failure, and with more room all goes well."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from deployed_program import ROWS
from enumeration import APPROVED
from test_crash import worlds
from world import Deployer, World, new_folder

__all__ = ["worlds"]
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a small file system")
MANY_ROWS = """
    insert into app.posts (id, author_id, title, views)
    select g, 1, 'title ' || g, g from generate_series(1000, 60000) as g
"""


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Give a folder that holds no more."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0755", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path, *, leave: int) -> Path:
    """Leave no more than so many bytes free."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
    filler = folder / "filler"
    try:
        filler.write_bytes(bytes(max(0, free - leave)))
    except OSError as error:
        if error.errno != errno.ENOSPC:  # where the server writes at the same time, still less is left
            raise
    return filler


def size_of(world: World) -> int:
    told = subprocess.run(["du", "-sk", world.root], capture_output=True, text=True, check=True).stdout
    return int(told.split()[0])


def deploy(deployer: Deployer, world: World, version: str) -> dict[str, Any]:
    return deployer.run(world, "up", version, world.port, APPROVED, ordered=True)


def test_full_disk_of_the_server(worlds: World) -> None:
    room = size_of(worlds) + 250_000
    with Deployer() as deployer, small_disk(new_folder(), room) as disk, worlds.copy(disk) as world:
        world.start()
        assert "changes" in deploy(deployer, world, "first")
        world.sql(ROWS + ";" + MANY_ROWS)
        filler = fill(disk, leave=200_000)
        failed = deploy(deployer, world, "second")
        assert "error" in failed, failed
        assert "No space left on device" in failed["error"] or "server" in failed["error"]
        filler.unlink()
        world.revive()
        assert "changes" in deploy(deployer, world, "second")
        again = deploy(deployer, world, "second")
        assert set(again["changes"]) == {"same"}
        assert again["warnings"] == []
        assert world.sql("select count(*) from app.posts") == [(59_101,)]


def test_full_disk_of_the_state(worlds: World) -> None:
    with Deployer() as deployer, worlds.copy() as world:
        world.start()
        with small_disk(world.state, 64) as disk:
            failed = deploy(deployer, world, "first")
            assert "No space left on device" in failed.get("error", ""), failed
            subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
            done = deploy(deployer, world, "first")
            assert "changes" in done, done
            again = deploy(deployer, world, "first")
            assert set(again["changes"]) == {"same"}
            assert again["warnings"] == []
