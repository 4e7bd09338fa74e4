"""Plans as data."""

from __future__ import annotations

import json

from gatepost.postgres.plan import HIDDEN, SENTENCES, Hazard, Lock, Plan, Risk, Statement


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


def test_plan_as_json() -> None:
    plan = Plan(
        (Statement("drop", Lock.ACCESS_EXCLUSIVE, "public.posts"),), (Risk(Hazard.DELETES_DATA, "p", "d"),)
    )
    found = json.loads(json.dumps(plan.as_json()))
    assert found["statements"][0]["lock"] == "ACCESS EXCLUSIVE"
    assert found["hazards"] == [{"hazard": "DELETES_DATA", "on": "p", "detail": "d"}]


def test_secret_statements_are_never_listed() -> None:
    plan = Plan((Statement("a hunter2", undo="b hunter2"),)).kept_secret() + Plan((Statement("open"),))
    assert [one.sql for one in plan.shown().statements] == [HIDDEN, "open"]
    assert "hunter2" not in json.dumps(plan.shown().as_json())
    assert "hunter2" not in json.dumps(plan.as_json())
