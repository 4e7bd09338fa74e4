"""The preflight gate's self-test: a server that is well, each thing that stands in the way, and no word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gatepost.gates.preflight import Facts, PreflightGate, Session, outcome
from gatepost.gates.verdict import Trial, Verdict

_WELL = Facts("18.0", True, [Session("session 1 of app", 2.0)], used=10**9, largest=10**8, free=10**10)
_BACKED_UP = replace(_WELL, last_backup=datetime.now(UTC) - timedelta(hours=2))
_ADDRESS = "http://api.example.com/health"
_Case = tuple[str, Verdict, Facts, dict[str, Any], bool]


def trials() -> Iterator[Trial]:
    """Yield the cases."""
    for case, expected, facts, options, production in (*_sound(), *_faulty(), *_unknown()):
        yield Trial(PreflightGate.name, case, expected, outcome(facts, options, production=production))


def _sound() -> Iterator[_Case]:
    yield "a server that is well", Verdict.PASS, _WELL, {}, False
    yield "a backup that is young enough", Verdict.PASS, _BACKED_UP, {"backup_age": 24}, True
    yield "an address that answers", Verdict.PASS, _WELL, {"health": [_ADDRESS]}, False


def _faulty() -> Iterator[_Case]:
    old = replace(_WELL, sessions=[Session("session 1 of app", 61.0)])
    yield "a standby", Verdict.FAIL, replace(_WELL, writable=False), {}, False
    yield "a transaction that is old", Verdict.FAIL, old, {}, False
    yield "a disk that is full", Verdict.FAIL, _WELL, {"disk": "1GB"}, False
    yield "a backup that is too old", Verdict.FAIL, _BACKED_UP, {"backup_age": 1}, True
    yield "no backup at all", Verdict.FAIL, _WELL, {"backup_age": 24}, False
    ill = replace(_WELL, ill={_ADDRESS: "answers 503"})
    yield "an address that is ill already", Verdict.FAIL, ill, {"health": [_ADDRESS]}, False


def _unknown() -> Iterator[_Case]:
    hidden = replace(_WELL, sessions=[Session("session 1 of app", None)])
    yield "sessions that the deployer may not see", Verdict.INCONCLUSIVE, hidden, {}, False
    yield "a disk of unknown size", Verdict.INCONCLUSIVE, replace(_WELL, free=None), {}, False
    yield "production without a word of backups", Verdict.INCONCLUSIVE, _WELL, {}, True
