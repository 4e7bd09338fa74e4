"""Which words approve which hazard."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.errors import UsageError
from gatepost.postgres.approvals import FORCED, Approvals, how_to_approve
from gatepost.postgres.plan import LARGE, SENTENCES, Hazard, Plan, risk

TABLE, COLUMN, OTHER = "public.posts", "public.posts.title", "public.posts_old"


@pytest.mark.parametrize(
    ("given", "approved"),
    [
        ("DELETES_DATA", {TABLE, COLUMN, OTHER}),
        ("DELETES_DATA:public.posts", {TABLE, COLUMN}),
        ("DELETES_DATA:public.posts.title", {COLUMN}),
        ("REWRITES_TABLE, DELETES_DATA : public.posts_old", {OTHER}),
        ("REWRITES_TABLE,DELETES_DATA:public.a, odd,DELETES_DATA:public.posts_old", {OTHER}),
        (FORCED, set()),
        ("", set()),
    ],
)
def test_approval_holds_for_an_object_and_what_belongs_to_it(given: str, approved: set[str]) -> None:
    approvals = Approvals.parse(given, None)
    risks = [risk(Hazard.DELETES_DATA, on)[0] for on in (TABLE, COLUMN, OTHER)]
    assert {one.on for one in risks if approvals.covering(one)} == approved


def test_names_may_have_commas() -> None:
    (found,) = risk(Hazard.BREAKS_CLIENTS, "public.a, odd: name")
    (other,) = risk(Hazard.DELETES_DATA, "public.f(integer,text)")
    approvals = Approvals.parse(how_to_approve([found, other]).rpartition("--approve ")[2])
    assert approvals.given == (found.name, other.name)
    assert approvals.covering(found)
    assert approvals.covering(other)


@pytest.mark.parametrize(
    ("given", "goes"),
    [
        ("CHANGES_ACCESS", False),
        ("CHANGES_ACCESS:public.posts", True),
        ("DELETES_DATA", True),
        ("DELETES_DATA:public.posts", True),
        ("DELETES_DATA:public.posts_old", False),
    ],
)
def test_table_with_rows_keeps_its_policies_until_its_end_is_approved(given: str, goes: bool) -> None:
    (full,) = risk(Hazard.CHANGES_ACCESS, f"{TABLE}.readers")
    plan = Approvals.parse(given).judge_end(Plan((), (replace(full, rows=5),)))
    assert bool(plan.refused) != goes
    assert not Approvals().judge_end(Plan((), (full,))).refused


@pytest.mark.parametrize(
    ("given", "meant"), [("DELETE_DATA:x", "DELETES_DATA"), ("deletes_data", "DELETES_DATA")]
)
def test_what_is_no_hazard_is_told(given: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"is no hazard: did you mean {meant}"):
        Approvals.parse(given)


def test_force_leaves_out_only_the_loss_of_data() -> None:
    assert {*FORCED.split(","), "DELETES_DATA"} == set(Hazard)


def test_every_hazard_has_its_place_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hazards.md").read_text()
    sections = dict(re.findall(r"^### (\w+)\n(.+)$", page, re.MULTILINE))
    assert sections == {str(hazard): sentence for hazard, sentence in SENTENCES.items()}
    assert f"from {LARGE // 2**20} MiB" in " ".join(page.split())
