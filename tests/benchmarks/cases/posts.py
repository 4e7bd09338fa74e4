"""Sharing posts, writing them, and what is told of both."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.cases.turns import SERVICE, Case, Turn

from gatepost import targets
from gatepost.session import Database
from services.post_collectives import PostCollectiveService
from services.post_collectives.errors import PostUnknown
from services.post_collectives.models import DraftSave, NewPost
from services.post_collectives.operation import Operation
from services.post_collectives.server_log import record_refusals
from services.post_collectives.writing import WritingService

FOLDER = "post_collectives"
SUBJECTS = """
    with sharers as (
        select m.user_id as member, (array_agg(m.collective_id order by m.collective_id))[1:50] as collectives
        from public.collective_members as m where m.can_post
        group by 1 having count(*) >= 50
    )
    select s.member, s.collectives, s.collectives[1] as collective, p.post, p.title
    from sharers as s
    cross join lateral (
        select pc.post_id as post, min(o.title) as title
        from public.post_collectives as pc inner join public.posts as o on o.id = pc.post_id
        where pc.author_id = s.member and o.status = 'published'
        group by 1 having count(*) >= 10 order by 1 limit 1
    ) as p
    order by s.member limit 7
"""
"""Authors who may post in 50 collectives, with a post that is shared with ten and more."""


def operations(database: Database) -> dict[str, Case]:
    return {**_sharing(database), **_audit(database), **_writing(database)}


def _sharing(database: Database) -> dict[str, Case]:
    service = PostCollectiveService(database)
    writing = WritingService(database, service.errors)

    def post(turn: Turn) -> object:
        return writing.create_post(turn.caller, NewPost(id=uuid4(), title="Post", status="published"))

    def shared(turn: Turn) -> object:
        made = post(turn)
        share(turn, made)
        return made

    def share(turn: Turn, made: object) -> object:
        return service.create_post_collective_associations(
            turn.caller, str(made), turn["member"], turn["collectives"][:10]
        )

    def update(turn: Turn, made: object) -> object:
        change = {"pinned": True}
        return service.update_post_collective_associations(
            turn.caller, str(made), turn["member"], turn["collectives"][:10], change
        )

    def remove(turn: Turn, made: object) -> object:
        return service.remove_post_collective_associations(
            turn.caller, str(made), turn["member"], turn["collectives"][:10]
        )

    def validate(turn: Turn) -> object:
        return service.validate_collective_permissions(turn.caller, turn["member"], turn["collectives"])

    named = "post_collective_service.PostCollectiveService."
    return {
        named + "get_postable_collectives": Case(
            lambda turn: service.get_postable_collectives(turn.caller, turn["member"]), targets.VALIDATION
        ),
        named + "get_associations": Case(lambda turn: service.get_associations(turn.caller, turn["post"])),
        named + "validate_collective_permissions": Case(validate, targets.VALIDATION),
        named + "create_post_collective_associations": Case(share, targets.ASSOCIATION_CREATION, post),
        named + "update_post_collective_associations": Case(update, targets.ASSOCIATION_CREATION, shared),
        named + "remove_post_collective_associations": Case(remove, targets.ASSOCIATION_CREATION, shared),
        named + "get_service_health": Case(lambda _: service.get_service_health(), targets.EXAMINATION),
    }


def _audit(database: Database) -> dict[str, Case]:
    service = PostCollectiveService(database)
    audit, errors = service.audit, service.errors

    def operation(turn: Turn) -> Operation:
        return Operation("create", turn.caller, turn["post"], turn["collectives"])

    named, handled = "audit_service.PostCollectiveAuditService.", "error_handler.PostCollectiveErrorHandler."
    return {
        named + "get_post_audit_log": Case(
            lambda turn: audit.get_post_audit_log(turn.caller, turn["post"]), targets.AUDIT_RETRIEVAL
        ),
        named + "remember": Case(
            lambda _, one: audit.remember(one, "succeeded"), targets.IN_MEMORY, operation
        ),
        named + "record_failure": Case(
            lambda _, one: audit.record_failure(one, PostUnknown()), targets.CHANGE, operation
        ),
        named + "write_waiting": Case(lambda _: audit.write_waiting(), targets.IN_MEMORY),
        named + "get_performance_metrics": Case(lambda _: audit.get_performance_metrics(), targets.ANSWER),
        named + "get_local_logs": Case(lambda _: audit.get_local_logs(), targets.IN_MEMORY),
        named + "export_metrics": Case(lambda _: audit.export_metrics(), targets.EXAMINATION),
        named + "generate_analytics_report": Case(
            lambda _: audit.generate_analytics_report(SERVICE), targets.EXAMINATION, rounds=20
        ),
        named + "check_system_health": Case(lambda _: audit.check_system_health(), targets.EXAMINATION),
        handled + "run": Case(lambda _, one: errors.run(one, lambda: None), targets.IN_MEMORY, operation),
        handled + "get_error_statistics": Case(
            lambda _: errors.get_error_statistics(SERVICE), targets.EXAMINATION, rounds=20
        ),
        handled + "get_recent_errors": Case(
            lambda turn: errors.get_recent_errors(turn.caller, turn["member"])
        ),
        "server_log.record_refusals": Case(
            lambda _, log: record_refusals(database, "platform", [log]), targets.EXAMINATION, _log, rounds=20
        ),
    }


_FOLDER = TemporaryDirectory(prefix="gatepost-benchmark-")


def _log(_: Turn) -> Path:
    """Return a file of the server's log with a hundred refused statements that nobody wrote down."""
    line = {
        "timestamp": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC",
        "dbname": "platform",
        "error_severity": "ERROR",
        "state_code": "42501",
        "statement": "delete from post_collectives",
        "session_id": str(uuid4()),
    }
    file = Path(_FOLDER.name, "server.json")
    file.write_text("".join(json.dumps({**line, "line_num": number}) + "\n" for number in range(100)))
    return file


def _writing(database: Database) -> dict[str, Case]:
    writing = WritingService(database, PostCollectiveService(database).errors)

    def save(turn: Turn) -> object:
        given = DraftSave(draft_id=uuid4(), save_id=uuid4(), seen_version=0, title="Draft", body="Words")
        return writing.save_draft(turn.caller, given)

    calls: dict[str, Callable[[Turn], object]] = {
        "get_drafts": lambda turn: writing.get_drafts(turn.caller),
        "search_posts": lambda turn: writing.search_posts(turn.caller, turn["title"]),
        "get_collective_posts": lambda turn: writing.get_collective_posts(turn.caller, turn["collective"]),
        "get_home_posts": lambda turn: writing.get_home_posts(turn.caller),
    }
    changes: dict[str, Callable[[Turn], object]] = {
        "save_draft": save,
        "create_post": lambda turn: writing.create_post(turn.caller, NewPost(id=uuid4(), title="Post")),
    }
    return {
        **{f"writing.WritingService.{name}": Case(work) for name, work in calls.items()},
        **{f"writing.WritingService.{name}": Case(work, targets.CHANGE) for name, work in changes.items()},
    }
