"""Faults put into the platform one at a time, each judged by the gate that is meant to catch it.

What a fault is done to is chosen from the program and the catalog, evenly; it is undone before the next.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import in_database
import in_program
import psycopg
import round_trips
from records import Records, Run

from gatepost.addresses import OWN
from gatepost.engines import Embedded
from gatepost.gates.gate import Site
from gatepost.gates.verdict import Outcome
from gatepost.observer import Observer
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.throwaway import throwaway_server
from gatepost.release.commits import files
from gatepost.stacks import Stack
from gatepost.verify.declared import Declared, collect

Tell = Callable[[str], None]


@dataclass
class World:
    """The platform, deployed from a copy of the project to a throw-away server."""

    stack: Stack
    connection: psycopg.Connection[Any]
    """A superuser's: whoever breaks something by hand."""
    objects: Sequence[Declared] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return Site(self.stack, {"base": "HEAD"})


@dataclass(frozen=True)
class Fault:
    """A kind of fault: its gate, and what it can be done to, each with the outcome of the gate."""

    gate: str
    cases: Callable[[World], Sequence[tuple[str, Callable[[], Outcome]]]]


NO_ROUND_TRIP = "no extra round trip"
FAULTS = {
    "dropped index": Fault("verify", in_database.dropped_indexes),
    "removed policy": Fault("verify", in_database.dropped_policies),
    "missing audit": Fault("verify", in_database.dropped_audits),
    "unwrapped policy function": Fault("lint", in_program.unwrapped_functions),
    "lock-holding statement": Fault("rehearsal", in_program.locking_statements),
    "extra round trip": Fault("benchmark", round_trips.extra),
    NO_ROUND_TRIP: Fault("benchmark", round_trips.none),
}


@contextmanager
def world(root: Path, tell: Tell) -> Iterator[World]:
    """Lend the platform."""
    with tempfile.TemporaryDirectory(prefix="gatepost-faults-") as folder, throwaway_server() as server:
        stack = Stack(_committed(root, Path(folder) / root.name), "local")
        tell("deploying the platform")
        before, os.environ[OWN] = os.environ.get(OWN), server.url(DEPLOYER)
        try:
            Embedded(stack, Observer(), 8).up()
            with psycopg.connect(server.url(SUPERUSER, "platform"), autocommit=True) as connection:
                connection.execute("analyze")
                sources, _ = collect(stack)
                objects = [one for source in sources for one in source.objects]
                yield World(stack, connection, objects)
        finally:
            os.environ.pop(OWN)
            if before is not None:
                os.environ[OWN] = before


def _committed(root: Path, into: Path) -> Path:
    for name in filter(lambda name: (root / name).is_file(), files(root)):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, into / name)
    who = ["-c", "user.name=gatepost", "-c", "user.email=gatepost@localhost"]
    for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "--message=base"]):
        subprocess.run(["git", "-C", str(into), *command], check=True)
    return into


def measure(root: Path, number: int, records: Records, tell: Tell) -> None:
    """Make the runs that are missing: of each kind `number` variants, and one of no fault at each gate."""
    controls = {fault.gate for fault in FAULTS.values()} - {"benchmark"}
    missing = {kind: list(records.missing(kind, number)) for kind in FAULTS}
    if not any(missing.values()):
        return
    with world(root, tell) as made:
        for gate in sorted(controls):
            if list(records.missing(f"no fault, {gate}", 1)):
                control = in_program.without_fault(made, gate)
                _record(records, f"no fault, {gate}", 0, ("nothing", control), gate, tell)
        for kind, places in missing.items():
            cases = FAULTS[kind].cases(made) if places else []
            if places and len(cases) < number:
                raise SystemExit(f"{kind}: the platform has {len(cases)} places for it, {number} are wanted")
            for place in places:
                case = cases[place * len(cases) // number]
                tell(f"{kind}: {place + 1} of {number}: {case[0]}")
                _record(records, kind, place, case, FAULTS[kind].gate, tell)


def _record(
    records: Records,
    kind: str,
    place: int,
    case: tuple[str, Callable[[], Outcome]],
    gate: str,
    tell: Tell,
) -> None:
    started = time.perf_counter()
    said = case[1]()
    seconds = round(time.perf_counter() - started, 2)
    tell(f"{gate}: {said.verdict}, {said.figure}: {seconds} s")
    records.add(Run(kind, place, case[0], gate, said.verdict, said.figure, seconds))
