"""Engagement events, the log of deployments, the platform's status, erasure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from benchmarks.cases.turns import SERVICE, Case, Turn

from gatepost import targets
from gatepost.session import Database, Refused
from services.engagement_events import news, refusals
from services.engagement_events.deployments import Deployments
from services.engagement_events.drafts import NewEvent
from services.engagement_events.erasure import Erasure, Tombstone
from services.engagement_events.events import EngagementEvents
from services.engagement_events.system_status import SystemStatus

FOLDER = "engagement_events"


def operations(database: Database) -> dict[str, Case]:
    return {**_events(database), **_platform(database)}


def _events(database: Database) -> dict[str, Case]:
    events = EngagementEvents(database)
    now = datetime.now(UTC)

    def record(turn: Turn) -> UUID:
        return events.record(turn.caller, [NewEvent("post.viewed")]).ids[0]

    def deleted(turn: Turn) -> UUID:
        made = record(turn)
        events.delete(turn.caller, [made])
        return made

    week_ago = now - timedelta(days=7)
    reads: dict[str, Callable[[Turn], object]] = {
        "last": lambda turn: events.last(turn.caller),
        "find": lambda turn: events.find(turn.caller, turn["event_id"]),
        "counts": lambda turn: events.counts(turn.caller, week_ago),
    }
    reports: dict[str, Callable[[Turn], object]] = {
        "daily": lambda turn: events.daily(SERVICE, turn["event_type"], week_ago, now),
        "containing": lambda _: events.containing(SERVICE, {"post": "none"}),
    }
    named = "events.EngagementEvents."
    return {
        **{named + name: Case(work) for name, work in reads.items()},
        **{named + name: Case(work, targets.EXAMINATION) for name, work in reports.items()},
        named + "record": Case(record, targets.CHANGE),
        named + "change": Case(
            lambda turn, made: events.change(turn.caller, made, {"seen": True}), targets.CHANGE, record
        ),
        named + "delete": Case(lambda turn, made: events.delete(turn.caller, [made]), targets.CHANGE, record),
        named + "restore": Case(
            lambda turn, made: events.restore(turn.caller, [made]), targets.CHANGE, deleted
        ),
        "news.read": Case(lambda turn: news.read(database, turn.caller, news.Cursor(turn["known"]))),
        "refusals.note": Case(
            lambda turn: refusals.note(database, turn.caller, "benchmark", Refused("no")), targets.CHANGE
        ),
    }


def _platform(database: Database) -> dict[str, Case]:
    deployments, status, erasure = Deployments(database), SystemStatus(database), Erasure(database)

    def leaving(_: Turn) -> UUID:
        made = "insert into public.users (email) values (%(email)s) returning id"
        user: UUID = database.value(SERVICE, made, email=f"{uuid4()}@acme.example")
        EngagementEvents(database).record(SERVICE, [NewEvent("post.viewed")] * 50, user_id=user)
        return user

    def again(_: Turn) -> object:
        return erasure.replay(SERVICE, [Tombstone(uuid4(), datetime.now(UTC))])

    return {
        "deployments.Deployments.record": Case(
            lambda _: deployments.record(SERVICE, "start"), targets.CHANGE
        ),
        "deployments.Deployments.recent": Case(lambda _: deployments.recent(SERVICE)),
        "system_status.SystemStatus.current": Case(lambda _: status.current()),
        "system_status.SystemStatus.change": Case(
            lambda _: status.change(SERVICE, maintenance_mode=False), targets.CHANGE
        ),
        "erasure.Erasure.erase": Case(
            lambda _, user: erasure.erase(SERVICE, user), targets.ERASURE, leaving, rounds=10
        ),
        "erasure.Erasure.ledger": Case(lambda _: erasure.ledger(SERVICE), targets.EXAMINATION),
        "erasure.Erasure.replay": Case(again, targets.ERASURE, rounds=10),
    }
