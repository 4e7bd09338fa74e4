"""Triggers: when they fire, on what, and which function they call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source

_ROW, _BEFORE, _INSTEAD = 1, 2, 64
_EVENTS = {"insert": 4, "delete": 8, "update": 16, "truncate": 32}
"""Bits of `pg_trigger.tgtype`."""
_ENABLED = {"O": "enabled", "D": "disabled", "R": "enabled on replicas", "A": "enabled always"}
_FIRES = {"origin": "O", "never": "D", "replica": "R", "always": "A"}


def check_trigger(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check one trigger."""
    given = declared.inputs
    schema, table = given.get("schema", "public"), given["table"]
    events = [_event(text) for text in given["events"]]
    referencing = given.get("referencing") or {}
    expected = facts(
        enabled=_ENABLED[_FIRES[given.get("fires") or "origin"]],
        timing=given.get("timing", "before"),
        events=_events([verb for verb, _ in events], [name for _, names in events for name in names]),
        level=f"for each {given.get('level', 'row')}",
        function=f"calls {given['function']}",
        when="when" if given.get("when") is not None else None,
        tables=_tables(referencing.get("old table"), referencing.get("new table")),
        comment=given.get("comment"),
    )
    row = catalog.find("triggers", schema=schema, table=table, name=given["name"])
    yield Check(
        declared.feature, "trigger", f"{given['name']} on {schema}.{table}", expected, row and _found(row)
    )


def _found(row: Row) -> dict[str, str]:
    bits = row["type"]
    timing = "before" if bits & _BEFORE else "instead of" if bits & _INSTEAD else "after"
    return facts(
        enabled=_ENABLED[row["enabled"]],
        timing=timing,
        events=_events([verb for verb, bit in _EVENTS.items() if bits & bit], row["columns"]),
        level="for each row" if bits & _ROW else "for each statement",
        function=f"calls {row['function']}",
        when="when" if row["has_when"] else None,
        tables=_tables(row["old_table"], row["new_table"]),
        comment=row["comment"],
    )


def _event(text: str) -> tuple[str, list[str]]:
    verb, *columns = re.findall(r'"[^"]+"|\w+', text.strip())
    return verb.lower(), [name.strip('"') for name in columns[1:]]


def _events(verbs: list[str], columns: list[str]) -> str:
    words = [
        f"update of {', '.join(sorted(columns))}" if verb == "update" and columns else verb
        for verb in _EVENTS
        if verb in verbs
    ]
    return " or ".join(words)


def _tables(old: str | None, new: str | None) -> str | None:
    words = [f"old table {old}" if old else "", f"new table {new}" if new else ""]
    return ", ".join(word for word in words if word) or None
