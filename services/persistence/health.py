"""Whether persistence works: what can break it is asked for, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatepost.session import Database, Identity
from gatepost.web.health import DATABASE, Probe
from services.persistence.metrics import measure
from services.persistence.sync import TABLES

LEAST_SUCCESS = 0.9
"""Of the pushes of an hour: the guide's alert at more than 10 % failures."""
_TRIGGERS = """
select count(*) = 2 * cardinality(%(tables)s::text[])
from pg_catalog.pg_trigger as t
where
    t.tgrelid = any(array(select to_regclass('public.' || n)::oid from unnest(%(tables)s::text[]) as n))
    and t.tgenabled in ('O', 'A')
    and t.tgname ~ '_(sync|tombstone)$'
"""
_POSITIONS = """
select coalesce((
    select p.pushed_in < pg_snapshot_xmax(pg_current_snapshot())
    from public.sync_pushes as p
    order by p.pushed_at desc
    limit 1
), true)
"""


def _keeps_versions(database: Database) -> bool:
    return bool(database.value(Identity.service(), _TRIGGERS, tables=list(TABLES)))


def _counts_on(database: Database) -> bool:
    """Return whether transactions are numbered after those that rows were changed in: not so after a restore
    into a younger server, until `app.renew_sync_positions()`."""
    return bool(database.value(Identity.service(), _POSITIONS))


def _pushes_succeed(database: Database) -> bool:
    rate = measure(database).push_success_rate
    return rate is None or rate >= LEAST_SUCCESS


def _migrations_succeed(database: Database) -> bool:
    return measure(database).failed_migrations == 0


PROBES = (
    DATABASE,
    Probe("versions", _keeps_versions, good="kept", bad="not kept"),
    Probe("positions", _counts_on, good="in order", bad="from before a restore"),
    Probe("sync", _pushes_succeed, good="succeeding", bad="failing", is_vital=False),
    Probe("migrations", _migrations_succeed, good="succeeding", bad="failing", is_vital=False),
)


def figures(database: Database) -> Mapping[str, Any]:
    """Return the hour's metrics."""
    return measure(database).model_dump()
