"""Load tests of the API, and by workers."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from fix_platform import PROJECT, Deployed

from gatepost.errors import ServerUnreachable, StatementFailed
from gatepost.load.goal import served
from gatepost.load.measuring import Asked, goal_of
from gatepost.load.run import Goal, Plan, run, work
from gatepost.stacks import Stack

STACK = Stack(PROJECT, "local")


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def goal(clone: Deployed) -> Goal:
    return Goal(clone.url("authenticator"))


def test_the_api_is_served_for_scenarios_that_call_it(
    clone: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", clone.url("authenticator"))
    plan = Plan(("api",), users=6, duration=6)
    with goal_of(STACK, clone.url("authenticator"), plan, Asked(), print) as goal:
        assert goal.api_url.startswith("http://127.0.0.1:")
        result = run(PROJECT, plan, goal)
    assert result.errors == ()
    found = {one.name: one for one in result.requests}
    assert found["POST /api/events"].limit == 200.0
    assert found["POST /api/collectives/permissions"].limit == 500.0
    with pytest.raises(ServerUnreachable, match="went away"):
        run(PROJECT, plan, goal)


def test_an_api_that_does_not_start_says_why(clone: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", clone.url("authenticator"))
    monkeypatch.setenv("GATEPOST_JWT_JWKS", "/nowhere/keys.json")
    with pytest.raises(StatementFailed, match=r"(?s)did not start.*/nowhere/keys.json"), served(STACK, ""):
        pass


@pytest.mark.parametrize("kind", ["processes", "workers"])
def test_processes_and_workers_measure_as_one_does(goal: Goal, kind: str, free_port: int) -> None:
    plan = Plan(("engagement_events",), users=6, duration=5, port=free_port, **{kind: 2})
    with ThreadPoolExecutor() as pool:
        working = [
            pool.submit(work, PROJECT, plan.scenarios, ("127.0.0.1", free_port), goal)
            for _ in range(plan.workers)
        ]
        result = run(PROJECT, plan, goal)
        for one in working:
            one.result(timeout=30)
    one = next(one for one in result.requests if one.name == "record one event")
    assert one.limit == 100.0
    assert sum(number for _, number in one.times) == one.count > 0
    assert any(milliseconds != round(milliseconds, 1) for milliseconds, _ in one.times)
    assert not result.errors
    assert 4 < result.seconds < 12
