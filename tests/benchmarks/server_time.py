"""What the server itself needs, by its own log: parsing, planning and execution of what is sent to it."""

from __future__ import annotations

import re
from pathlib import Path

from fix_populated import Crowd

_DURATION = re.compile(r"LOG:  duration: ([\d.]+) ms")


class ServerLog:
    """The log of the crowded platform's server, which a session writes before it answers."""

    def __init__(self, crowd: Crowd) -> None:
        with crowd.superuser() as connection:
            row = connection.execute("show log_directory").fetchone()
        assert row is not None
        self._file = Path(str(row["log_directory"]), "start.log")
        self.mark()

    def mark(self) -> None:
        """Begin anew."""
        self._begun = self._file.stat().st_size

    def milliseconds(self, application: str) -> float:
        """Return what sessions of an application that log every statement have needed since the mark."""
        with self._file.open("rb") as file:
            file.seek(self._begun)
            lines = file.read().decode(errors="replace").splitlines()
        mine = [_DURATION.search(line) for line in lines if application in line]
        return sum(float(found[1]) for found in mine if found)
