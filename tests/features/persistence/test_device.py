"""The device's side by itself: what it sends again, what it keeps, what it gives up."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from gatepost.session import Unavailable
from services.persistence.changes import MOST_CHANGES, Outcome, Page, Push, Row
from services.persistence.device import Device, Local

ROW = uuid4()
KEY = ("students", ROW)


def page(*versions: int, name: str = "theirs") -> Page:
    rows = [
        Row(
            table="students",
            id=ROW,
            version=version,
            deleted=False,
            client_id="other",
            metadata={},
            values={"name": name},
        )
        for version in versions
    ]
    return Page(rows=rows, cursor="c", more=False, reset=False)


def accept(push: Push) -> list[Outcome]:
    return [outcome(change.id, version=change.version) for change in push.changes]


def outcome(row: UUID, kind: str = "applied", **more: Any) -> Outcome:
    told = {"version": 1, "conflict": kind == "kept", "stored": None, "replaced": None, **more}
    return Outcome.model_validate({"table": "students", "id": row, "outcome": kind, **told})


@pytest.fixture
def device() -> Device:
    made = Device("phone")
    made.write("students", ROW, name="mine")
    return made


def test_an_unanswered_push_is_sent_again_as_it_was(device: Device) -> None:
    sent: list[Push] = []

    def answer_at_last(push: Push) -> list[Outcome]:
        sent.append(push)
        if len(sent) < 4:
            raise Unavailable("no answer")
        return accept(push)

    with pytest.raises(Unavailable):
        device.push(answer_at_last, attempts=2)
    device.write("students", ROW, name="later")
    device.push(answer_at_last)
    assert [push == sent[0] for push in sent] == [True] * 4 + [False]
    assert [push.changes[0].version for push in sent] == [1, 1, 1, 1, 2]
    assert not device.waiting


def test_what_waits_here_and_is_newer_stays(device: Device) -> None:
    device.write("students", ROW, name="mine again")
    device.pull(lambda _: page(1))
    assert device.rows[KEY] == Local({"name": "mine again"}, 2)  # type: ignore[index]
    assert (device.waiting, device.lost) == ({KEY}, [])


@pytest.mark.parametrize("version", [1, 2])
def test_what_gives_way_to_a_newer_version_is_kept_aside(device: Device, version: int) -> None:
    device.pull(lambda _: page(version))
    assert device.rows[KEY] == Local({"name": "theirs"}, version)  # type: ignore[index]
    assert (device.waiting, device.lost) == (set(), [(KEY, Local({"name": "mine"}, 1))])


def test_what_was_removed_elsewhere_can_be_made_again(device: Device) -> None:
    device.pull(lambda _: page(5))
    device.remove("students", ROW)
    device.write("students", ROW, name="again")
    assert device.rows[KEY] == Local({"name": "again"}, 7)  # type: ignore[index]


def test_a_refused_row_leaves_the_outbox_and_is_told(device: Device) -> None:
    device.push(lambda push: [outcome(change.id, "refused", version=None) for change in push.changes])
    assert (device.rows, device.waiting, [one.id for one in device.refused]) == ({}, set(), [ROW])


def test_a_kept_row_is_taken_over_and_the_conflict_told(device: Device) -> None:
    stored = {
        "id": str(ROW),
        "version": 4,
        "deleted": True,
        "client_id": "x",
        "metadata": {},
        "name": "theirs",
    }
    device.push(lambda push: [outcome(ROW, "kept", version=4, stored=stored)])
    assert device.rows[KEY] == Local({"name": "theirs"}, 4, deleted=True)  # type: ignore[index]
    assert (device.waiting, len(device.conflicts)) == (set(), 1)


@pytest.mark.parametrize("rows", [0, 1, MOST_CHANGES, MOST_CHANGES + 1, 2 * MOST_CHANGES + 7])
def test_the_outbox_is_sent_in_pushes_that_are_not_too_large(rows: int) -> None:
    device, sent = Device("phone"), list[Push]()

    def take(push: Push) -> list[Outcome]:
        sent.append(push)
        return accept(push)

    for _ in range(rows):
        device.write("students", uuid4(), name="x")
    device.push(take)
    assert sum(len(push.changes) for push in sent) == rows
    assert [push.outbox for push in sent] == [rows - n * MOST_CHANGES for n in range(len(sent))]
