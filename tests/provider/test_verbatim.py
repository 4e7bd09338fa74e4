"""Objects without a kind of their own: their statements make them, `drop` and their words remove them."""

from __future__ import annotations

import asyncio

import pytest
from fix_provider import Deploy, Refused, urn_of, wired
from fix_workspace import Workspace
from pulumi.provider.experimental.provider import CreateRequest

from gatepost.errors import StatementFailed
from gatepost.postgres.catalog import Key

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


TABLES = """
set role deployer;
create table public.t (id int primary key, body text, tags text);
create index t_body on public.t (body);
create index t_low on public.t (lower(body));
create table public.parts (id int, note text default 'x') partition by range (id);
create table public.part_1 partition of public.parts for values from (1) to (9);
create view public.seen as select body from public.t;
create domain public.word as text constraint short check (length(value) < 9);
reset role;
"""
PROPERTIES = {
    "replica identity of table public.t": "alter table only public.t replica identity full",
    "clustering of table public.t": "alter table public.t cluster on t_body",
    "statistics of column public.t.body": "alter table only public.t alter column body set statistics 500",
    "statistics of index public.t_low column 1": "alter index public.t_low alter column 1 set statistics 9",
    "storage of column public.t.body": "alter table only public.t alter column body set storage external",
    "compression of column public.t.body": "alter table only public.t alter column body set compression pglz",
    "options of column public.t.body": "alter table only public.t alter column body set (n_distinct=-0.5)",
    "default of column public.seen.body":
        "alter table only public.seen alter column body set default 'x'::text",
    "default of column public.part_1.note": "alter table only public.part_1 alter column note drop default",
    "not null of column public.part_1.note": "alter table only public.part_1 alter column note set not null",
    "comment on column public.part_1.note": "comment on column public.part_1.note is 'it''s own'",
    "comment on index public.t_pkey": "comment on index public.t_pkey is 'The key''s'",
    "comment on constraint short on domain public.word":
        "comment on constraint short on domain public.word is 'Short'",
    "comment on schema public": "comment on schema public is 'Ours'",
    "comment on extension plpgsql": "comment on extension plpgsql is 'Ours'",
}  # fmt: skip


@pytest.mark.parametrize("creates", PROPERTIES)
def test_a_property_is_set_lost_and_taken_back(deploy: Deploy, creates: str) -> None:
    deploy.sql(TABLES)
    if creates.startswith(("comment on schema", "comment on extension")):
        deploy.sql("alter schema public owner to deployer")
        deploy.sql("update pg_extension set extowner = 'deployer'::regrole")
    before, sql, key = deploy.snapshot(), PROPERTIES[creates], Key("verbatim", "", creates)
    assert deploy.verbatim("p", creates=creates, sql=sql) == "create"
    assert deploy.snapshot()[key]["sql"] == sql
    assert deploy.refresh("Verbatim", "p") == "same"
    deploy.sql(deploy.snapshot()[key]["undo"])
    assert deploy.refresh("Verbatim", "p") == "gone"
    with deploy.next_deployment():
        assert deploy.verbatim("p", creates=creates, sql=sql) == "create"
    deploy.delete("Verbatim", "p")
    assert deploy.snapshot() == before
    assert deploy.risks() == []


