"""A state file that is stale, cut off or has a flipped bit: what the database holds is safe from it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deployed_program import ROWS
from enumeration import APPROVED
from test_crash import worlds
from world import Deployer, Snapshot, World

__all__ = ["worlds"]
HARMLESS = APPROVED.replace("DELETES_DATA,", "")


@dataclass
class Deployed:
    """The first version, with rows."""

    world: World
    deployer: Deployer
    before: Snapshot

    @property
    def file(self) -> Path:
        return self.world.state / ".pulumi" / "stacks" / "crash" / "local.json"

    @property
    def journal(self) -> Path:
        """Left where a deployment could not even save what it read."""
        return self.world.state / ".pulumi" / "gatepost" / "crash" / "local.journal"

    def up(self, version: str) -> dict[str, Any]:
        return self.deployer.run(self.world, "up", version, self.world.port, HARMLESS, ordered=True)

    def lost(self) -> list[str]:
        """What is not there any more: objects, roles and rows."""
        now = self.world.snapshot()
        rows = [key for key in self.before if key.startswith("rows ") and now.get(key) != self.before[key]]
        return sorted(self.before.keys() - now.keys()) + rows


@pytest.fixture(scope="module")
def deployed(worlds: World) -> Iterator[Deployed]:
    with worlds.copy() as world, Deployer() as deployer:
        world.start()
        made = Deployed(world, deployer, {})
        assert "changes" in made.up("first")
        world.sql(ROWS)
        made.before = world.snapshot()
        yield made


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bit_loses_nothing(deployed: Deployed, seed: int) -> None:
    good = deployed.file.read_bytes()
    damaged = bytearray(good)
    chance = random.Random(seed)
    damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(7)
    deployed.file.write_bytes(bytes(damaged))
    found = deployed.up("first")
    assert "traceback" not in found, found["traceback"]
    assert deployed.lost() == []
    deployed.file.write_bytes(good)
    deployed.journal.unlink(missing_ok=True)
    again = deployed.up("first")
    assert "error" not in again, again


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_state_that_is_cut_off_is_refused(deployed: Deployed, share: float) -> None:
    good = deployed.file.read_bytes()
    deployed.file.write_bytes(good[: int(len(good) * share)])
    assert "CorruptState" in deployed.up("first").get("error", "")
    assert deployed.lost() == []
    deployed.file.write_bytes(good)


def test_stale_state_loses_nothing(deployed: Deployed) -> None:
    """Last: the database is ahead of the state that is put back."""
    stale = deployed.file.read_bytes()
    done = deployed.deployer.run(deployed.world, "up", "second", deployed.world.port, APPROVED, ordered=True)
    assert "changes" in done, done
    deployed.before = deployed.world.snapshot()
    deployed.file.write_bytes(stale)
    found = deployed.up("second")
    assert "traceback" not in found, found["traceback"]
    assert deployed.lost() == []
