"""Several devices of one person, offline and online at random, end with the same rows, and nothing twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from peers import as_values, stored, synchronize

from gatepost.session import Database, Identity, Unavailable
from services.persistence.changes import Outcome, Push
from services.persistence.device import Device
from services.persistence.sync import SyncService

DEVICES = st.sampled_from(["phone", "laptop", "tablet"])
ROWS = st.integers(0, 3)
NAMES = st.text("abc", min_size=1, max_size=3)


class People(RuleBasedStateMachine):
    """One person a run, with three devices and four students whom all of them change."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        email = f"{uuid4()}@acme.example"
        made = "insert into public.users (email) values (%(email)s) returning id"
        self.me = Identity.user(self.database.value(Identity.service(), made, email=email))
        self.devices = {name: Device(name) for name in ("phone", "laptop", "tablet")}
        self.rows = [uuid4() for _ in range(4)]
        self.sync = SyncService(self.database)
        self.pushes: set[UUID] = set()
        self.versions: dict[Any, int] = {}

    @rule(device=DEVICES, row=ROWS, name=NAMES)
    def write(self, device: str, row: int, name: str) -> None:
        self.devices[device].write("students", self.rows[row], name=name, group_id=None)

    @rule(device=DEVICES, row=ROWS)
    def remove(self, device: str, row: int) -> None:
        self.devices[device].remove("students", self.rows[row])

    @rule(device=DEVICES)
    def push(self, device: str) -> None:
        self.devices[device].push(self._delivered)

    @rule(device=DEVICES, name=NAMES, row=ROWS)
    def push_whose_answer_is_lost_while_somebody_types(self, device: str, name: str, row: int) -> None:
        one = self.devices[device]
        if one.sent or one.waiting:
            with pytest.raises(Unavailable):
                one.push(self._unanswered, attempts=1)
            one.write("students", self.rows[row], name=name, group_id=None)

    @rule(device=DEVICES)
    def push_that_never_arrives(self, device: str) -> None:
        one = self.devices[device]
        if one.sent or one.waiting:
            with pytest.raises(Unavailable):
                one.push(_lost, attempts=2)

    @rule(device=DEVICES, page_size=st.integers(1, 3))
    def pull(self, device: str, page_size: int) -> None:
        self.devices[device].pull(lambda cursor: self.sync.pull(self.me, cursor, page_size))

    @invariant()
    def versions_on_the_server_only_grow(self) -> None:
        query = "select id, version from students where owner = %(owner)s"
        for row in self.database.rows(Identity.service(), query, owner=str(self.me.user_id)):
            assert row["version"] >= self.versions.get(row["id"], 0)
            self.versions[row["id"]] = row["version"]

    def teardown(self) -> None:
        devices = self.devices.values()
        synchronize(self.database, self.me, *devices)
        synchronize(self.database, self.me, *devices)
        everything = stored(self.database, self.me)
        assert [as_values(device) for device in devices] == [everything] * 3
        assert not [device for device in devices if device.waiting or device.sent or device.refused]
        counted = "select count(*) from sync_pushes where owner = %(owner)s and id = any(%(ids)s)"
        owner, ids = str(self.me.user_id), list(self.pushes)
        assert self.database.value(Identity.service(), counted, owner=owner, ids=ids) == len(self.pushes)

    def _delivered(self, push: Push) -> list[Outcome]:
        self.pushes.add(push.id)
        return self.sync.push(self.me, push)

    def _unanswered(self, push: Push) -> list[Outcome]:
        self._delivered(push)
        raise Unavailable("the answer was lost")


def _lost(_push: Push) -> list[Outcome]:
    raise Unavailable("nobody heard it")


def test_devices_converge(database: Database) -> None:
    People.database = database
    run_state_machine_as_test(
        People,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
