"""Devices and their rows, for the tests of the sync protocol."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from gatepost.session import Database, Identity
from services.persistence.changes import Push, Table
from services.persistence.device import Device
from services.persistence.sync import SyncService


def student(
    row: UUID | None = None,
    *,
    version: int = 1,
    base: int = 0,
    deleted: bool = False,
    name: str = "Jo",
    **more: Any,
) -> dict[str, Any]:
    """A change of a student, as a device sends it."""
    return {
        "table": "students",
        "id": row or uuid4(),
        "version": version,
        "base_version": base,
        "deleted": deleted,
        "values": {"name": name},
        **more,
    }


def push_of(*changes: dict[str, Any], device: str = "phone", **more: Any) -> Push:
    return Push.model_validate({"id": uuid4(), "device": device, "changes": list(changes), **more})


def synchronize(database: Database, caller: Identity, *devices: Device) -> None:
    """Let each device push what waits, then each pull."""
    service = SyncService(database)
    for device in devices:
        device.push(lambda push: service.push(caller, push))
    for device in devices:
        device.pull(lambda cursor: service.pull(caller, cursor, page_size=3))


def stored(
    database: Database, caller: Identity
) -> dict[tuple[Table, UUID], tuple[dict[str, Any], int, bool]]:
    """What a new device would get of everything."""
    fresh = Device("fresh")
    fresh.pull(lambda cursor: SyncService(database).pull(caller, cursor))
    return as_values(fresh)


def as_values(device: Device) -> dict[tuple[Table, UUID], tuple[dict[str, Any], int, bool]]:
    return {key: (row.values, row.version, row.deleted) for key, row in device.rows.items()}
