"""How operations, kinds and plans are written for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatepost.engine.model import StepEvent

SYMBOLS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "create-replacement": ("±", "magenta"),
    "delete-replaced": ("-", "red"),
    "delete": ("-", "red"),
    "import": ("=", "cyan"),
    "read": ("=", "cyan"),
    "refresh": ("~", "yellow"),
    "same": (" ", "dim"),
    "keep": ("=", "cyan"),
}
PAST = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "create-replacement": "created replacement of",
    "delete-replaced": "removed the replaced",
    "delete": "deleted",
    "import": "imported",
    "read": "read",
    "refresh": "refreshed",
    "same": "unchanged",
    "keep": "kept",
}
_KINDS = {"GrantRole": "membership"}
_UNCOUNTED = ("default privileges", "reference data")
_ORDER = ("create", "update", "replace", "delete", "keep", "import", "read", "refresh")


def done_by(event: StepEvent) -> str:
    """Return the operation as people see it: what is forgotten and left where it is is kept, not deleted."""
    return "keep" if event.op == "delete" and event.message == "kept" else event.op


def kind_of(type_: str) -> str:
    """Return a type in words: `gatepost:index:Table` → `table`."""
    if type_.startswith("pulumi:providers:"):
        return "connection"
    short = type_.rpartition(":")[2]
    return _KINDS.get(short) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", short).lower()


def plural(count: int, noun: str) -> str:
    """Return a number with its noun: `2 policies`."""
    if count == 1:
        return f"1 {noun}"
    if noun in _UNCOUNTED:
        return f"{count} {noun}"
    if noun.endswith(("x", "s")):
        return f"{count} {noun}es"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


def counted(changes: dict[str, int], *, future: bool) -> str:
    """Return what happened, or will, in words: `3 created, 1 updated, 40 unchanged`."""
    parts = [
        f"{changes[op]} to {op}" if future else f"{changes[op]} {PAST[op]}"
        for op in _ORDER
        if changes.get(op)
    ]
    if left := changes.get("delete-replaced"):
        parts.append(f"{left} replaced to delete" if future else f"{left} replaced deleted")
    same = changes.get("same", 0)
    return ", ".join([*parts, f"{same} unchanged"] if same else parts) or "nothing"


def one_line(sql: str, width: int = 0) -> str:
    """Return a statement on one line, cut to `width` characters where that is given."""
    text = " ".join(sql.split())
    return text if not width or len(text) <= width else text[: width - 1] + "…"


def took(seconds: float) -> str:
    """Return a duration: `12 ms`, `1.3 s`, `2 min 5 s`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {seconds % 60:.0f} s"


def changed(event: StepEvent) -> str:
    """Return the names of the properties that changed."""
    return ", ".join(event.diff)
