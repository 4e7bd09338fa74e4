"""Statements on associations that the server refused: from its log into the audit log, once each.

What a service does it writes down itself. Whoever connects to the database directly leaves a trace only in
the server's log, in its formats `jsonlog` and `csvlog`. `gatepost serve` calls `follow` again and again;
where it cannot reach the log, any clock may call `python -m services.post_collectives.server_log FILE …`.
No line is recorded twice.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity
from gatepost.web.clock import Surroundings
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
_log = logging.getLogger("gatepost.post_collectives")
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


def read(path: Path, database: str, start: int = 0) -> tuple[list[Refusal], int]:
    """Return the failed statements on associations in a file of the server's log, and where to read on.

    A last line that is still being written is left for the next time; a `csvlog` is read from its beginning.
    """
    if path.suffix == ".json":
        entries, end = _json_entries(path, start)
    else:
        entries, end = _csv_entries(path), 0
    return [_refusal(entry) for entry in entries if _is_meant(entry, database)], end


def _json_entries(path: Path, start: int) -> tuple[list[dict[str, Any]], int]:
    found = []
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                break
            start += len(line)
            if b"post_collectives" in line:
                with suppress(json.JSONDecodeError):
                    found.append(json.loads(line.decode(errors="replace")))
    return found, start


def _csv_entries(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [values for values in csv.reader(file) if len(values) >= len(_CSV) - 2]
    return [dict(zip(_CSV, values, strict=False)) for values in rows]


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
    return _record(database, [one for path in paths for one in read(path, name)[0]])


def _record(database: Database, refusals: Iterable[Refusal]) -> int:
    found = {one.position: one for one in refusals}
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


class Follower:
    """Records what comes in the server's log, reading on where it was; a new one reads all of it."""

    def __init__(self) -> None:
        self._places: dict[tuple[Path, int], int] = {}
        """How far each file, by its path and inode, has been read."""
        self._has_warned = False

    def __call__(self, around: Surroundings) -> None:
        """Record what is new; where no log can be read, say so once."""
        logs = around.server_logs()
        if not logs and not self._has_warned:
            self._has_warned = True
            _log.warning(
                "no server log to read: refused direct SQL on associations is not audited; name its files, in"
                " the formats jsonlog or csvlog, in GATEPOST_SERVER_LOG"
            )
        if logs:
            name = str(around.database.value(Identity.service(), "select current_database()"))
            for path in logs:
                self._follow(around.database, name, path)

    def _follow(self, database: Database, name: str, path: Path) -> None:
        stat = path.stat()
        place = self._places.get((path, stat.st_ino), 0)
        refusals, end = read(path, name, place if place <= stat.st_size else 0)
        _record(database, refusals)
        self._places[path, stat.st_ino] = end


follow = Follower()


def main() -> None:
    """Read the files that the command line names; GATEPOST_API_DATABASE_URL is the authenticator's URL."""
    url = os.environ["GATEPOST_API_DATABASE_URL"]
    with Database(url, max_size=1) as database:
        name = str(database.value(Identity.service(), "select current_database()"))
        count = record_refusals(database, name, [Path(argument) for argument in sys.argv[1:]])
    sys.stdout.write(f"{count} refused statements recorded\n")


if __name__ == "__main__":
    main()
