"""The tick of `app.scheduled_jobs`: what is due is done by the database, however many processes tick."""

from __future__ import annotations

import psycopg

from gatepost.web.clock import Surroundings


def run_due_jobs(around: Surroundings) -> None:
    """Run the jobs that are due; each commits by itself, so it is a connection's only statement."""
    with psycopg.connect(
        around.database.url, autocommit=True, application_name="gatepost jobs", connect_timeout=5
    ) as connection:
        connection.execute("set role service_role")
        connection.execute("call app.run_due_jobs()")
