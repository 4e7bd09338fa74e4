"""Primary keys, unique, check, foreign keys and exclusions."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check, Facts, facts
from gatepost.verify.declared import Declared, Source

_KINDS = {"p": "primary key", "u": "unique", "c": "check", "f": "foreign key", "x": "exclusion"}
_OF_EXPRESSIONS = ("check", "exclusion")
_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}


def check_constraint(declared: Declared, _source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check a constraint's kind, columns, references, and that it holds for every row."""
    given = declared.inputs
    schema, table = given.get("schema", "public"), given["table"]
    row = catalog.find("constraints", schema=schema, table=table, name=given["name"])
    kind, there = given["kind"].replace("_", " "), given.get("references") or {}
    expected = facts(
        kind=kind,
        columns=_columns(given.get("columns") or []) if kind not in _OF_EXPRESSIONS else None,
        references=_references(there.get("schema", "public"), there.get("table"), there.get("columns")),
        on_delete=_action("delete", given.get("onDelete", "no action")) if there else None,
        on_update=_action("update", given.get("onUpdate", "no action")) if there else None,
        deferrable=bool(given.get("deferrable")),
        initially_deferred=bool(given.get("initiallyDeferred")),
        nulls_not_distinct=bool(given.get("nullsNotDistinct")),
        validated=not given.get("notValid") and given.get("enforced", True),
        comment=given.get("comment"),
    )
    yield Check(declared.feature, "constraint", f"{given['name']} on {schema}.{table}", expected, _found(row))


def _found(row: Row | None) -> Facts | None:
    if row is None:
        return None
    foreign = row["kind"] == "f"
    schema, _, table = (row["referenced"] or "").partition(".")
    return facts(
        kind=_KINDS[row["kind"]],
        columns=_columns(row["columns"]) if _KINDS[row["kind"]] not in _OF_EXPRESSIONS else None,
        references=_references(schema, table, row["referenced_columns"]) if foreign else None,
        on_delete=_action("delete", _ACTIONS[row["on_delete"]]) if foreign else None,
        on_update=_action("update", _ACTIONS[row["on_update"]]) if foreign else None,
        deferrable=row["deferrable"],
        initially_deferred=row["initially_deferred"],
        nulls_not_distinct=row["nulls_not_distinct"],
        validated=row["validated"] and row["index_valid"],
        comment=row["comment"],
    )


def _columns(names: list[str]) -> str:
    return f"({', '.join(names)})"


def _references(schema: str, table: str | None, columns: list[str] | None) -> str | None:
    return f"references {schema}.{table} {_columns(columns or [])}" if table else None


def _action(event: str, action: str) -> str | None:
    return None if action == "no action" else f"on {event} {action}"
