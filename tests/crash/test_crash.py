"""Crash enumeration: a deployment of every kind, cut short at every statement, and the next one converges."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

import pytest
from deployed_program import ROWS
from enumeration import Crash, How, Point, Story
from world import Deployer, World, empty_world

from gatepost.engine.postgresql.provider import KINDS as POSTGRESQL_KINDS
from gatepost.postgres.binaries import find_binaries
from gatepost.provider.kinds import KINDS

SERVERS = {"embedded": ("18", "wheel"), "embedded16": ("16", "wheel"), "system": (None, "system")}
STORIES = {"first": ("up", "first"), "change": ("up", "second"), "end": ("destroy", "second")}
GROUPS = "jsonb_to_recordset"
"""What the ledger's rows of a whole group are written with."""
Stories = dict[str, Story]


@pytest.fixture(scope="session")
def worlds(request: pytest.FixtureRequest) -> Iterator[World]:
    """A stopped server with nothing but the deployer, to be copied."""
    choice = request.config.getoption("--server")
    if choice not in SERVERS:
        pytest.skip(f"--server {choice}: a server to be killed must be ours")
    version, source = SERVERS[choice]
    with empty_world(version or find_binaries(source=source).major, source) as empty:
        yield empty


@pytest.fixture(scope="module")
def stories(worlds: World) -> Iterator[Stories]:
    """First deployment, a change on rows, and destruction: each told once without a crash."""
    with ExitStack() as stack:
        world, told = worlds, {}
        deployer = stack.enter_context(Deployer())
        for name, (verb, program) in STORIES.items():
            told[name] = Story(verb, program, world)
            world = stack.enter_context(world.copy())
            told[name].tell(world, deployer, preparation(name))
        told["together"] = Story("up", "together", worlds, ordered=False, since=GROUPS)
        told["together"].tell(stack.enter_context(worlds.copy()), deployer, leave_alone)
        yield told


def preparation(name: str):
    """What happens to a started world before the deployment of that name."""
    return write_rows if name == "change" else leave_alone


def write_rows(world: World) -> None:
    world.sql(ROWS)


def leave_alone(_world: World) -> None:
    """Nothing happens."""


def chosen(story: Story, points: list[Point], how_many: str) -> list[Point]:
    """Return all or a few: where the first and the largest transaction commits, the others evenly spread."""
    if how_many == "all" or int(how_many) >= len(points):
        return points
    step = len(points) / int(how_many)
    few = [points[int(step * place + step / 2)] for place in range(int(how_many))]
    commits = story.commits()
    return [*(one for one in points if one.number in commits and one not in few), *few]


def test_every_kind_is_deployed(stories: Stories) -> None:
    """A kind that is registered and not used by the program is not proved: declare it there."""
    state = stories["change"].state["resources"]
    deployed = {urn.split("::")[2].rpartition("$")[2] for urn in state} | {"postgresql:index/role:Role"}
    assert {*KINDS, *POSTGRESQL_KINDS} <= deployed


def test_groups_are_made_together(stories: Stories) -> None:
    """Tables, then what is on each, then foreign keys: three transactions, with their rows of the ledger."""
    texts = [one.text.lower() for one in stories["together"].statements]
    since = next(place for place, text in enumerate(texts) if GROUPS in text)
    assert [text for text in texts[since:] if text == "commit" or GROUPS in text][1::2] == ["commit"] * 3


@pytest.mark.parametrize("how", ["deployer killed", "server stopped"])
@pytest.mark.parametrize("name", ["first", "change", "end", "together"])
def test_crash_at_every_statement(
    stories: Stories, name: str, how: How, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    story = stories[name]
    points = story.points(how)
    tried = chosen(story, points, request.config.getoption("--crash-points"))
    workers = max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    with ExitStack() as stack:
        deployers: SimpleQueue[Deployer] = SimpleQueue()
        for _ in range(workers):
            deployers.put(stack.enter_context(Deployer()))
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        found = list(pool.map(lambda point: judge(story, point, name, deployers), tried))
    with capsys.disabled():
        print(
            f"\n{name}: {how} at {len(tried)} of {len(points)} points of {len(story.statements)} statements"
        )
    wrong = [
        "\n    ".join((f"{point} {story.statements[point.number - 1].text}", *why))
        for point, why in zip(tried, found, strict=True)
        if why
    ]
    assert not wrong, "\n".join(wrong)


def judge(story: Story, point: Point, name: str, deployers: SimpleQueue[Deployer]) -> list[str]:
    deployer = deployers.get()
    try:
        with story.start.copy() as world:
            return Crash(story, point, world, preparation(name)).happen(deployer)
    finally:
        deployers.put(deployer)
