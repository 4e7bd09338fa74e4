"""The preflight gate: the server answers, has room, and nobody holds what a deployment needs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

from gatepost.errors import StatementFailed, UsageError
from gatepost.gates.gate import Site
from gatepost.gates.verdict import Outcome, Row, Trial, Verdict, worst
from gatepost.postgres.diagnosis import said

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_LIMIT = "nothing stands in the way"
_UNITS = {"": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_ARCHIVED = "select last_archived_time from pg_stat_archiver"


@dataclass(frozen=True)
class Session:
    """Somebody else's transaction."""

    what: str
    seconds: float | None
    """None where the deployer may not see it."""


@dataclass(frozen=True)
class Facts:
    """What is known before anything is done."""

    version: str
    writable: bool
    sessions: Sequence[Session] = ()
    used: int = 0
    """Bytes of every database."""
    largest: int = 0
    """Bytes of the largest table with its indexes: what an index build or a rewrite may need."""
    free: int | None = None
    """Bytes of the disk, where this machine has it."""
    last_backup: datetime | None = None
    ill: Mapping[str, str] = field(default_factory=dict)
    """What each address of `health` said that is not well."""


class PreflightGate:
    """What must be so before a deployment begins."""

    name = "preflight"
    about = "the server answers and can be written to, has room, and no old transaction is in the way"
    options: Mapping[str, str] = {
        "longest_transaction": "seconds that another transaction may be open; 60, 0 does without",
        "disk": "how large the server's disk is, such as 200GB: SQL cannot tell; 0 does without",
        "backup_age": "hours that the last backup may be old; production must say, 0 does without",
        "last_backup": "the statement that says when that was; else when WAL was archived last",
        "health": "addresses that must answer 200 before, and after a deployment",
        "watch": "seconds for which a deployment watches them before it is sure; 15",
    }
    of_deployed = False

    def judge(self, site: Site) -> Outcome:
        """Look at the stack's server."""
        site.tell("asking the server")
        return outcome(facts_of(site), site.options, production=site.stack.environment == "production")

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Judge a server that is well, each thing that stands in the way, and what nobody can tell."""
        from gatepost.gates.preflight_trials import trials

        del folder
        return trials()


def outcome(facts: Facts, options: Mapping[str, Any], *, production: bool) -> Outcome:
    """Return the verdict, a row a check."""
    rows = [*_server(facts), *_transactions(facts, options), *_disk(facts, options)]
    rows += [*_backup(facts, options, production), *_health(facts, options)]
    verdict = worst(row.verdict for row in rows)
    shown = next(row for row in rows if row.verdict is verdict)
    figure = f"PostgreSQL {facts.version}" if verdict is Verdict.PASS else f"{shown.name}: {shown.figure}"
    return Outcome(PreflightGate.name, verdict, figure, _LIMIT, rows=tuple(rows))


def _server(facts: Facts) -> Iterator[Row]:
    yield Row("version", Verdict.PASS, f"PostgreSQL {facts.version}", "15 or later")
    figure = "can be written to" if facts.writable else "is read-only, or a standby: name the primary"
    yield Row("server", _pass(facts.writable), figure, "can be written to")


def _transactions(facts: Facts, options: Mapping[str, Any]) -> Iterator[Row]:
    allowed = float(options.get("longest_transaction", 60))
    if not allowed:
        return
    name, limit = "transactions", f"{allowed:g} s (longest_transaction)"
    old = [one for one in facts.sessions if one.seconds is not None and one.seconds > allowed]
    for one in old:
        words = f"{one.what} is open for {one.seconds:.0f} s: end it, or wait"
        yield Row(name, Verdict.FAIL, words, limit)
    hidden = sum(one.seconds is None for one in facts.sessions)
    if hidden:
        words = f"{hidden} sessions are hidden from the deployer: grant it pg_read_all_stats"
        yield Row(name, Verdict.INCONCLUSIVE, words, limit)
    elif not old:
        yield Row(name, Verdict.PASS, f"{len(facts.sessions)} other sessions, none old", limit)


def _disk(facts: Facts, options: Mapping[str, Any]) -> Iterator[Row]:
    given = options.get("disk")
    total = bytes_of(given) if given is not None else None
    free = facts.free if total is None else total - facts.used
    limit = f"{_shown(facts.largest)}, as the largest table has (disk)"
    if total == 0:
        return
    if free is None:
        words = f"{_shown(facts.used)} are used, of how much SQL cannot tell: say how large the disk is"
        yield Row("disk", Verdict.INCONCLUSIVE, words, limit)
    else:
        yield Row("disk", _pass(free > facts.largest), f"{_shown(free)} free", limit)


def _backup(facts: Facts, options: Mapping[str, Any], production: bool) -> Iterator[Row]:
    allowed = options.get("backup_age")
    if allowed is None and production:
        words = "nobody said how old the last backup may be: set backup_age, 0 does without"
        yield Row("backup", Verdict.INCONCLUSIVE, words, "hours (backup_age)")
    if not allowed:
        return
    limit = f"{float(allowed):g} h (backup_age)"
    if facts.last_backup is None:
        yield Row("backup", Verdict.FAIL, "nothing was ever backed up, or archived", limit)
        return
    hours = (datetime.now(UTC) - facts.last_backup).total_seconds() / 3600
    yield Row("backup", _pass(hours <= float(allowed)), f"the last one is {hours:.1f} h old", limit)


def _health(facts: Facts, options: Mapping[str, Any]) -> Iterator[Row]:
    for address in options.get("health", ()):
        ill = facts.ill.get(address)
        yield Row(address, _pass(ill is None), ill or "answers 200", "answers 200 (health)")


def _pass(good: bool) -> Verdict:
    return Verdict.PASS if good else Verdict.FAIL


def bytes_of(text: object) -> int:
    """Return a size such as `200GB` in bytes.

    :raises UsageError: it is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]b)?", str(text).strip().lower())
    if match is None:
        raise UsageError(f"disk: {text!r} is no size: give a number with kB, MB, GB or TB, such as 200GB")
    return int(float(match[1]) * _UNITS[match[2] or ""])


