"""The targets that gates hold: each stands here once, and benchmarks, verification and documents read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """The most that a measurement may be."""

    what: str
    limit: float
    unit: str

    def holds(self, measured: float) -> bool:
        """Return whether `measured`, in the target's unit, is within it."""
        return measured <= self.limit


INDEXED_QUERY = Target("an indexed query under row security", 5.0, "ms")
ONE_CONNECTION = Target("pgbench's rate of look-ups, beside ours, with 1 connection", 1 / 0.6, "times")
FOUR_CONNECTIONS = Target("pgbench's rate of look-ups, beside ours, with 4 connections", 1 / 0.3, "times")
NOTHING_TO_DO = Target("`gatepost up` with nothing to do, for 150 resources and more", 1.0, "s")
LONGEST_WAIT = Target("the longest wait of a client while a table changes under it", 1.0, "s")
MANY_TABLES = Target("300 tables deployed, in the time of `psql -f` with the same statements", 1.5, "times")
MANY_TABLES_IN_MEMORY = Target("the same in memory, where no commit waits for a disk", 3.0, "times")
NOTHING_OF_300 = Target("nothing to do for 300 tables and all that belongs to them", 1.0, "s")
NOTHING_OF_1000 = Target("nothing to do for 1,000 tables and all that belongs to them", 2.5, "s")
REFRESH_OF_1000 = Target("1,000 tables and all that belongs to them read again", 2.0, "s")
ADOPTION_OF_1000 = Target("1,000 tables and all that belongs to them adopted", 40.0, "s")
MEMORY_OF_1000 = Target("memory of a deployment of 1,000 tables", 300.0, "MB")
EVENT_RECORDED = Target("an engagement event recorded, p99", 1.0, "ms")
LAST_EVENTS = Target("a user's last 50 engagement events, p99", 1.0, "ms")
EVENT_DELIVERY = Target("a new event's way to its subscribers, p95", 100.0, "ms")
GENERATOR = Target("pgbench's rate of look-ups, beside one load generator process", 1 / 0.3, "times")
VALIDATION = Target("posting rights in all of a user's collectives", 500.0, "ms")
ASSOCIATION_CREATION = Target("a post shared with its collectives, or taken back", 1000.0, "ms")
AUDIT_RETRIEVAL = Target("a page of a post's audit log", 300.0, "ms")
DATABASE_RESPONSE = Target("a request of an application to the database, under load", 100.0, "ms")
API_RESPONSE = Target("a request to the API, under load", 200.0, "ms")
ROW_SECURITY = Target("a query under row security, of the same with its conditions written out", 1.2, "times")
WRITE_CHECKS = Target("a write under row security, of the same without any check", 2.5, "times")
RATE_OF_ONE = Target("the session's rate with 1 connection, at least of pgbench's", 0.6, "times")
RATE_OF_FOUR = Target(
    "the session's rate with 4 connections in processes, at least of pgbench's", 0.3, "times"
)
PERMISSION_CHECK = Target("permission check of 50 collectives, p99", 1.5, "ms")
CREATION_OF_TEN = Target("creation of 10 associations with audit, p99", 5.0, "ms")
AUDIT_PAGE = Target("audit page of 50, p99", 1.5, "ms")
ACTIVE_INTEGRATION = Target("active integration look-up, p99", 0.5, "ms")
ANSWER = Target("an operation that reads", 5.0, "ms")
CHANGE = Target("an operation that writes", 20.0, "ms")
PUSH = Target("50 changes of a device pushed, or a guest's taken over", 100.0, "ms")
PULL = Target("a page of a pull: 50 rows of each table", 20.0, "ms")
IN_MEMORY = Target("an operation that asks no database", 0.5, "ms")
EXAMINATION = Target("a probe of health, or a report of a period", 1000.0, "ms")
UPKEEP = Target("a batch of upkeep, beside the requests: archived, cleaned up or migrated", 20.0, "s")
ERASURE = Target("a user erased from every table", 2.0, "s")
WHOLE_TABLES = Target("whole tables read or written once", 600.0, "s")
FUNCTION = Target("a function's statement, by the server's own time", 5.0, "ms")
