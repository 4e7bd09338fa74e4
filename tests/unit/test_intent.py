"""Intents: what is written, what is stored as plain data, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatepost.errors import InvalidDeclaration
from gatepost.intent import All, Any_, Intent, Membership, Update, everybody, having, own, through
from gatepost.intent_data import data_of, intent_from

MEMBERS = Membership("public.members", tenant="team", user="who", role="role", where=having(left_at=None))
EVERYTHING = Intent(
    authenticated={
        "select": own("author")
        | having(status=("published", "pinned"), draft=False)
        | MEMBERS.member("team"),
        "insert": own("author") & MEMBERS.member("team", roles=("owner", "editor")),
        "update": Update(old=own("author"), new=own("author") & having(status=(None, "draft"), size=3)),
    },
    app_definer={"select": through("post", "public.posts", own("author"), key="number")},
    service_role=everybody(),
).accepting({"unique key users_email_key": "an address is no secret"})


def test_plain_data_and_back() -> None:
    assert intent_from(json.loads(json.dumps(data_of(EVERYTHING)))) == EVERYTHING


def test_pulumi_s_numbers_are_whole_again() -> None:
    data = json.loads(json.dumps(data_of(Intent(a=having(size=3)))), parse_int=float)
    assert intent_from(data) == Intent(a=having(size=3))


def test_plain_data_has_no_null_and_no_empty_promise() -> None:
    """Pulumi leaves a null out of a map: what was meant by it would be lost."""
    assert "null" not in json.dumps(data_of(EVERYTHING)).replace('"null"', "")


def test_a_rule_alone_means_all_four_commands() -> None:
    rules = Intent(service_role=everybody()).roles["service_role"]
    assert rules == dict.fromkeys(("select", "insert", "update", "delete"), everybody())


def test_what_is_combined_the_same_way_lies_side_by_side() -> None:
    a, b, c = own("a"), own("b"), own("c")
    assert (a | b) | c == Any_((a, b, c))
    assert a & (b & c) == All((a, b, c))
    assert (a | b) & c == All((Any_((a, b)), c))


def test_columns_of_the_row_itself() -> None:
    assert EVERYTHING.columns == {"author", "status", "draft", "team", "size", "post"}


def test_intents_together() -> None:
    one = Intent(a={"select": own("x")}, b=everybody())
    both = one | Intent(a={"select": own("y"), "delete": own("x")})
    assert both == Intent(a={"select": own("y"), "delete": own("x")}, b=everybody())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Intent(a={"truncate": own("x")}), "no command 'truncate'"),
        (lambda: Intent(a={"insert": Update(own("x"), own("x"))}), "insert has no old and new row"),
        (lambda: Intent(a={"select": "own"}), "select expects a rule, got 'own'"),
        (lambda: having(), "having\\(\\) names no column"),
        (lambda: Membership("t", "a", "b").member("c", roles=("x",)), "no role column"),
        (lambda: intent_from({"roles": {"a": {"own": "x"}}}), "expected one of everybody"),
        (lambda: intent_from({"a": {}}), "expected roles and accepted, got a"),
        (lambda: Intent().accepting({"x": " "}), 'finding "x" is accepted for no reason'),
        (lambda: intent_from({"roles": {"a": ["x"]}}), "expected rules by command, got \\['x'\\]"),
        (lambda: intent_from({"roles": {"a": {"select": {"owned": "x"}}}}), "expected one of everybody, own"),
        (
            lambda: intent_from({"roles": {"a": {"select": {"member": {"column": "x"}}}}}),
            "member is not complete",
        ),
    ],
)
def test_what_is_no_intent(make: Any, told: str) -> None:
    with pytest.raises(InvalidDeclaration, match=told):
        make()
