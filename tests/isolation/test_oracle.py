"""The oracle by itself: no database, rows and askers written down."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gatepost.intent import Any_, Intent, Membership, Update, everybody, having, own, through
from gatepost.isolation import implication, meaning, oracle
from gatepost.isolation.case import (
    DENIED,
    REFUSED,
    REFUSED_AMONG_OTHERS,
    Action,
    Asker,
    Case,
    Outcome,
    Subject,
    agree,
    outcome_of,
)
from gatepost.isolation.oracle import USER, Oracle
from gatepost.isolation.variants import variants

MEMBERS = Membership("m", tenant="team", user="who", role="role", where=having(left=None))
ROWS = {
    "m": {
        "1": {"team": "a", "who": "ann", "role": "admin", "left": None},
        "2": {"team": "a", "who": "bob", "role": "member", "left": None},
        "3": {"team": "b", "who": "cid", "role": "admin", "left": None},
        "4": {"team": "b", "who": "ann", "role": "admin", "left": "yesterday"},
    },
    "t": {
        "x": {"id": "x", "team": "a", "owner": "bob", "state": "draft"},
        "y": {"id": "y", "team": "a", "owner": "ann", "state": "done"},
        "z": {"id": "z", "team": "b", "owner": None, "state": "draft"},
    },
    "c": {"k": {"id": "k", "t": "x"}, "l": {"id": "l", "t": "z"}, "n": {"id": "n", "t": None}},
}
INTENTS = {
    "m": Intent(user={"select": own("who")}),
    "t": Intent(
        user={
            "select": MEMBERS.member("team"),
            "insert": MEMBERS.member("team", "admin") & having(state="draft"),
            "update": Update(old=own("owner") & having(state="draft"), new=own("owner")),
            "delete": MEMBERS.member("team", "admin"),
        },
        service=everybody(),
        reader={"select": everybody()},
    ),
    "c": Intent(user={"select": through("t", "t", own("owner"))}),
}
GRANTED = {
    "t": {"user": {"update": frozenset({"state", "owner"})}, "reader": {"select": frozenset({"state"})}}
}


def subject(name: str) -> Subject:
    columns = tuple(next(iter(ROWS[name].values())))
    return Subject(name, "f", columns, INTENTS[name], "owner", True, GRANTED.get(name, {}))


ORACLE = Oracle(
    {name: subject(name) for name in ROWS}, ROWS, {"t": ["id"], "m": ["team", "who"], "c": ["id"]}
)


def asker(user: str | None, role: str = "user", *inherits: str) -> Asker:
    return Asker(role, user, "", frozenset({role, *inherits}))


def expect(
    user: str | None, action: Action, role: str = "user", table: str = "t", **given: object
) -> Outcome:
    return ORACLE.expect(Case(asker(user, role), table, action, **given))  # type: ignore[arg-type]


def rows(*keys: str) -> Outcome:
    return Outcome("rows", len(keys), frozenset(keys))


def test_it_imports_nothing_that_writes_or_reads_sql() -> None:
    """Neither does anything that it imports."""
    allowed = {"gatepost.intent", "gatepost.isolation.case", "gatepost.isolation.meaning"}
    for module in (oracle, meaning, implication):
        tree = ast.parse(Path(module.__file__ or "").read_text())
        named = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
        assert {name for name in named if name and name.startswith(("gatepost", "psycopg"))} <= allowed


@pytest.mark.parametrize(
    ("user", "keys"),
    [("ann", {"x", "y"}), ("bob", {"x", "y"}), ("cid", {"z"}), ("eve", set()), (None, set())],
)
def test_members_see_their_teams_rows(user: str | None, keys: set[str]) -> None:
    assert expect(user, "select") == rows(*keys)


def test_whose_membership_ended_is_no_member() -> None:
    assert expect("ann", "delete", where=("z",)) == Outcome("rows", 0)


def test_no_row_and_denied_are_different() -> None:
    assert expect("eve", "select") == rows()
    assert expect("eve", "select", "anon") == DENIED
    assert expect("eve", "select", table="m") == rows()
    assert expect("eve", "delete", table="m") == DENIED


def test_columns_that_are_not_granted_are_denied() -> None:
    assert expect("bob", "update", values=(("team", "a"),)) == DENIED
    assert expect(None, "select", "reader") == DENIED
    assert expect(None, "count", "reader").count == 3


def test_update_finds_by_the_old_row_and_is_refused_by_the_new_one() -> None:
    assert expect("bob", "update", values=(("state", "done"),)).count == 1
    assert expect("bob", "update", values=(("owner", "ann"),)) == REFUSED
    assert expect("ann", "update", where=("y",), values=(("state", "draft"),)).count == 0


def test_a_constraint_of_a_row_that_is_let_in_may_speak_before_the_refusal_of_another() -> None:
    update = Update(old=everybody(), new=having(state="draft"))
    changed = Subject("t", "f", tuple(ROWS["t"]["x"]), Intent(user={"update": update}), "owner", True, {})
    oracle = Oracle({"t": changed}, {"t": ROWS["t"]}, {"t": ["id"]})
    every, done = (("owner", "zoe"),), (("state", "done"),)
    assert oracle.expect(Case(asker("ann"), "t", "update", values=every)) == REFUSED_AMONG_OTHERS
    assert oracle.expect(Case(asker("ann"), "t", "update", values=done)) == REFUSED


def test_insert_is_refused_and_returning_needs_to_see_the_row() -> None:
    new = (("id", "n"), ("team", "a"), ("owner", None), ("state", "draft"))
    assert expect("ann", "insert", values=new).count == 1
    assert expect("bob", "insert", values=new) == REFUSED
    assert expect("ann", "insert", values=(*new[:3], ("state", "done"))) == REFUSED


def test_upsert_of_a_row_that_may_not_be_changed_is_refused() -> None:
    new = (("id", "y"), ("team", "a"), ("owner", "ann"), ("state", "draft"))
    given = {"values": new, "arbiter": ("id",), "sets": ("state", "draft")}
    assert expect("ann", "upsert", **given) == REFUSED
    assert expect("ann", "insert or nothing", values=new, arbiter=("id",)).count == 0


@pytest.mark.parametrize(
    ("user", "key", "expected"),
    [
        ("bob", "x", Outcome("rows", 1)),  # there, seen, and bob's to change
        ("bob", "y", REFUSED),  # there and seen, and not bob's
        ("ann", "n", Outcome("rows", 1)),  # not there: ann may insert
        ("bob", "n", REFUSED),  # not there: bob may not
        ("ann", "z", Outcome("rows", 1)),  # not seen: an insert, which the key refuses
    ],
)
def test_merge_asks_for_what_it_comes_to(user: str, key: str, expected: Outcome) -> None:
    new = (("id", key), ("team", "a"), ("owner", user), ("state", "draft"))
    assert expect(user, "merge", values=new, arbiter=("id",), sets=("state", "done")) == expected


def test_through_follows_the_reference() -> None:
    assert expect("bob", "select", table="c") == rows("k")
    assert expect(None, "select", table="c") == rows()


def test_rights_of_inherited_roles_are_united() -> None:
    both = asker("bob", "user", "service")
    assert ORACLE.expect(Case(both, "t", "select")) == rows("x", "y", "z")


def test_the_owner_is_held_by_forced_row_security() -> None:
    assert expect(None, "select", "owner") == rows()


@pytest.mark.parametrize(
    ("expected", "got", "agrees"),
    [
        (rows("a"), rows("a"), True),
        (rows("a"), rows("b"), False),
        (rows(), DENIED, False),
        (DENIED, rows(), False),
        (REFUSED, DENIED, False),
        (rows("a"), Outcome("undecided", state="23514"), True),
        (DENIED, Outcome("undecided", state="23514"), False),
        (REFUSED, Outcome("undecided", state="23505"), False),
        (REFUSED, Outcome("undecided", state="23514", message="new row for relation violates"), False),
        (REFUSED, Outcome("undecided", state="23502", message="null value in column"), False),
        (REFUSED, Outcome("undecided", state="23514", message="no partition of relation"), True),
        (REFUSED_AMONG_OTHERS, Outcome("undecided", state="23514", message="new row for relation"), True),
        (REFUSED_AMONG_OTHERS, Outcome("refused", state="42501"), True),
        (REFUSED_AMONG_OTHERS, rows("a"), False),
        (rows(), Outcome("error", state="42P17"), False),
        (Outcome("rows", 1), Outcome("refused", state="0A000"), True),
        (REFUSED, Outcome("refused", state="0A000"), True),
        (DENIED, Outcome("refused", state="0A000"), False),
    ],
)
def test_agreement(expected: Outcome, got: Outcome, agrees: bool) -> None:
    assert agree(expected, got) is agrees


def test_implication() -> None:
    member, admin = MEMBERS.member("team"), MEMBERS.member("team", "admin")
    assert implication.implies(admin, member, "t")
    assert not implication.implies(member, admin, "t")
    assert implication.implies(own("owner") & admin, own("owner") | having(state="x"), "t")
    assert not implication.implies(own("owner") | admin, own("owner"), "t")
    assert implication.implies(admin, everybody(), "t")
    anybody = Membership("m", tenant="team", user="who", role="role")
    assert implication.implies(own("who"), anybody.member("team"), "m")
    assert not implication.implies(own("who"), anybody.member("team"), "t")


def test_what_a_trigger_raises_says_nothing_but_endless_recursion_is_an_error() -> None:
    assert outcome_of("23503", "no such post", True, 0, None).state == "P0001"
    assert outcome_of("54001", "stack depth limit exceeded", True, 0, None).kind == "error"


def test_what_an_insert_leaves_out_has_its_default() -> None:
    subjects = {name: subject(name) for name in ROWS}
    defaults = {"t": {"state": "draft", "owner": USER}}
    known = Oracle(subjects, ROWS, {"t": ["id"]}, defaults=defaults)
    case = Case(asker("ann"), "t", "insert", values=(("id", "n"), ("team", "a")))
    assert known.expect(case).count == 1
    assert ORACLE.expect(case) == REFUSED


def test_a_delete_that_a_trigger_turns_into_an_update_has_touched_the_row() -> None:
    kept = {("user", "t"): frozenset({"x", "y"})}
    marked = {("user", "t"): frozenset({"x"})}
    subjects = {name: subject(name) for name in ROWS}
    known = Oracle(subjects, ROWS, {"t": ["id"]}, undeletable=kept, marked=marked)
    assert known.expect(Case(asker("ann"), "t", "delete")).count == 1
    assert known.expect(Case(asker("ann"), "t", "delete returning")).count == 0


def test_variants_differ_in_one_part_each() -> None:
    intent = Intent(user={"select": own("owner") | having(state="done"), "delete": own("owner")})
    rules = [one.roles["user"]["select"] for one in variants(intent, "owner", "user", "select")]
    assert everybody() in rules
    assert any(rule == Any_((own("owner"), everybody())) for rule in rules)
    assert intent not in list(variants(intent, "owner", "user", "select"))
