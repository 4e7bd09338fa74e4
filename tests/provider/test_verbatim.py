"""Objects without a kind of their own: their statements make them, `drop` and their words remove them."""

from __future__ import annotations

import pytest
from fix_provider import Deploy, Refused

from gatepost.errors import StatementFailed

FUNCTION = "create function public.add_up(state int, value int) returns int language sql as 'select 1'"
TOTAL = (
    "create aggregate public.total(integer) (sfunc = public.add_up, stype = integer, initcond = '{start}');"
)
CREATES = "aggregate public.total(integer)"


@pytest.fixture
def total(deploy: Deploy) -> Deploy:
    deploy.sql(FUNCTION)
    deploy.verbatim("total", creates=CREATES, sql=TOTAL.format(start=0))
    return deploy


def found(deploy: Deploy) -> object:
    return next((one for key, one in deploy.snapshot().items() if key.name == CREATES), None)


def test_its_whole_life(total: Deploy) -> None:
    first = found(total)
    assert first is not None
    assert total.verbatim("total", creates=CREATES, sql=TOTAL.format(start=0)) == "same"
    assert total.verbatim("total", creates=CREATES, sql=TOTAL.format(start=7)) == "update"
    changed = found(total)
    assert changed == {**first, "initial": "7"}  # type: ignore[dict-item]
    assert total.refresh("Verbatim", "total") == "same"
    total.delete("Verbatim", "total")
    assert found(total) is None
    total.verbatim("total", creates=CREATES, sql=TOTAL.format(start=0))
    assert found(total) == first


def test_a_change_beside_it_is_seen_and_mended(total: Deploy) -> None:
    total.sql(TOTAL.format(start=9).replace("create", "create or replace").encode())  # type: ignore[arg-type]
    assert total.refresh("Verbatim", "total") == "drift"
    with total.next_deployment():
        assert total.verbatim("total", creates=CREATES, sql=TOTAL.format(start=0)) == "update"
    assert found(total) == {**found(total), "initial": "0"}  # type: ignore[dict-item]


def test_what_a_view_uses_is_not_exchanged(total: Deploy) -> None:
    total.sql("create view public.v as select public.total(x) from generate_series(1, 3) as x")
    before = total.snapshot()
    with pytest.raises(StatementFailed, match="view v depends on function total"):
        total.verbatim("total", creates=CREATES, sql=TOTAL.format(start=7))
    assert total.snapshot() == before


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"creates": "table public.t", "sql": "create table public.t ()"}, "begins with none of"),
        ({"creates": CREATES, "sql": "-- nothing"}, "got none"),
        ({"creates": CREATES, "sql": "create agregate x"}, "syntax error"),
    ],
)
def test_what_it_cannot_be_is_refused(deploy: Deploy, given: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        deploy.verbatim("x", **given)
