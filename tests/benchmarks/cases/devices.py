"""What people keep on their devices: pushed, pulled, taken over from a guest."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from benchmarks.cases.turns import Case, Turn

from gatepost import targets
from gatepost.session import Database, Identity
from services.persistence.changes import Push
from services.persistence.metrics import count_orphans
from services.persistence.migration import MigrationService
from services.persistence.sync import SyncService

FOLDER = "persistence"


def fifty_changes() -> Push:
    """New rows of two tables, as a device sends them."""
    students = [uuid4() for _ in range(25)]
    made = {"version": 1, "base_version": 0, "metadata": {}}
    changes = [
        *({"table": "students", "id": one, "values": {"name": "Ada"}, **made} for one in students),
        *(
            {
                "table": "attendance_records",
                "id": uuid4(),
                "values": {"student_id": one, "held_on": date(2026, 1, 1)},
                **made,
            }
            for one in students
        ),
    ]
    return Push.model_validate({"id": uuid4(), "device": "benchmark", "changes": changes})


def operations(database: Database) -> dict[str, Case]:
    sync, migration = SyncService(database), MigrationService(database)

    def guest(_: Turn) -> Identity:
        made = Identity.guest(f"guest-{uuid4()}")
        sync.push(made, fifty_changes())
        return made

    return {
        "sync.SyncService.push": Case(
            lambda turn, push: sync.push(turn.caller, push), targets.PUSH, lambda _: fifty_changes()
        ),
        "sync.SyncService.pull": Case(lambda turn: sync.pull(turn.caller, page_size=50), targets.PULL),
        "migration.MigrationService.migrate": Case(
            lambda turn, made: migration.migrate(turn.caller, made), targets.PUSH, guest
        ),
        "metrics.count_orphans": Case(lambda _: count_orphans(database), targets.WHOLE_TABLES, rounds=1),
    }
