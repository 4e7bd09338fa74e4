"""Every moment at which a deployment can be cut short, and what must be true after it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal

from wire import Position, Proxy
from world import Deployer, Snapshot, World, names

How = Literal["deployer killed", "server stopped"]
APPROVED = ",".join(
    (
        "DELETES_DATA",
        "INDEX_DROPPED",
        "BREAKS_CLIENTS",
        "CHANGES_ACCESS",
        "WIDENS_ACCESS",
        "REWRITES_TABLE",
        "HIDES_ROWS",
    )
)


@dataclass(frozen=True)
class Statement:
    """A statement that changes something: what was there before it, and once it was done."""

    text: str
    before: Snapshot
    after: Snapshot

    @property
    def ends_group(self) -> bool:
        """Whether it commits what several resources consist of: nobody waits for its answer alone."""
        return self.text.lower() == "commit" and len(self.after.keys() - self.before.keys()) > 2

    @property
    def leaves_parts(self) -> bool:
        """Whether an interruption can leave an invalid index: PostgreSQL runs it in several transactions."""
        return "concurrently" in self.text.lower()


@dataclass(frozen=True)
class Point:
    """One crash."""

    number: int
    position: Position
    how: How


@dataclass
class Story:
    """A deployment, the world that it starts from, and how it goes when nothing happens."""

    verb: str
    version: str
    start: World
    ordered: bool = True
    """Whether each resource waits for the one before; what is made in groups has an order of its own."""
    since: str = ""
    """What the first statement says at which it may be cut short."""
    statements: list[Statement] = field(default_factory=list)
    end: Snapshot = field(default_factory=dict)
    state: Any = None

    def tell(self, world: World, deployer: Deployer, prepare: Callable[[World], None]) -> None:
        """Deploy once, looking at the world, a copy of the first, at each statement; stop it at the end."""
        world.start()
        prepare(world)
        last = [world.snapshot()]

        def reached(_number: int, position: Position, text: str, in_transaction: bool) -> bool:
            if position == "after":
                # What is not committed nobody sees, and to look for it would mean to wait for its locks.
                now = last[0] if in_transaction else world.snapshot()
                self.statements.append(Statement(text, last[0], now))
                last[0] = now
            return False

        with Proxy(world.port, reached) as proxy:
            world.is_reached_at(proxy.port)
            result = deployer.run(world, self.verb, self.version, proxy.port, APPROVED, ordered=self.ordered)
        assert result["status"] == 0, result
        assert "changes" in result, result.get("traceback") or result
        self.end, self.state = world.snapshot(), state_of(world)
        world.stop()

    def commits(self) -> set[int]:
        """Return the numbers of the first commit and of the one that makes most at once."""
        found = [
            (len(one.after.keys() ^ one.before.keys()), -number)
            for number, one in enumerate(self.statements, 1)
            if one.text.lower().startswith("commit")
        ]
        return {-max(number for _, number in found), -max(found)[1]}

    def points(self, how: How) -> list[Point]:
        """Return every point; in the middle only where a statement is several transactions, or ends one."""
        found = []
        first = next(number for number, one in enumerate(self.statements, 1) if self.since in one.text)
        for number, statement in enumerate(self.statements[first - 1 :], first):
            several = statement.leaves_parts or "database" in statement.text
            middle = ("during",) if several or statement.ends_group else ()
            found += [Point(number, position, how) for position in ("before", *middle, "after")]  # type: ignore[arg-type]
        return found


def state_of(world: World) -> Any:
    """Return what the state remembers, without times and addresses; pending operations too."""
    file = world.state / ".pulumi" / "stacks" / "crash" / "local.json"
    latest = json.loads(file.read_text())["checkpoint"]["latest"]
    times = ("created", "modified", "id", "provider")
    resources = {
        one["urn"]: {key: value for key, value in one.items() if key not in times}
        for one in latest.get("resources", [])
        if "pulumi:providers" not in one["type"] and "ciphertext" not in json.dumps(one)
    }
    return {"resources": resources, "pending": latest.get("pending_operations", [])}


@dataclass
class Crash:
    """Has one crash happen and sees what becomes of it."""

    story: Story
    point: Point
    world: World
    prepare: Callable[[World], None]
    found: Snapshot = field(default_factory=dict)
    process: int = 0
    _begun: Event = field(default_factory=Event)
    _over: Event = field(default_factory=Event)

    def happen(self, deployer: Deployer) -> list[str]:
        """Return what is wrong, nothing if all is as it must be."""
        self.world.start()
        self.prepare(self.world)
        story = self.story
        with Proxy(self.world.port, self._reached) as self.proxy:
            port = self.proxy.port
            self.world.is_reached_at(port)
            self.process = deployer.begin(
                self.world, story.verb, story.version, port, APPROVED, ordered=story.ordered
            )
            self._begun.set()
            wrong = self._judge_end(deployer.end(self.world))
            if not self._over.wait(60):
                return ["the point was never reached"]
            if self.point.how == "deployer killed":
                self._wait_for_server()
                self.found = self.world.snapshot()
            return wrong + self._judge_world() + self._judge_next(deployer, port)

    def _reached(self, number: int, position: Position, _text: str, _in_transaction: bool) -> bool:
        if (number, position) != (self.point.number, self.point.position):
            return False
        self._begun.wait()
        if self.point.how == "deployer killed":
            os.kill(self.process, signal.SIGKILL)
            self.proxy.cut()
            self._over.set()
            return True
        with self.proxy.shut():
            self.world.stop(signal.SIGQUIT)
            self.proxy.cut()
            self.world.start()
            self.found = self.world.snapshot()
        self._over.set()
        return True

    def _wait_for_server(self) -> None:
        """Wait until the server has noticed that the deployer is gone."""
        deadline = time.monotonic() + 10
        running = "select 1 from pg_stat_activity where application_name = 'gatepost'"
        while self.world.sql(running, "postgres") and time.monotonic() < deadline:
            time.sleep(0.01)

    def _judge_end(self, result: dict[str, Any]) -> list[str]:
        if "traceback" in result:
            return [result["traceback"]]
        killed = self.point.how == "deployer killed"
        return [] if (result["status"] == -signal.SIGKILL) == killed else [f"the deployer ended so: {result}"]

    def _judge_world(self) -> list[str]:
        statement = self.story.statements[self.point.number - 1]
        found, possible = self.found, [statement.before, statement.after]
        if statement.leaves_parts:
            invalid = {key for key, value in found.items() if '"valid": false' in value and "indexes" in key}
            found, *possible = [
                {key: value for key, value in one.items() if key not in invalid} for one in (found, *possible)
            ]
        if found in possible:
            return []
        return ["neither before nor after:", *names(found, possible[0])]

    def _judge_next(self, deployer: Deployer, port: int) -> list[str]:
        story = self.story
        again = deployer.run(self.world, story.verb, story.version, port, APPROVED, ordered=story.ordered)
        if "changes" not in again:
            return [f"the next deployment did not succeed: {again}"]
        wrong = list(again["warnings"])
        if differs := names(self.world.snapshot(), story.end):
            wrong += ["the next deployment did not converge:", *differs]
        if (state := state_of(self.world)) != story.state:
            wrong += ["the state is not what it would have been:", *_differences(state, story.state)]
        return wrong


def _differences(found: Any, wanted: Any) -> Sequence[str]:
    one = {urn: json.dumps(value, sort_keys=True) for urn, value in found["resources"].items()}
    other = {urn: json.dumps(value, sort_keys=True) for urn, value in wanted["resources"].items()}
    return [*names(one, other), *(f"pending: {operation}" for operation in found["pending"])]
