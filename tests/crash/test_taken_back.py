"""An update whose deployer was killed and that the program then takes back: nothing of it stays."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pulumi
import pytest
from fix_stack import DeployedStack
from servers import Database

from gatepost.postgres.runner import Runner
from gatepost.resources import Column, ColumnChange, PrimaryKey, Table

Declare = Callable[[pulumi.ResourceOptions], None]
KEPT, COUNTED = Column("id", "bigint"), Column("views", "integer", default="0")
WAYS = {
    "columns added": [
        KEPT,
        COUNTED,
        Column("slug", "text", default="''"),
        Column("seen", "date", nullable=True),
    ],
    "not null": [KEPT, Column("views", "integer", default="0"), Column("title", "text")],
    "column changed": [KEPT, Column("views", "bigint", default="0", change=ColumnChange())],
}


def declaring(columns: list[Column], comment: str | None = None) -> Declare:
    def declare(on: pulumi.ResourceOptions) -> None:
        table = Table("posts", columns=columns, comment=comment, opts=on)
        PrimaryKey("posts_pkey", table, ["id"], opts=on)

    return declare


def killed_after(batch: int, stack: DeployedStack, columns: list[Column]) -> bool:
    """Deploy in a process that kills itself after a batch, counted from 0; return whether it came to that."""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, __file__],
        input=pickle.dumps((stack.database, stack.root, columns, batch)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tests, tests.parent)))},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode != 0


def deploy_and_die(database: Database, root: Path, columns: list[Column], batch: int) -> None:
    """What that process does."""
    really, numbers = Runner._with_retries, count()

    def with_retries(self: Runner, given: Any) -> None:
        really(self, given)
        if next(numbers) == batch:
            os.kill(os.getpid(), signal.SIGKILL)

    Runner._with_retries = with_retries  # type: ignore[method-assign]
    DeployedStack(database, root).up(declaring(columns))


def snapshot(deployed: DeployedStack) -> dict[Any, Any]:
    """The catalog, columns by name: what takes a column's place stands last."""
    found = deployed.snapshot()
    for definition in found.values():
        definition.get("columns", []).sort(key=lambda column: str(column))
    return found


@pytest.fixture
def populated(deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> DeployedStack:
    monkeypatch.setenv("GATEPOST_APPROVE", "DELETES_DATA,BREAKS_CLIENTS,BREAKS_WRITES,REWRITES_TABLE")
    deployed.up(declaring([KEPT, COUNTED, Column("title", "text", nullable=True)]))
    deployed.sql("insert into posts select g, g, 'title' from generate_series(1, 50) as g; analyze posts")
    return deployed


@pytest.mark.parametrize("comment", [None, "Another change"])
@pytest.mark.parametrize("way", WAYS)
def test_a_killed_update_that_is_taken_back(
    populated: DeployedStack, way: str, comment: str | None, request: pytest.FixtureRequest
) -> None:
    step = 1 if request.config.getoption("--crash-points") == "all" else 5
    title = Column("title", "text", nullable=True)
    wanted = WAYS[way] if way == "not null" else [*WAYS[way], title]
    back = declaring([KEPT, COUNTED, title], comment)
    populated.up(back)
    started = snapshot(populated)
    points = 0
    populated.up(declaring([KEPT, COUNTED, title]))
    for batch in count(0, step):
        if not killed_after(batch, populated, wanted):
            break
        points += 1
        populated.up(back)
        assert snapshot(populated) == started
        assert populated.sql("select count(*), sum(views) from posts") == [(50, 1275)]
        assert set(populated.up(back).changes) == {"same"}
        assert "pending_operations" not in populated.state
        populated.up(declaring([KEPT, COUNTED, title]))
    assert points >= 1


if __name__ == "__main__":
    deploy_and_die(*pickle.load(sys.stdin.buffer))
