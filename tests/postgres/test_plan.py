"""Plans as data."""

from __future__ import annotations

import json

import pytest

from gatepost.postgres.catalog import Size
from gatepost.postgres.plan import HIDDEN, LARGE, SENTENCES, Hazard, Lock, Plan, Risk, Statement, risk


def test_neighbours_that_go_together_are_one_batch() -> None:
    modes = ["together", "together", "separate", "separate", "concurrent", "together"]
    plan = Plan(tuple(Statement(str(number), mode=mode) for number, mode in enumerate(modes)))  # type: ignore[arg-type]
    batches = [(mode, "".join(one.sql for one in batch)) for mode, batch in plan.batches()]
    assert batches == [
        ("together", "01"),
        ("separate", "2"),
        ("separate", "3"),
        ("concurrent", "4"),
        ("together", "5"),
    ]


def test_plans_add_up() -> None:
    risk = Risk(Hazard.DELETES_DATA, "public.posts", "3 rows.")
    plan = Plan((Statement("a"),), (risk,)) + Plan() + Plan((Statement("b"),))
    assert [one.sql for one in plan.statements] == ["a", "b"]
    assert plan.risks == (risk,)
    assert plan
    assert not Plan()


def test_every_hazard_says_why_in_one_sentence() -> None:
    assert set(SENTENCES) == set(Hazard)
    assert all(text.endswith(".") and text[0].isupper() for text in SENTENCES.values())


def test_risk_names_itself_for_approval() -> None:
    risk = Risk(Hazard.DELETES_DATA, "public.posts", "It has 3 rows.")
    assert risk.name == "DELETES_DATA:public.posts"
    assert str(risk).startswith("DELETES_DATA on public.posts: Rows or columns")


EMPTY, SMALL, BIG = Size(), Size(30, 16384, empty=False), Size(10**6, LARGE, empty=False)


@pytest.mark.parametrize(
    ("hazard", "size", "found"),
    [
        (Hazard.DELETES_DATA, EMPTY, False),
        (Hazard.DELETES_DATA, SMALL, True),
        (Hazard.DELETES_DATA, None, True),
        (Hazard.INDEX_BUILD, SMALL, False),
        (Hazard.INDEX_BUILD, BIG, True),
        (Hazard.LONG_VALIDATION, SMALL, False),
        (Hazard.LONG_VALIDATION, BIG, True),
    ],
)
def test_what_is_harmless_at_its_size_is_no_hazard(hazard: Hazard, size: Size | None, found: bool) -> None:
    assert bool(risk(hazard, "public.posts", size=size)) == found


def test_hazard_tells_rows_bytes_and_lock() -> None:
    (found,) = risk(Hazard.REWRITES_TABLE, "public.posts.a", "From int to text.", size=SMALL)
    assert str(found).endswith("From int to text. (about 30 rows, 16384 bytes, lock ACCESS EXCLUSIVE)")
    (found,) = risk(Hazard.REWRITES_TABLE, "public.posts", size=Size(-1, 8192, empty=False))
    assert str(found).endswith("(rows that were not counted yet, 8192 bytes, lock ACCESS EXCLUSIVE)")


def test_plan_as_json() -> None:
    plan = Plan(
        (Statement("drop", Lock.ACCESS_EXCLUSIVE, "public.posts"),), (Risk(Hazard.DELETES_DATA, "p", "d"),)
    )
    found = json.loads(json.dumps(plan.as_json()))
    assert found["statements"][0]["lock"] == "ACCESS EXCLUSIVE"
    assert {"hazard": "DELETES_DATA", "on": "p", "detail": "d"}.items() <= found["hazards"][0].items()


def test_secret_statements_are_never_listed() -> None:
    plan = Plan((Statement("a hunter2", undo="b hunter2"),)).kept_secret() + Plan((Statement("open"),))
    assert [one.sql for one in plan.shown().statements] == [HIDDEN, "open"]
    assert "hunter2" not in json.dumps(plan.shown().as_json())
    assert "hunter2" not in json.dumps(plan.as_json())
