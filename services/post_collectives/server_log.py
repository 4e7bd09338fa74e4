"""Statements on associations that the server refused: from its log into the audit log, once each.

What a service does it writes down itself. Whoever connects to the database directly leaves a trace only in
the server's log, in its formats `jsonlog` and `csvlog`. Any clock may call
`python -m services.post_collectives.server_log FILE …` again and again: no line is recorded twice.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity
from services.post_collectives.queries import QUERIES

_ABOUT = re.compile(r"\bpost_collectives\b")
_VERB = re.compile(r"\s*(\w+)")
_CHANGING = re.compile(r"\b(insert|update|delete)\b", re.IGNORECASE)
_ACTIONS = {
    "insert": "create",
    "copy": "create",
    "update": "update",
    "delete": "remove",
    "truncate": "remove",
}
_REFUSED = ("22", "23", "42501", "44", "P0")
_TRIED_AGAIN = frozenset({"40001", "40P01", "55P03", "0A000"})
"""What a service tries again by itself, and writes down when that is in vain."""
_SERVICE = "gatepost serve"
_BATCH = 500
_CSV_COLUMNS = """
    timestamp user dbname pid remote session_id line_num ps session_start vxid txid error_severity state_code
    message detail hint internal_query internal_position context statement cursor_position location
    application_name backend_type leader_pid query_id
"""
_CSV = tuple(_CSV_COLUMNS.split())


@dataclass(frozen=True)
class Refusal:
    """One statement that failed."""

    position: str
    """Session and line: what no two lines have in common."""
    occurred_at: datetime
    database: str
    login: str
    application: str
    sqlstate: str
    statement: str

    @property
    def verb(self) -> str:
        """The statement's first word, or the one after its `with`, that says what it does."""
        found = _VERB.match(self.statement)
        if found and found[1].lower() == "with":
            found = _CHANGING.search(self.statement)
        return found[1].lower() if found else "other"

    @property
    def is_of_a_service(self) -> bool:
        """Whether it says to come from the API."""
        return self.application == _SERVICE

    def row(self) -> dict[str, Any]:
        """Return what the audit log is told: never the statement, whose values are people's own."""
        return {
            "action": _ACTIONS.get(self.verb, "other"),
            "outcome": "refused" if self.sqlstate.startswith(_REFUSED) else "failed",
            "database_role": self.login,
            "error_code": self.sqlstate,
            "detail": Jsonb(
                {
                    "occurred_at": self.occurred_at.isoformat(timespec="milliseconds"),
                    "application": self.application[:64],
                    "statement": self.verb,
                }
            ),
            "event_key": self.position,
        }


def read(path: Path, database: str) -> Iterator[Refusal]:
    """Yield the failed statements on associations in a file of the server's log.

    A last line that is still being written is left for the next time.
    """
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        entries = _json_entries(file) if path.suffix == ".json" else _csv_entries(file)
        for entry in entries:
            if _is_meant(entry, database):
                yield _refusal(entry)


def _json_entries(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.endswith("\n"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def _csv_entries(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for values in csv.reader(lines):
        if len(values) >= len(_CSV) - 2:
            yield dict(zip(_CSV, values, strict=False))


def _is_meant(entry: dict[str, Any], database: str) -> bool:
    return (
        entry.get("error_severity") in ("ERROR", "FATAL")
        and entry.get("dbname") == database
        and any(_ABOUT.search(str(entry.get(part) or "")) for part in ("message", "statement"))
    )


def _refusal(entry: dict[str, Any]) -> Refusal:
    return Refusal(
        position=f"{entry['session_id']}/{entry['line_num']}",
        occurred_at=datetime.fromisoformat(str(entry["timestamp"]).replace(" UTC", "+00:00")),
        database=str(entry["dbname"]),
        login=str(entry.get("user") or "unknown"),
        application=str(entry.get("application_name") or ""),
        sqlstate=str(entry.get("state_code") or ""),
        statement=str(entry.get("statement") or ""),
    )


def record_refusals(database: Database, name: str, paths: Iterable[Path]) -> int:
    """Write the failed statements of the database `name` into the audit log; return how many were new."""
    found = {one.position: one for path in paths for one in read(path, name)}
    recorded = 0
    positions = list(found)
    for start in range(0, len(positions), _BATCH):
        batch = {position: found[position] for position in positions[start : start + _BATCH]}
        with database.transaction(Identity.service()) as tx:
            known = tx.rows(QUERIES["recorded_events"], keys=list(batch))
            new = [one for position, one in batch.items() if {"event_key": position} not in known]
            written = tx.rows(QUERIES["failures_of_services"], time_span="2 days") if new else []
            for one in _left_over(new, written):
                recorded += tx.changed(QUERIES["record_refused_statement"], **one.row())
    return recorded


def _left_over(found: Iterable[Refusal], written: Iterable[dict[str, Any]]) -> Iterator[Refusal]:
    """Yield what no service wrote down: of each of its errors the log has one line too."""
    own = Counter((row["sqlstate"], row["second_of_epoch"]) for row in written)
    for one in found:
        if one.is_of_a_service:
            if one.sqlstate in _TRIED_AGAIN:
                continue
            second = int(one.occurred_at.timestamp())
            mine = next((key for at in (0, 1, 2) if own[key := (one.sqlstate, second + at)]), None)
            if mine:
                own[mine] -= 1
                continue
        yield one


def main() -> None:
    """Read the files that the command line names; GATEPOST_API_DATABASE_URL is the authenticator's URL."""
    url = os.environ["GATEPOST_API_DATABASE_URL"]
    with Database(url, max_size=1) as database:
        name = str(database.value(Identity.service(), "select current_database()"))
        count = record_refusals(database, name, [Path(argument) for argument in sys.argv[1:]])
    sys.stdout.write(f"{count} refused statements recorded\n")


if __name__ == "__main__":
    main()
