"""The table `deployment_log`, where the program declares one: what each deployment did, never changed."""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gatepost.postgres.connect import DatabaseMissing, RoleMissing, Target, connect, translating
from gatepost.verify.declared import Source

TABLE = "deployment_log"
_COLUMNS = {"timestamp", "deployment_id", "action", "details", "data"}
_ENDS = ("success", "failure", "rollback")
_LAST = 100


@dataclass(frozen=True)
class Entry:
    """A row of the log."""

    deployment: UUID
    action: str
    """`start`, `success`, `failure` or `rollback`."""
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class DeploymentLog:
    """The log of one database, as its owner writes and reads it."""

    target: Target
    schema: str

    def entries(self, stack: str) -> list[Entry]:
        """Return what is known of a stack, newest first; nothing where the table is not there yet."""
        from psycopg import sql

        query = sql.SQL(
            "select deployment_id, action, data, timestamp from {} where data ->> 'stack' = {stack}"
            " and deployment_id is not null order by id desc limit {last}"
        ).format(self._table, stack=sql.Literal(stack), last=sql.Literal(_LAST))
        try:
            with connect(self.target) as connection, translating(f"reading {self.schema}.{TABLE}"):
                if not self._is_there(connection):
                    return []
                rows = connection.execute(query).fetchall()
        except (DatabaseMissing, RoleMissing):
            return []
        return [Entry(*row) for row in rows]  # type: ignore[arg-type]

    def record(
        self, deployment: UUID, action: str, details: str, data: Mapping[str, Any], at: datetime | None = None
    ) -> bool:
        """Write a row; return whether there is a table to write to."""
        from psycopg import sql

        insert = sql.SQL(
            "insert into {} (timestamp, deployment_id, action, details, data) values (%s, %s, %s, %s, %s)"
        ).format(self._table)
        values = (at or datetime.now(UTC), deployment, action, details, json.dumps(data))
        try:
            with connect(self.target) as connection, translating(f"writing to {self.schema}.{TABLE}"):
                if not self._is_there(connection):
                    return False
                connection.execute(insert, values)
        except (DatabaseMissing, RoleMissing):
            return False
        return True

    def _is_there(self, connection: Any) -> bool:
        found = connection.execute("select to_regclass(%s) is not null", (f"{self.schema}.{TABLE}",))
        return bool(found.fetchone() == (True,))

    @property
    def _table(self) -> Any:
        from psycopg import sql

        return sql.Identifier(self.schema, TABLE)


def log_of(sources: Sequence[Source]) -> DeploymentLog | None:
    """Return the log that a program declares; None where it declares none with the columns that it takes."""
    for source in sources:
        for one in source.objects:
            if (one.kind, one.inputs.get("name", one.name)) != ("Table", TABLE):
                continue
            if {column["name"] for column in one.inputs["columns"]} >= _COLUMNS:
                target = replace(source.target(), role=source.owner)
                return DeploymentLog(target, str(one.inputs.get("schema", "public")))
    return None


def deployed(entries: Sequence[Entry]) -> Entry | None:
    """Return the entry that says what the stack has: the last success, or the last proven roll-back."""
    for one in entries:
        if one.action == "success" or (one.action == "rollback" and one.data.get("proven")):
            return one
    return None


def cut_short(entries: Sequence[Entry]) -> Entry | None:
    """Return the start of a deployment that nobody saw the end of, where that is the last one."""
    ended = {one.deployment for one in entries if one.action in _ENDS}
    last = entries[0] if entries else None
    return last if last and last.action == "start" and last.deployment not in ended else None


def who() -> str:
    """Return who deploys: the person that a CI names, else the account and machine."""
    person = os.environ.get("GITHUB_ACTOR") or os.environ.get("GITLAB_USER_LOGIN")
    return person or f"{getpass.getuser()}@{socket.gethostname()}"
