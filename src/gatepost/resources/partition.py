"""How a table is divided into partitions, by hand or by the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal

from gatepost.resources._base import wire_privileges

RowSecurity = Literal["off", "enabled", "forced"]
Storage = Mapping[str, str | int | float | bool]


def wire_storage(storage: Storage | None) -> dict[str, str] | None:
    """Return storage parameters as PostgreSQL stores them, all as text."""
    if storage is None:
        return None
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in storage.items()
    }


@dataclass(frozen=True)
class Partition:
    """One partition: `Partition("events_2026", "from ('2026-01-01') to ('2027-01-01')")`.

    Row security, policies, privileges and storage parameters are its table's, unless it has its own; without
    row security (`"off"`) it has no policies of its table.
    """

    name: str
    bounds: str
    """SQL: `from (…) to (…)`, `in (…)`, `with (modulus …, remainder …)` or `default`."""
    partition_by: PartitionBy | None = None
    """How the partition itself is divided further."""
    schema: str | None = None
    row_security: RowSecurity | None = None
    privileges: Mapping[str, Sequence[str] | str] | None = None
    storage: Storage | None = None
    comment: str | None = None

    def wire(self, of: str | None) -> Iterator[dict[str, Any]]:
        """Yield the inputs of the partition and then of those that it is divided into."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given["privileges"] = wire_privileges(self.privileges)
        given["storage"] = wire_storage(self.storage)
        given["partition_by"] = self.partition_by.key if self.partition_by else None
        wired = {_CAMEL.get(name, name): value for name, value in given.items() if value is not None}
        yield wired if of is None else {**wired, "of": of}
        if self.partition_by:
            yield from self.partition_by.wire(self.name, self.name)


_CAMEL = {"partition_by": "partitionBy", "row_security": "rowSecurity"}


@dataclass(frozen=True)
class Schedule:
    """Partitions by the calendar, in UTC: the current period's, `ahead` more, and those before.

    Each deployment makes what is missing by then; between two periods a deployment changes nothing.

    :param since: the first day that has a partition; by default the first period is the current one, or the
        oldest that is kept.
    :param keep: how many periods before the current one are kept: older partitions are detached and dropped,
        a hazard that needs its approval. By default no partition is ever dropped.
    """

    ahead: int = 3
    since: date | None = None
    keep: int | None = None
    months: ClassVar[int] = 0
    days: ClassVar[int] = 0
    label: ClassVar[str]

    def __post_init__(self) -> None:
        for name in ("ahead", "keep"):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} is a number of periods, at least 0: got {getattr(self, name)}")

    def partitions(self, table: str, today: date | None = None) -> list[Partition]:
        """Return the partitions that a table should have on a day (by default today)."""
        current = self._period(today or datetime.now(UTC).date())
        first = current - (self.keep or 0)
        if self.since is not None:
            since = self._period(self.since)
            first = since if self.keep is None else max(since, first)
        return [self._partition(table, period) for period in range(first, current + self.ahead + 1)]

    def _partition(self, table: str, period: int) -> Partition:
        start = self._start(period)
        name = self.label.format(table=table, start=start, quarter=(start.month + 2) // 3)
        return Partition(name, _BOUNDS.format(start=start, end=self._start(period + 1)))

    def _period(self, day: date) -> int:
        if self.months:
            return (day.year * 12 + day.month - 1) // self.months
        return (day.toordinal() - 1) // self.days

    def _start(self, period: int) -> date:
        if self.months:
            year, month = divmod(period * self.months, 12)
            return date(year, month + 1, 1)
        return date.fromordinal(period * self.days + 1)


_BOUNDS = "from ('{start} 00:00:00+00') to ('{end} 00:00:00+00')"
"""Read alike by `date`, `timestamp` and, whatever the session's time zone, `timestamptz`."""


class Yearly(Schedule):
    """A partition a year: `events_2026`."""

    months, label = 12, "{table}_{start:%Y}"


class Quarterly(Schedule):
    """A partition a quarter: `events_2026_q1`."""

    months, label = 3, "{table}_{start:%Y}_q{quarter}"


class Monthly(Schedule):
    """A partition a month: `events_2026_01`."""

    months, label = 1, "{table}_{start:%Y_%m}"


class Weekly(Schedule):
    """A partition a week from Monday: `events_2026_w01`, by ISO 8601."""

    days, label = 7, "{table}_{start:%G_w%V}"


class Daily(Schedule):
    """A partition a day: `events_2026_01_31`."""

    days, label = 1, "{table}_{start:%Y_%m_%d}"


@dataclass(frozen=True)
class PartitionBy:
    """How rows are divided; use `Range`, `List` or `Hash`.

    :param columns: the key: columns, or SQL expressions in parentheses.
    """

    columns: str | Sequence[str]
    partitions: Schedule | Sequence[Partition] | int = ()
    default: bool = False
    """Whether there is a partition `<table>_default` for rows that belong nowhere else."""
    strategy: ClassVar[str]

    @property
    def key(self) -> str:
        """What follows `partition by`."""
        columns = [self.columns] if isinstance(self.columns, str) else self.columns
        return f"{self.strategy} ({', '.join(columns)})"

    @property
    def drops_undeclared(self) -> bool:
        """Whether a partition that is no longer declared is to go."""
        within = (one.partition_by for one in self._declared("") if one.partition_by)
        forever = isinstance(self.partitions, Schedule) and self.partitions.keep is None
        return not forever and all(one.drops_undeclared for one in within)

    def wire(self, table: str, of: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the inputs of every partition, what is divided further before its own."""
        for one in self._declared(table):
            yield from one.wire(of)

    def _declared(self, table: str) -> list[Partition]:
        given = self.partitions
        if isinstance(given, int):
            bounds = "with (modulus {modulus}, remainder {remainder})"
            parts = [
                Partition(f"{table}_{number}", bounds.format(modulus=given, remainder=number))
                for number in range(given)
            ]
        else:
            parts = given.partitions(table) if isinstance(given, Schedule) else list(given)
        return [*parts, Partition(f"{table}_default", "default")] if self.default else parts


class Range(PartitionBy):
    """Rows by ranges of the key: `Range("occurred_at", Monthly(ahead=3))`."""

    strategy = "range"


class List(PartitionBy):
    """Rows by values of the key: `List("region", [Partition("eu", "in ('de', 'fr')")], default=True)`."""

    strategy = "list"


class Hash(PartitionBy):
    """Rows evenly: `Hash("tenant_id", 8)` has the partitions `<table>_0` to `<table>_7`."""

    strategy = "hash"