def test_a_property_that_was_changed_by_hand_is_drift(deploy: Deploy) -> None:
    deploy.sql(TABLES)
    creates = "statistics of column public.t.body"
    deploy.verbatim("p", creates=creates, sql=PROPERTIES[creates])
    deploy.sql("alter table public.t alter column body set statistics 7")
    assert deploy.refresh("Verbatim", "p") == "drift"
    with deploy.next_deployment():
        assert deploy.verbatim("p", creates=creates, sql=PROPERTIES[creates]) == "update"
    assert deploy.snapshot()[Key("verbatim", "", creates)]["sql"] == PROPERTIES[creates]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"creates": "table public.t", "sql": "create table public.t ()"}, "begins with none of"),
        ({"creates": CREATES, "sql": "-- nothing"}, "got none"),
        ({"creates": CREATES, "sql": "create agregate x"}, "syntax error"),
        ({"creates": CREATES, "sql": "select 1; commit"}, r":1:11: commit: the deployment begins and ends"),
    ],
)
def test_what_it_cannot_be_is_refused(deploy: Deploy, given: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        deploy.verbatim("x", **given)


def test_what_makes_something_else_leaves_nothing(deploy: Deploy) -> None:
    deploy.sql(FUNCTION)
    before = deploy.snapshot()
    with pytest.raises(
        StatementFailed, match=r"do not make aggregate public\.totals\(integer\), and nothing"
    ):
        deploy.verbatim("x", creates="aggregate public.totals(integer)", sql=TOTAL.format(start=0))
    assert deploy.snapshot() == before


def test_an_exchange_for_something_else_leaves_what_was_there(total: Deploy) -> None:
    before = total.snapshot()
    with pytest.raises(StatementFailed, match="nothing of them was"):
        total.verbatim("total", creates=CREATES, sql=TOTAL.replace("total", "sum_up").format(start=0))
    assert total.snapshot() == before


def test_among_many_it_leaves_nothing_either(workspace: Workspace) -> None:
    """Many new objects are made in one transaction."""
    made = "".join(
        f'Verbatim("v{one}", creates="aggregate public.v{one}(integer)", opts=on,'
        f' sql="create aggregate public.{name}(int) (sfunc = int4pl, stype = int)")\n'
        for one, name in enumerate([f"v{one}" for one in range(12)] + ["other"])
    )
    head = "from gatepost.resources import Verbatim\non = pulumi.ResourceOptions(provider=target)\n"
    workspace.write(head + made)
    told = workspace.run("up", "--yes", code=14).stderr
    assert "the statements do not make aggregate public.v12(integer)" in told
    assert workspace.sql(r"select count(*) from pg_proc where proname ~ '^(v\d+|other)$'") == [(12,)]


HARMS = {
    "alter table only public.part_1 alter column note set not null": "BLOCKS_READS:public.part_1",
    "alter table public.t alter id type bigint, alter body drop default": "REWRITES_TABLE:public.t",
    "alter table public.t add constraint c check (id > 0) not valid": None,
    "alter table public.t add constraint c check (id > 0)": "BLOCKS_READS:public.t",
    "alter table public.t drop column tags": "DELETES_DATA:public.t",
    "alter table public.t set unlogged": "DELETES_DATA:public.t",
    "alter table public.t disable row level security": "WIDENS_ACCESS:public.t",
    "alter table public.t alter column body set statistics 500": None,
    "alter table only public.t replica identity full": None,
    "truncate public.t": "DELETES_DATA:public.t",
    "delete from t where id = 1": "DELETES_DATA:public.t",
    "drop table public.t": "DELETES_DATA:public.t",
    "cluster public.t using t_body": "REWRITES_TABLE:public.t",
    "create index on public.t (tags)": "BLOCKS_WRITES:public.t",
    "create rule r as on insert to public.t do instead nothing": "CHANGES_ACCESS:public.t",
}


@pytest.mark.parametrize("sql", HARMS)
def test_what_its_statements_do_to_rows_is_told(deploy: Deploy, sql: str) -> None:
    """On tables without rows they harm nobody."""
    deploy.sql(TABLES)
    given = {"creates": "comment on schema public", "sql": f"comment on schema public is 'x'; {sql}"}
    for rows, told in (False, None), (True, HARMS[sql]):
        if rows:
            deploy.sql("insert into public.t values (1); insert into public.parts values (1)")
        request = CreateRequest(urn_of("Verbatim", "x"), wired(given), 0, True)
        asyncio.run(deploy.provider.create(request))
        assert deploy.risks() == ([told] if told else [])
