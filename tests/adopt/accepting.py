"""Makes a program say what `drift` printed: each declaration stands in place of the resource's former one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_postgresql
from pulumi import ResourceOptions

from gatepost import resources
from gatepost.adopt.order import identifier

FILE = Path("accepted.json")
CALL = re.compile(r"[^\n]*\)(?=\n|$)|.*?\n\)(?=\n|$)", re.DOTALL)
PRINTED: dict[str, str] = json.loads(FILE.read_text()) if FILE.exists() else {}
"""The declarations by class and name of the former ones; `+` and a name for what was added."""
BASES = {
    "PrimaryKey": "Constraint", "Unique": "Constraint", "Check": "Constraint", "ForeignKey": "Constraint",
    "Exclusion": "Constraint", "Enum": "Type", "Domain": "Type", "Composite": "Type", "Procedure": "Function",
}  # fmt: skip
NAMES: dict[str, Any] = {name: getattr(resources, name) for name in resources.__all__}
NAMES |= {"pulumi": pulumi, "SQL": Path("schema")}
SURROUNDINGS = {
    name: getattr(pulumi_postgresql, name)
    for name in ("Role", "GrantRole", "Schema", "Grant", "DefaultPrivileges")
}


def replacing(word: str, make: Callable[..., Any]) -> Callable[..., Any]:
    """Return what makes a resource as it was printed, where it was, and otherwise as the program says."""

    def made(name: str, /, *arguments: Any, **named: Any) -> Any:
        printed = PRINTED.get(f"{BASES.get(word, word)} {name}")
        if printed is not None and printed.startswith("# nothing: take"):
            return None
        if printed is None or printed.startswith("# nothing: no declaration"):
            found = make(name, *arguments, **named)
        else:
            found = evaluated(printed, named.get("opts"))
        NAMES[identifier(name)] = found
        return found

    return made


def evaluated(printed: str, opts: ResourceOptions | None = None) -> Any:
    """Make what was printed, without the text of its file."""
    around = {name: partial(make, opts=opts) for name, make in SURROUNDINGS.items()}
    return eval(parted(printed)[0], {**NAMES, "postgresql": SimpleNamespace(**around)})


def parted(printed: str) -> tuple[str, str]:
    """Return the declaration and the text of its file."""
    call = CALL.match(printed)
    return (call[0], printed[call.end() :].strip()) if call else (printed, "")


def add(target: Any, around: ResourceOptions) -> None:
    """Declare what was added by hand; `around` is for what is no object of Gatepost's."""
    with resources.Feature("added", provider=target):
        for what, printed in PRINTED.items():
            if what.startswith("+"):
                call, statement = parted(printed)
                evaluated(
                    re.sub(r'SQL / "[^"]*"', lambda _, text=statement: repr(text), call, count=1), around
                )


for each in resources.__all__:
    made_by = getattr(resources, each)
    if isinstance(made_by, type) and issubclass(made_by, pulumi.CustomResource) and each != "Provider":
        setattr(resources, each, replacing(each, made_by))
for each in SURROUNDINGS:
    setattr(pulumi_postgresql, each, replacing(each, getattr(pulumi_postgresql, each)))
