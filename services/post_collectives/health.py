"""Whether people can write and share posts: what the deployment guide's health answer is made of."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from gatepost.session import Database, Identity
from gatepost.web.health import Health, Probe, examine
from services.post_collectives.queries import QUERIES

FLAGS = ("multi_collective_posts", "enhanced_editor")
WORST_ERROR_RATE = 5.0
"""Percent of failed operations at which sharing is degraded."""
_NOBODY = UUID(int=0)


def table_is_available(database: Database) -> bool:
    """Return whether associations can be read, are guarded by policies and audited by triggers."""
    return bool(database.value(Identity.service(), QUERIES["guarded_associations"]))


def collectives_are_selected(database: Database) -> bool:
    """Return whether somebody who may post somewhere is offered that, and no stranger is."""
    user, collective = _poster(database)
    offered = database.rows(Identity.user(user), QUERIES["postable_collectives"], user_id=user)
    others = database.rows(Identity.user(_NOBODY), QUERIES["postable_collectives"], user_id=user)
    found = {row["collective_id"] for row in offered}
    return not others and (collective in found if collective else not found)


def drafts_save_themselves(database: Database) -> bool:
    """Return whether a draft is saved, and saved once; nothing stays of it."""
    user, _ = _poster(database)
    if user == _NOBODY:
        return True
    save = {
        "draft_id": uuid4(),
        "save_id": uuid4(),
        "seen_version": 0,
        "title": "",
        "body": "",
        "settings": "{}",
        "post_id": None,
    }
    answers: list[Mapping[str, Any]] = []
    with suppress(_TakenBack), database.transaction(Identity.user(user)) as tx:
        answers = [tx.row(QUERIES["save_post_draft"], **save) or {} for _ in range(2)]
        raise _TakenBack
    return [(one["version"], one["repeated"]) for one in answers] == [(1, False), (1, True)]


def permissions_are_validated(database: Database) -> bool:
    """Return whether who may post may, and nobody else."""
    user, collective = _poster(database)
    allowed = collective is None or _may_post(database, user, collective)
    return allowed and not _may_post(database, _NOBODY, collective or _NOBODY)


def _may_post(database: Database, user: UUID, collective: UUID) -> bool:
    rows = database.rows(
        Identity.user(user), QUERIES["collective_permissions"], user_id=user, collective_ids=[collective]
    )
    answer = database.value(
        Identity.user(user),
        "select public.can_user_post_to_collective(%(user)s, %(collective)s)",
        user=user,
        collective=collective,
    )
    if answer is not rows[0]["can_post"]:
        raise RuntimeError("the function and the query disagree on who may post")
    return bool(answer)


def _poster(database: Database) -> tuple[UUID, UUID | None]:
    """Return somebody who may post, and where; nobody where there is none."""
    row = database.row(Identity.service(), QUERIES["somebody_who_may_post"])
    return (row["user_id"], row["collective_id"]) if row else (_NOBODY, None)


class _TakenBack(Exception):
    """Ends a transaction that shall leave nothing."""


PROBES = (
    Probe("database", lambda database: bool(database.value(Identity.service(), "select true"))),
    Probe("post_collectives_table", table_is_available, "available", "unavailable"),
    Probe("collective_selection", collectives_are_selected, "functional", "broken", is_vital=False),
    Probe("auto_save", drafts_save_themselves, "operational", "failing", is_vital=False),
    Probe("permission_validation", permissions_are_validated, "active", "inactive"),
)


def metrics(database: Database) -> Mapping[str, Any]:
    """Return the error rate of the last hour, from the audit log, and the feature's flags."""
    row = database.row(Identity.service(), QUERIES["post_creation_metrics"], flags=list(FLAGS)) or {}
    known = row["feature_flags"] or {}
    return {
        "error_rate_percent": float(row["error_rate_percent"]),
        "feature_flags": {name: bool(known.get(name, False)) for name in FLAGS},
    }


def examine_sharing(database: Database) -> Health:
    """Ask every probe; too many failures make the whole degraded too."""
    found = examine(database, PROBES, metrics)
    found.metrics.setdefault("error_rate_percent", None)
    found.metrics.setdefault("feature_flags", dict.fromkeys(FLAGS))
    rate = found.metrics["error_rate_percent"]
    if found.status == "healthy" and rate is not None and rate > WORST_ERROR_RATE:
        found.status = "degraded"
    return found
