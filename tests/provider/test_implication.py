"""What can be proven of two conditions by their form."""

from __future__ import annotations

import pytest

from gatepost.provider.implication import implies, term

NARROWER = [
    ("a = 1 and b", "a = 1"),
    ("a = 1", "a = 1 or b"),
    ("a", "true"),
    ("false", "a"),
    ("status in ('a', 'b')", "status in ('c', 'b', 'a')"),
    ("status not in ('a', 'b')", "status not in ('a')"),
    ("not (a or b)", "not a"),
    ("exists (select from m where m.u = u and m.role = 'admin')", "exists (select from m where m.u = u)"),
    ("o = any (array(select o from m where a and b))", "o = any (array(select o from m where a))"),
    ("o in (select o from m where a)", "o in (select o from m where a or b)"),
    ("a > 0", "a >= 0"),
    ("lower(a) < b", "lower(a) <= b"),
    ("(a and b) or (a and c)", "a"),
]
ALIKE = [
    ("owner = (select me())", "( owner =  (SELECT me()) ) -- mine"),
    ("a and b and c", "c and (b and a)"),
    ("owner = me()", "me() = owner"),
    ("status in ('a')", "status = 'a'"),
]
UNDECIDED = [
    ("a = 1", "a = 2"),
    ("a < b", "b < a"),
    ("a < b", "a >= b"),
    ("a operator(odd.<) b", "a <= b"),
    ("not a", "a"),
    ("exists (select from m)", "exists (select from n)"),
    ("x = any (array(select o from m where a limit 1))", "x = any (array(select o from m limit 1))"),
    ("x <> all (array(select o from m where a))", "x <> all (array(select o from m))"),
    ("1 < (select count(*) from m where a)", "1 < (select count(*) from m)"),
]


@pytest.mark.parametrize(("left", "right"), NARROWER)
def test_narrower_implies_wider_and_not_the_other_way(left: str, right: str) -> None:
    assert implies(term(left), term(right))
    assert not implies(term(right), term(left))


@pytest.mark.parametrize(("left", "right"), ALIKE)
def test_spelling_makes_no_difference(left: str, right: str) -> None:
    assert implies(term(left), term(right))
    assert implies(term(right), term(left))


@pytest.mark.parametrize(("left", "right"), UNDECIDED)
def test_what_is_not_proven_is_not_claimed(left: str, right: str) -> None:
    assert not implies(term(left), term(right))
    assert not implies(term(right), term(left))
