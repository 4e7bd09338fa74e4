"""What of a machine decides how long a query takes there."""

from __future__ import annotations

import os
import platform
import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_CPUINFO = Path("/proc/cpuinfo")


class Machine(BaseModel):
    """A kind of machine: two that are equal in all of this are one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    architecture: str
    processor: str
    cores: int
    """That this process may use."""
    memory_gib: int

    def __str__(self) -> str:
        """Return it as people say it."""
        processor = f"{self.processor} ({self.architecture})"
        return f"{processor}, {self.cores} cores, {self.memory_gib} GiB, {self.system}"


@cache
def this_machine() -> Machine:
    """Return the facts of the machine that this runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        system=platform.system(),
        architecture=platform.machine(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gib=round(memory / 2**30),
    )


def _processor() -> str:
    """Return the processor's name; of an architecture whose kernel tells none, only what Python knows."""
    told = _CPUINFO.read_text(encoding="utf-8") if _CPUINFO.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return named[1].strip() if named else platform.processor() or "unknown processor"
