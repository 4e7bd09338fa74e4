"""Devices of teachers that send what changed on them and ask what changed elsewhere."""

from __future__ import annotations

import random
from uuid import uuid4

from locust import between, task

from gatepost import targets
from gatepost.load.people import somebody
from gatepost.load.users import DatabaseUser
from gatepost.session import Identity
from services.persistence.changes import Outcome, Page, Push
from services.persistence.device import Device
from services.persistence.sync import SyncService


class TeacherDevice(DatabaseUser):
    """Keeps groups, of which several change between two pushes."""

    wait_time = between(0.1, 0.6)

    def on_start(self) -> None:
        """Sign in on a new device."""
        super().on_start()
        self.me = Identity.user(somebody(self.database, "select id from public.users"))
        self.sync = SyncService(self.database)
        self.device = Device(f"load-{uuid4()}")

    def _push(self, push: Push) -> list[Outcome]:
        with self.timed("push changes", targets.DATABASE_RESPONSE) as answer:
            outcomes = self.sync.push(self.me, push)
            answer.expect(len(outcomes) == len(push.changes), "not every change was answered")
        return outcomes

    def _pull(self, cursor: str | None) -> Page:
        with self.timed("pull changes", targets.DATABASE_RESPONSE):
            return self.sync.pull(self.me, cursor)

    @task(3)
    def change_and_push(self) -> None:
        """Make or change a few groups and send them."""
        known = [row for table, row in self.device.rows if table == "groups"]
        for row in [uuid4(), *random.sample(known, min(4, len(known)))]:
            self.device.write("groups", row, name=f"Group {random.randrange(1000)}")  # noqa: S311
        self.device.push(self._push)

    @task(2)
    def pull(self) -> None:
        """Ask what changed elsewhere."""
        self.device.pull(self._pull)
