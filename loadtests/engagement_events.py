"""People whose clients report what they do, and look at it now and then."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from locust import between, task

from gatepost import targets
from gatepost.load.people import somebody
from gatepost.load.users import DatabaseUser
from gatepost.session import Identity
from services.engagement_events.drafts import NewEvent
from services.engagement_events.events import EngagementEvents

_TYPES = ("post.viewed", "post.shared", "comment.written", "session.started")


class EventReporter(DatabaseUser):
    """Reports single events mostly, batches after having been offline, and reads the last ones."""

    wait_time = between(0.05, 0.4)

    def on_start(self) -> None:
        """Sign in as somebody."""
        super().on_start()
        self.me = Identity.user(somebody(self.database, "select id from public.users"))
        self.session = uuid4()
        self.events = EngagementEvents(self.database)
        self.mine: set[UUID] = set()

    def _new(self) -> NewEvent:
        return NewEvent(random.choice(_TYPES), {"at": random.randrange(1000)}, self.session)  # noqa: S311

    @task(10)
    def record(self) -> None:
        """Report one event."""
        with self.timed("record one event", targets.DATABASE_RESPONSE) as answer:
            recorded = self.events.record(self.me, [self._new()])
            answer.expect(len(recorded.new) == 1, "the event was not new")
        self.mine |= recorded.new

    @task(1)
    def record_batch(self) -> None:
        """Report what happened while the client was offline."""
        with self.timed("record 20 events", targets.DATABASE_RESPONSE) as answer:
            recorded = self.events.record(self.me, [self._new() for _ in range(20)])
            answer.expect(len(recorded.new) == 20, "not every event was new")

    @task(4)
    def last(self) -> None:
        """Look at the last events."""
        with self.timed("last 50 events", targets.DATABASE_RESPONSE) as answer:
            rows = self.events.last(self.me)
            times = [row["timestamp"] for row in rows]
            answer.expect(times == sorted(times, reverse=True), "not the newest first")
        self.mine &= {row["id"] for row in rows}

    @task(1)
    def counts(self) -> None:
        """Look at a summary of a day."""
        with self.timed("counts of a day", targets.DATABASE_RESPONSE) as answer:
            rows = self.events.counts(self.me, datetime.now(UTC) - timedelta(days=1))
            answer.expect(all(row["event_count"] > 0 for row in rows), "a type without events")
