"""One process of an application that asks the same query as fast as it can.

usage: asking.py URL QUERY_FILE SECONDS ARGUMENTS; prints how often it asked.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from uuid import UUID

from gatepost.queries import read
from gatepost.session import Database, Identity


def main(url: str, file: str, seconds: str, arguments: str) -> None:
    query, given = read(Path(file)), json.loads(arguments)
    identity = Identity.user(given.pop("member"))
    values = {name: UUID(value) for name, value in given.items()}
    with Database(url, max_size=1) as database:
        for _ in range(50):
            database.rows(identity, query, **values)
        asked, started = 0, time.perf_counter()
        while time.perf_counter() - started < float(seconds):
            database.rows(identity, query, **values)
            asked += 1
    print(asked)


if __name__ == "__main__":
    main(*sys.argv[1:])
