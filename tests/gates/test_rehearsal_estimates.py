"""How long a statement may take on the target."""

from __future__ import annotations

import pytest

from gatepost.gates.rehearsal.estimates import Estimate, Size, estimates, grows_with

HERE, THERE = Size(1_000, 10), Size(1_000_000, 20_000)
INDEX = 'create index concurrently "i" on "public"."notes" ("views")'


def estimated(statement: str, seconds: float = 0.01, there: Size = THERE) -> list[Estimate]:
    planned = {statement: "public.notes"}
    return list(estimates({statement: seconds}, planned, {"public.notes": HERE}, {"public.notes": there}))


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (INDEX, "rows * log rows"),
        ("create unique index i on notes (x)", "rows * log rows"),
        ('alter table notes add constraint "k" primary key ("id")', "rows * log rows"),
        ("alter table notes validate constraint c", "pages"),
        ("alter table notes alter column x set not null", "pages"),
        ("alter table notes alter column x type bigint", "pages"),
        ("alter table notes add constraint c check (x > 0)", "pages"),
        ("update notes set x = 1 where id between 1 and 1000", "rows"),
        ("alter table notes add constraint c check (x > 0) not valid", None),
        ("alter table notes add column x integer", None),
        ("alter table notes add column x integer default 0 not null", None),
        ("create policy p on notes", None),
        ("comment on table notes is 'update them'", None),
    ],
)
def test_what_the_time_of_a_statement_grows_with(statement: str, kind: str | None) -> None:
    assert grows_with(statement) == kind


def test_an_index_build_grows_with_the_rows_and_their_logarithm() -> None:
    [found] = estimated(INDEX)
    assert found.seconds == pytest.approx(0.01 * 1000 * 2, rel=0.01)
    assert found.basis == (
        "10 ms for 1,000 rows in 10 pages here, 1,000,000 in 20,000 there, by rows * log rows"
    )


def test_a_validation_grows_with_the_pages() -> None:
    [found] = estimated("alter table notes validate constraint c")
    assert found.seconds == pytest.approx(20)


def test_no_statement_is_quicker_on_a_smaller_target() -> None:
    [found] = estimated(INDEX, there=Size(10, 1))
    assert found.seconds == 0.01


def test_of_rows_that_nobody_counted_nothing_is_told() -> None:
    [found] = estimated(INDEX, there=Size(-1, 0))
    assert found.seconds is None
    assert "analyze it" in found.basis


def test_what_does_not_grow_is_not_told() -> None:
    assert estimated("alter table notes add column x integer") == []
