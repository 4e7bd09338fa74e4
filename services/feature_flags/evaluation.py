"""Whether a flag is on for a unit: the rules of `app.flag_enabled`, without the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

BUCKETS = 100_000
"""A percentage has three decimals."""
_BYTES = 7
"""Of the hash, so that the number is a positive bigint in PostgreSQL."""


@dataclass(frozen=True)
class Flag:
    """One flag as `all_flags.sql` reads it; percentages are of 100, with three decimals."""

    name: str
    enabled: bool
    rollout_percentage: Decimal
    salt: str
    version: int
    segments: Mapping[str, Decimal] = field(default_factory=dict)
    """The share of each segment that the flag is opened to."""

    def is_on(self, unit: str | None, segments: Iterable[str] = ()) -> bool:
        """Return whether the flag is on for `unit`, who is in `segments`; None is nobody in particular."""
        shares = (self.segments[name] for name in segments if name in self.segments)
        share = max(self.rollout_percentage, *shares, Decimal(0))
        return self.enabled and bucket(self.salt, unit) < share * (BUCKETS // 100)


def bucket(salt: str, unit: str | None) -> int:
    """Return where a unit stands for a salt: 0 to 99,999, as `app.flag_bucket` does; nobody is the last."""
    if unit is None:
        return BUCKETS - 1
    digest = sha256(f"{salt}:{unit}".encode()).digest()
    return int.from_bytes(digest[:_BYTES], "big") % BUCKETS
