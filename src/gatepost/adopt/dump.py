"""The statements of objects that have no kind of their own, as pg_dump writes them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from gatepost.adopt.database import Database
from gatepost.errors import UsageError
from gatepost.postgres.binaries import find_binaries
from gatepost.postgres.catalog import Key
from gatepost.postgres.connect import Target

_ENTRY = re.compile(
    r"^--\n-- TOC entry (?P<number>\d+) \(class (?P<class>\d+) OID (?P<oid>\d+)\)\n"
    r"(?:-- Dependencies: (?P<needs>[\d ]+)\n)?"
    r"-- Name: (?P<name>.*); Type: (?P<type>[A-Z ]+); Schema: .*\n(?:--.*\n)*",
    re.MULTILINE,
)
_CATALOGS = {
    1247: "pg_type", 1255: "pg_proc", 1259: "pg_class", 1417: "pg_foreign_server",
    2328: "pg_foreign_data_wrapper", 2601: "pg_am", 2605: "pg_cast", 2607: "pg_conversion",
    2612: "pg_language", 2616: "pg_opclass", 2617: "pg_operator", 2618: "pg_rewrite", 2753: "pg_opfamily",
    3381: "pg_statistic_ext", 3456: "pg_collation", 3466: "pg_event_trigger", 3576: "pg_transform",
    3600: "pg_ts_dict", 3601: "pg_ts_parser", 3602: "pg_ts_config", 3764: "pg_ts_template",
}  # fmt: skip
"""The numbers of PostgreSQL's catalogs are the same in every database."""
_NOISE = re.compile(r"^(?:SET \w+ = .*;|\\(?:un)?restrict .*|--.*)\n", re.MULTILINE)


def statements(database: Database, target: Target) -> dict[Key, str]:
    """Return what makes each object without a kind of its own, its comment and privileges included.

    :raises UsageError: no pg_dump is there that knows the server's version, or it fails.
    """
    wanted = {place: key for key, place in database.places.items() if key.kind == "verbatim"}
    if not wanted:
        return {}
    found: dict[Key, str] = {}
    numbers: dict[str, Key] = {}
    for entry, text in _entries(_dumped(database, target)):
        key = wanted.get((_CATALOGS.get(int(entry["class"]), ""), int(entry["oid"])))
        if key is not None and entry["type"] not in ("COMMENT", "ACL"):
            found[key] = found.get(key, "") + text
            numbers[entry["number"]] = key
        elif entry["type"] in ("COMMENT", "ACL") and entry["needs"]:
            for number in entry["needs"].split():
                if number in numbers:
                    found[numbers[number]] += f"\n{text}"
    return found


def _entries(dump: str) -> Iterator[tuple[re.Match[str], str]]:
    heads = list(_ENTRY.finditer(dump))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        text = dump[head.end() : following.start() if following else len(dump)]
        yield head, _NOISE.sub("", text).strip() + "\n"


def _dumped(database: Database, target: Target) -> str:
    command = [str(_program(database.version)), "--schema-only", "--no-owner", "--verbose"]
    settings = {
        "PGHOST": target.host,
        "PGPORT": str(target.port),
        "PGUSER": target.username,
        "PGDATABASE": target.database,
        "PGSSLMODE": target.sslmode,
    }
    if target.password:
        settings["PGPASSWORD"] = target.password
    done = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "error:" in line), done.stderr[-200:])
        raise UsageError(f"pg_dump failed: {reason}")
    return done.stdout


def _program(version: int) -> Path:
    """Return a pg_dump that is at least as new as the server."""
    for source in ("wheel", "system"):
        try:
            binaries = find_binaries(source=source)
            if int(binaries.major) >= version // 10000:
                return binaries.program("pg_dump")
        except UsageError:
            continue
    raise UsageError(f"no pg_dump for PostgreSQL {version // 10000} is installed")
