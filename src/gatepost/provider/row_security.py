"""Row security of a table and of each of its partitions."""

from __future__ import annotations

from typing import Literal

from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.sqltext import Part, raw, text

RowSecurity = Literal["off", "enabled", "forced"]


def changes(target: Part, name: str, old: RowSecurity, new: RowSecurity) -> list[Statement]:
    """Return the statements that turn one into the other."""
    clauses = []
    if (old == "off") != (new == "off"):
        clauses.append("disable" if new == "off" else "enable")
    if (old == "forced") != (new == "forced"):
        clauses.append("force" if new == "forced" else "no force")
    return [
        Statement(
            text("alter table {t} {clause} row level security", t=target, clause=raw(clause)),
            Lock.ACCESS_EXCLUSIVE,
            name,
        )
        for clause in clauses
    ]
