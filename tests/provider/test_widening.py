"""Types with a modifier: which change PostgreSQL makes in its catalog alone."""

from itertools import permutations

import pytest
from fix_provider import Deploy

from gatepost.provider.types import loses, only_widens

FAMILIES = {
    "texts": ["varchar(5)", "varchar(9)", "varchar", "text"],
    "char": ["char", "char(5)", "char(9)"],
    "bit": ["bit", "bit(5)", "bit(9)"],
    "varbit": ["varbit(5)", "varbit(9)", "varbit"],
    "numeric": ["numeric(5)", "numeric(9, 0)", "numeric(9, 2)", "numeric(5, 2)", "numeric(9, -2)", "numeric"],
    "timestamp": ["timestamp(0)", "timestamp(3)", "timestamp(6)", "timestamp"],
    "timestamptz": ["timestamptz(0)", "timestamptz(3)", "timestamptz(6)", "timestamptz"],
    "time": ["time(0)", "time(3)", "time(6)", "time"],
    "timetz": ["timetz(0)", "timetz(3)", "timetz(6)", "timetz"],
    "interval": [
        *("interval(0)", "interval(2)", "interval(6)", "interval", "interval second(2)", "interval second"),
        *("interval year", "interval month", "interval year to month", "interval day", "interval hour"),
        *("interval day to hour", "interval minute", "interval hour to second(2)", "interval hour to second"),
    ],
}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_what_only_widens_leaves_the_rows_in_place(deploy: Deploy, family: list[str]) -> None:
    for old, new in permutations(family, 2):
        assert only_widens(old, new) == _stays(deploy, old, new), f"{old} becomes {new}"


def _stays(deploy: Deploy, old: str, new: str) -> bool:
    """Return whether the table's file is the same after the change."""
    deploy.sql(f"drop table if exists t; create table t (c {old})")  # type: ignore[arg-type]
    before = deploy.sql("select pg_relation_filenode('t')")
    deploy.sql(f"alter table t alter column c type {new} using c::{new}")  # type: ignore[arg-type]
    return deploy.sql("select pg_relation_filenode('t')") == before


@pytest.mark.parametrize(
    ("old", "new"),
    [("interval(4)", "interval(2)"), ("interval", "interval day"), ("interval day", "interval month")],
)
def test_an_interval_with_less_loses_values(old: str, new: str) -> None:
    assert loses(old, new)
    assert not loses(new, old)