def _shown(size: int) -> str:
    unit = next((name for name in ("tb", "gb", "mb") if size >= _UNITS[name]), "kb")
    return f"{size / _UNITS[unit]:.1f} {unit.upper()}"


# looking


def facts_of(site: Site) -> Facts:
    """Ask the stack's server, its disk where it is here, and the addresses of `health`.

    :raises GatepostError: the server cannot be reached, refuses the deployer, or is too old.
    """
    from gatepost.addresses import embedded_server
    from gatepost.release.health import ailments

    embedded = embedded_server(site.stack)
    with _connected(site) as connection:
        version, writable, used, largest = _row(connection, _query("server"))
        sessions = [Session(*one) for one in connection.execute(_query("sessions")).fetchall()]  # type: ignore[arg-type]
        backup = _last_backup(connection, str(site.option("last_backup", _ARCHIVED)))
    free = shutil.disk_usage(embedded.data).free if embedded else None
    ill = ailments(site.option("health", ()))
    return Facts(version, writable, sessions, used, largest, free, backup, ill)


def _last_backup(connection: Connection, statement: str) -> datetime | None:
    import psycopg

    try:
        (found,) = _row(connection, statement.encode())
    except (psycopg.Error, ValueError) as error:
        reason = said(error)[0] if isinstance(error, psycopg.Error) else " ".join(str(error).split())
        raise StatementFailed(f"last_backup: {reason}: give a statement that returns one time") from None
    if found is not None and not isinstance(found, datetime):
        raise UsageError(f"last_backup: got {found!r}: give a statement that returns a timestamptz")
    return found.astimezone(UTC) if found else None


def _row(connection: Connection, statement: LiteralString | bytes) -> tuple[Any, ...]:
    return connection.execute(statement).fetchone() or ()


@contextmanager
def _connected(site: Site) -> Iterator[Connection]:
    """Lend a connection to the database; before the first deployment to the one that is there."""
    from gatepost.postgres.connect import DatabaseMissing, connect, translating
    from gatepost.verify.declared import collect

    sources = collect(site.stack)[0]
    targets = [one.target() for one in sorted(sources, key=lambda one: one.package != "gatepost")]
    if not targets:
        raise UsageError("the program declares nothing: there is no server to look at")
    try:
        connection = connect(targets[0])
    except DatabaseMissing:
        connection = connect(targets[-1])
    with connection, translating("asking the server"):
        yield connection


@cache
def _query(name: str) -> LiteralString:
    return files("gatepost.gates").joinpath("sql", f"preflight_{name}.sql").read_text(encoding="utf-8")
