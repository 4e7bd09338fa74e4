"""Applications that ask which features somebody has."""

from __future__ import annotations

from uuid import UUID

from locust import between, task

from gatepost import targets
from gatepost.load.people import somebody
from gatepost.load.users import DatabaseUser
from services.feature_flags.flags import flags_of, read_flags, segments_of


class FlagReader(DatabaseUser):
    """Starts an application for one person."""

    wait_time = between(0.1, 0.5)

    def on_start(self) -> None:
        """Choose the person."""
        super().on_start()
        self.id: UUID = somebody(self.database, "select id from public.users")

    @task
    def evaluate(self) -> None:
        """Ask the database what somebody has; the same rules in Python must say the same."""
        unit = str(self.id)
        flags, segments = read_flags(self.database), segments_of(self.database, unit)
        counted = {name: flag.is_on(unit, segments) for name, flag in flags.items()}
        with self.timed("flags of a person", targets.DATABASE_RESPONSE) as answer:
            told = flags_of(self.database, unit)
            answer.expect(counted == told, f"{told} in the database, {counted} in Python")
