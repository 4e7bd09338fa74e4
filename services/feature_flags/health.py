"""Whether flags can be decided, and every change of one is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatepost.session import Database, Identity
from gatepost.web.health import DATABASE, Probe
from services.feature_flags.evaluation import bucket
from services.feature_flags.flags import flags_of, read_flags

EXPECTED = frozenset({"multi_collective_posts", "enhanced_editor", "collective_validation", "persistence_v2"})
"""The flags that the platform's features ask for."""
_HISTORY = """
select not exists (
    select 1
    from public.feature_flags as f
    where not exists (
        select 1
        from app.feature_flag_changes as c
        where c.flag_id = f.id and c.version = f.version
    )
)
"""
_BUCKET = "select app.flag_bucket(%(salt)s, %(unit)s)"


def _are_there(database: Database) -> bool:
    return read_flags(database).keys() >= EXPECTED


def _is_complete(database: Database) -> bool:
    return bool(database.value(Identity.service(), _HISTORY))


def _decide_alike(database: Database) -> bool:
    """Return whether the database puts a unit where this program does."""
    salt, unit = "health", "ünit"
    return bool(database.value(Identity.service(), _BUCKET, salt=salt, unit=unit) == bucket(salt, unit))


PROBES = (
    DATABASE,
    Probe("flags", _are_there, good="known", bad="missing"),
    Probe("buckets", _decide_alike, good="alike", bad="different"),
    Probe("history", _is_complete, good="complete", bad="incomplete", is_vital=False),
)


def figures(database: Database) -> Mapping[str, Any]:
    """Return which flags are on for everybody."""
    return {"feature_flags": flags_of(database, None)}
