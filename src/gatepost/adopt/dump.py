"""The statements of objects that have no kind of their own, as pg_dump writes them."""

from __future__ import annotations

from gatepost.adopt.database import Database
from gatepost.postgres.catalog import Key
from gatepost.postgres.connect import Target
from gatepost.postgres.dump import dump_structure

_CATALOGS = {
    1247: "pg_type", 1255: "pg_proc", 1259: "pg_class", 1417: "pg_foreign_server",
    2328: "pg_foreign_data_wrapper", 2601: "pg_am", 2605: "pg_cast", 2607: "pg_conversion",
    2612: "pg_language", 2616: "pg_opclass", 2617: "pg_operator", 2618: "pg_rewrite", 2753: "pg_opfamily",
    3381: "pg_statistic_ext", 3456: "pg_collation", 3466: "pg_event_trigger", 3576: "pg_transform",
    3600: "pg_ts_dict", 3601: "pg_ts_parser", 3602: "pg_ts_config", 3764: "pg_ts_template",
}  # fmt: skip
"""The numbers of PostgreSQL's catalogs are the same in every database."""


def statements(database: Database, target: Target) -> dict[Key, str]:
    """Return what makes each object without a kind of its own, its comment and privileges included.

    :raises UsageError: no pg_dump is there that knows the server's version, or it fails.
    """
    wanted = {place: key for key, place in database.places.items() if key.kind == "verbatim"}
    if not wanted:
        return {}
    found: dict[Key, str] = {}
    numbers: dict[str, Key] = {}
    for entry in dump_structure(target, database.version, "--no-owner"):
        key = wanted.get((_CATALOGS.get(entry.catalog, ""), entry.oid))
        if key is not None and entry.type not in ("COMMENT", "ACL"):
            found[key] = found.get(key, "") + entry.sql
            numbers[entry.number] = key
        elif entry.type in ("COMMENT", "ACL"):
            for number in entry.needs:
                if number in numbers:
                    found[numbers[number]] += f"\n{entry.sql}"
    return found
