"""One deployment at a time per database: an advisory lock that lives as long as its connection."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

from gatepost import errors

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection, Target

STATEMENTS = 7_208_364_511_903_842_107
"""Held while statements of a deployment run."""
RELEASE = 7_208_364_511_903_842_108
"""Held by `gatepost deploy` from its plan to its last check."""
_DYING_SECONDS = 1.0
"""A killed deployer's lock goes within half a second: nobody is told that it is busy before."""


def take(connection: Connection, target: Target, key: int = STATEMENTS) -> None:
    """Take the lock of the connection's database.

    :raises DeploymentBusy: another deployment runs; the message says which process holds the lock.
    """
    deadline = time.monotonic() + _DYING_SECONDS
    while connection.execute("select pg_try_advisory_lock(%s)", (key,)).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise errors.DeploymentBusy(
                f"{target}: another deployment is running ({_holder(connection, key)}): wait for it to end"
            )
        time.sleep(0.05)


def is_held(connection: Connection | None) -> bool:
    """Return whether the connection that took the lock still lives; it costs no round trip."""
    import psycopg

    if connection is None or connection.closed:
        return False
    readable, _, _ = select.select([connection.fileno()], [], [], 0)
    if not readable:
        return True
    try:  # the server said something unasked: a notice, or that it ends the session
        connection.execute("select")
    except psycopg.Error:
        connection.close()
    return not connection.closed


def _holder(connection: Connection, key: int) -> str:
    found = connection.execute(
        "select a.usename || ', process ' || a.pid"
        " || coalesce(to_char(a.backend_start, '\", since\" HH24:MI:SS'), '')"
        " from pg_locks as l join pg_stat_activity as a on a.pid = l.pid"
        " where l.locktype = 'advisory' and l.granted and l.classid = %s and l.objid = %s"
        " and l.database = (select oid from pg_database where datname = current_database())",
        (key >> 32, key & 0xFFFFFFFF),
    ).fetchone()
    return str(found[0]) if found else "it just ended"
