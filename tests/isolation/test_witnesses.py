"""Rows that are laid down so that each part of a rule decides on one of them: no database."""

from __future__ import annotations

import pytest

from gatepost.intent import All, Membership, Rule, having, own, through
from gatepost.isolation.case import Asker
from gatepost.isolation.meaning import Meaning
from gatepost.isolation.people import People, Person, Seat
from gatepost.isolation.rows import Values
from gatepost.isolation.witnesses import Laying, ways_in

TEAM = Membership("m", tenant="team", user="who", role="role")
WRITERS = Membership("m", tenant="team", user="who", where=having(writes=True))
PEOPLE = People(Person("eve", "stranger"), Person("olga", "owner of rows"))
PEOPLE.seats += [
    Seat(TEAM, 0, "admin", Person("ann", "admin of team 1"), counts=True),
    Seat(TEAM, 0, "author", Person("bob", "author of team 1"), counts=False),
    Seat(TEAM, 1, "author", Person("cid", "author of team 2"), counts=True),
]
ROWS = {
    "m": {
        "1": {"team": "a", "who": "ann", "role": "admin", "writes": "true"},
        "2": {"team": "a", "who": "bob", "role": "author", "writes": "false"},
        "3": {"team": "b", "who": "cid", "role": "author", "writes": "true"},
    },
    "p": {
        "x": {"id": "x", "owner": "ann", "state": "draft"},
        "y": {"id": "y", "owner": "bob", "state": "done"},
    },
    "t": {},
}
COLUMNS = ("id", "post", "team", "owner", "state")
MEANING = Meaning(ROWS)
LAYING = Laying(
    PEOPLE, {"m": ["a", "b", "c"]}, MEANING, ROWS, COLUMNS, lambda _column, values: f"not {values[0]}"
)
ASKERS = [Asker("user", one.user, one.label, frozenset({"user"})) for one in PEOPLE.everybody]
WRITTEN = own("owner") & having(state=("new", "done")) & WRITERS.member("team")
MODERATED = having(state=("done", "bad")) & TEAM.member("team", "admin")


def decides(rule: Rule, without: Rule, rows: list[Values]) -> bool:
    """Whether somebody may do with the rule what they may not without it, or the other way round."""
    full = [{**dict.fromkeys(COLUMNS), **row} for row in rows]
    return any(
        MEANING.holds(rule, row, asker) != MEANING.holds(without, row, asker)
        for row in full
        for asker in ASKERS
    )


def test_ways_in_of_a_reference_are_those_behind_it() -> None:
    rule = through("post", "p", own("owner") | having(state="done"))
    assert [way[0].rule for way in ways_in(rule)] == [All((own("owner"),)), All((having(state="done"),))]  # type: ignore[attr-defined]


@pytest.mark.parametrize("at", range(3))
def test_each_condition_decides_on_a_row(at: int) -> None:
    """An author who is no moderator and may post has a row that each condition alone keeps from others."""
    parts = WRITTEN.parts  # type: ignore[attr-defined]
    rows = list(LAYING.witnesses(WRITTEN | MODERATED, ASKERS))
    without = All((*parts[:at], *parts[at + 1 :])) | MODERATED
    assert decides(WRITTEN | MODERATED, without, rows)


def test_the_first_row_of_a_way_is_of_somebody_whom_only_that_way_lets_in() -> None:
    first = next(LAYING.witnesses(WRITTEN | MODERATED, ASKERS))
    assert first == {"owner": "cid", "state": "new", "team": "b"}


def test_a_member_whose_membership_does_not_count_has_a_row() -> None:
    assert {"team": "a"} in [
        {"team": row["team"]} for row in LAYING.witnesses(WRITERS.member("team"), [ASKERS[3]])
    ]


def test_what_is_behind_a_reference_decides_too() -> None:
    rule = through("post", "p", own("owner") & having(state="draft"))
    rows = list(LAYING.witnesses(rule, ASKERS))
    assert decides(rule, through("post", "p", own("owner")), rows)
    assert decides(rule, through("post", "p", having(state="draft")), rows)


def test_a_seat_is_made_to_count_or_not() -> None:
    counting, idle = (
        LAYING.counting(Seat(WRITERS, 0, None, Person("x", ""), counts=counts)) for counts in (True, False)
    )
    assert (counting, idle) == ({"writes": "true"}, {"writes": "not True"})
