"""SQL and Python decide alike, a raised share moves nobody out, and buckets never change."""

from decimal import Decimal

import pytest
from fix_platform import Actor, Stage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.feature_flags.evaluation import BUCKETS, Flag, bucket
from services.feature_flags.flags import QUERIES

GOLDEN = {
    ("persistence_v2", "00000000-0000-4000-8000-0000000000a1"): 37_826,
    ("persistence_v2", "guest:7d2f"): 71_600,
    ("enhanced_editor", "00000000-0000-4000-8000-0000000000a1"): 45_971,
    ("s", ""): 92_902,
    ("s", "ünïcode 🙂"): 46_714,
}
"""Computed once and for all: another result would move users from one side to the other."""

OF_UNIT = QUERIES["flags_of_unit"].sql
"""The query that decides all flags of a unit at once."""
SHARES = st.decimals(0, 100, places=3)
UNITS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
SEGMENTS = st.dictionaries(st.sampled_from(["staff", "beta", "berlin"]), SHARES)


@pytest.mark.parametrize(("salt", "unit"), GOLDEN)
def test_golden_vectors(stage: Stage, salt: str, unit: str) -> None:
    (row,) = stage.service.run("select app.flag_bucket(%(salt)s, %(unit)s) as b", salt=salt, unit=unit)
    assert row["b"] == bucket(salt, unit) == GOLDEN[salt, unit]


def make(service: Actor, flag: Flag) -> None:
    service.run("delete from feature_flags where name = 'tried'")
    service.run(
        "insert into feature_flags (name, enabled, rollout_percentage) values ('tried', %(e)s, %(p)s)",
        e=flag.enabled,
        p=flag.rollout_percentage,
    )
    for name, share in flag.segments.items():
        service.run("insert into app.segments (name) values (%(s)s) on conflict do nothing", s=name)
        service.run(
            "insert into app.feature_flag_segments select id, %(s)s, %(p)s from feature_flags"
            " where name = 'tried'",
            s=name,
            p=share,
        )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    enabled=st.sampled_from([True, True, False]),
    share=SHARES,
    shares=SEGMENTS,
    unit=UNITS | st.none(),
    among=st.sets(st.sampled_from(["staff", "beta", "berlin"])),
)
def test_sql_and_python_agree(
    stage: Stage, enabled: bool, share: Decimal, shares: dict[str, Decimal], unit: str | None, among: set[str]
) -> None:
    service = stage.service
    make(service, Flag("tried", enabled, share, "", 1, shares))
    service.run("delete from app.segment_members")
    if unit is not None:
        for name in among:
            service.run("insert into app.segments (name) values (%(s)s) on conflict do nothing", s=name)
            service.run("insert into app.segment_members values (%(s)s, %(u)s)", s=name, u=unit)
    (stored,) = service.run("select salt from feature_flags where name = 'tried'")
    (row,) = service.run("select app.flag_enabled('tried', %(u)s) as on", u=unit)
    flag = Flag("tried", enabled, share, stored["salt"], 1, shares)
    assert row["on"] == flag.is_on(unit, among if unit is not None else ())
    every = service.run(OF_UNIT, unit=unit)
    assert {one["name"]: one["enabled"] for one in every}["tried"] == row["on"]


@given(lower=SHARES, higher=SHARES, unit=UNITS)
def test_a_raised_share_moves_nobody_out(lower: Decimal, higher: Decimal, unit: str) -> None:
    lower, higher = sorted((lower, higher))
    before, after = (Flag("f", True, share, "salt", 1) for share in (lower, higher))
    assert not before.is_on(unit) or after.is_on(unit)


@pytest.mark.parametrize("share", [0, 0.1, 5, 37.5, 100])
def test_shares_are_what_they_say(share: float) -> None:
    flag = Flag("f", True, Decimal(str(share)), "salt", 1)
    units = 40_000
    on = sum(flag.is_on(f"user {number}") for number in range(units))
    allowed = 4 * (share * (100 - share) / units) ** 0.5
    assert abs(100 * on / units - share) <= allowed


def test_two_flags_choose_different_users() -> None:
    flags = [Flag(name, True, Decimal(50), name, 1) for name in ("one", "other")]
    both = sum(all(flag.is_on(str(number)) for flag in flags) for number in range(10_000))
    assert 2_300 < both < 2_700


def test_nobody_in_particular_gets_what_everybody_gets() -> None:
    assert Flag("f", True, Decimal(100), "salt", 1).is_on(None)
    assert not Flag("f", True, Decimal("99.999"), "salt", 1).is_on(None)
    assert bucket("salt", None) == BUCKETS - 1
