"""Storage parameters of tables and indexes: `fillfactor`, `autovacuum_…`, `toast.…`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.insight import parse
from gatepost.provider.sqltext import Part, ident, joined, literal, part, raw, text


def _as_text(given: Any) -> Any:
    return {name: _spelled(value) for name, value in given.items()} if isinstance(given, Mapping) else given


def _spelled(value: Any) -> Any:
    """Return a parameter as PostgreSQL stores it: every number of Pulumi's wire is a float."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


_VACUUM = (
    "autovacuum_enabled autovacuum_vacuum_threshold autovacuum_vacuum_max_threshold"
    " autovacuum_vacuum_scale_factor autovacuum_vacuum_insert_threshold"
    " autovacuum_vacuum_insert_scale_factor autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit"
    " autovacuum_freeze_min_age autovacuum_freeze_max_age autovacuum_freeze_table_age"
    " autovacuum_multixact_freeze_min_age autovacuum_multixact_freeze_max_age"
    " autovacuum_multixact_freeze_table_age log_autovacuum_min_duration vacuum_index_cleanup"
    " vacuum_truncate vacuum_max_eager_freeze_failure_rate"
)
_TABLE = (
    "fillfactor toast_tuple_target parallel_workers user_catalog_table autovacuum_analyze_threshold"
    " autovacuum_analyze_scale_factor"
)
KNOWN = {
    "heap": [*_TABLE.split(), *_VACUUM.split(), *(f"toast.{name}" for name in _VACUUM.split())],
    "btree": ["fillfactor", "deduplicate_items"],
    "hash": ["fillfactor"],
    "gist": ["fillfactor", "buffering"],
    "spgist": ["fillfactor"],
    "gin": ["fastupdate", "gin_pending_list_limit"],
    "brin": ["pages_per_range", "autosummarize"],
}
"""The parameters that PostgreSQL 15 to 18 have."""

Storage = Annotated[dict[str, str], BeforeValidator(_as_text)]


def check(storage: Mapping[str, str], where: str, method: str = "heap") -> None:
    """Reject a parameter that no server has; what an extension's method takes, nobody here knows.

    :param method: how the table, `heap`, or the index is stored.
    :raises InvalidDeclaration: a name that cannot be one.
    """
    if storage:
        parse(text("create table t (){w}", w=clause(storage)), f"{where}: storage")
    known = KNOWN.get(method, [*storage])
    for name in sorted(storage.keys() - set(known)):
        nearest = get_close_matches(name, known, 1)
        advice = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known)}"
        raise InvalidDeclaration(f"{where}: storage: unknown parameter {name}: {advice}")


def clause(storage: Mapping[str, str]) -> Part:
    """Return the `with` clause of a `create` statement; nothing where there are no parameters."""
    return part(" with ({o})", o=_assigned(storage)) if storage else raw("")


def changes(target: Part, name: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[Statement]:
    """Return the statements that set what is new and reset what is no more, of the table `target`."""
    gone = sorted(old.keys() - new.keys())
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    clauses = []
    if gone:
        clauses.append(part("reset ({o})", o=joined(_parameter(one) for one in gone)))
    if changed:
        clauses.append(part("set ({o})", o=_assigned(changed)))
    return [
        Statement(text("alter table {t} {c}", t=target, c=one), Lock.SHARE_UPDATE_EXCLUSIVE, name)
        for one in clauses
    ]


def _assigned(storage: Mapping[str, str]) -> Part:
    return joined(part("{n} = {v}", n=_parameter(n), v=literal(v)) for n, v in sorted(storage.items()))


def _parameter(name: str) -> Part:
    return ident(*name.split(".", 1))
