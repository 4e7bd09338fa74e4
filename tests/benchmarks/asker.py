"""One process that looks up active integrations as a member, again and again.

usage: asker.py URL USER ORGANIZATION SECONDS; prints how many look-ups it made in a second.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from gatepost import queries
from gatepost.session import Database, Identity

QUERY = queries.load(Path(__file__).parents[2] / "schema/integrations/queries")["active_integrations"]


def main() -> None:
    """Warm up, wait for the others, count."""
    url, user, organization, seconds = *sys.argv[1:4], float(sys.argv[4])
    caller = Identity.user(user)
    with Database(url, max_size=1) as database:
        for _ in range(200):
            assert len(database.rows(caller, QUERY, organization_id=organization)) == 2
        print("ready", flush=True)
        sys.stdin.readline()
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            for _ in range(50):
                database.rows(caller, QUERY, organization_id=organization)
            count += 50
        print(count / (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
