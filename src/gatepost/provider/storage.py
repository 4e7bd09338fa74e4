"""Storage parameters of tables and indexes: `fillfactor`, `autovacuum_…`, `toast.…`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

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


Storage = Annotated[dict[str, str], BeforeValidator(_as_text)]


def check(storage: Mapping[str, str], where: str) -> None:
    """Parse the parameters; which there are, the server knows.

    :raises InvalidDeclaration: a name that cannot be one.
    """
    if storage:
        parse(text("create table t (){w}", w=clause(storage)), f"{where}: storage")


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
