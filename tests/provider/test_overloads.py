"""A function gets other arguments: what hangs on the former one takes to it, and the preview says how."""

from __future__ import annotations

import asyncio

from fix_provider import Deploy, Inputs, col, urn_of, wired
from pulumi.provider.experimental.provider import CreateRequest, DeleteRequest, UpdateRequest

from gatepost.postgres.plan import Plan


def fn(head: str, body: str = "select $1", kind: str = "immutable") -> str:
    return f"create function public.{head} {kind} language sql as $$ {body} $$"


ONE = fn("f(a int) returns int")
DEFAULT = fn("f(a int, b int default 1) returns int")
TWO = fn("f(a int, b int) returns int")
DROP = 'drop function "public"."f"(integer)'


def using_f(deploy: Deploy) -> None:
    deploy.function("f", sql=ONE)
    deploy.table(columns=[col("id", "integer")], row_security="enabled")
    deploy.index("i", columns=["(public.f(id))"])
    deploy.policy("p", command="select", roles=["public"], using="public.f(id) = 1")
    deploy.sql("insert into posts (id) values (1)")


def parts_of(plan: Plan) -> list[str]:
    """Its statements as far as they name what they make or drop."""
    return [one.sql.lower().partition(" on ")[0] for one in plan.statements]


def preview(deploy: Deploy, sql: str, *others: tuple[str, str, Inputs | None]) -> None:
    """Preview another function in the place of `f`, with changes and deletions of others before it goes."""
    urn, provider = urn_of("Function", "f"), deploy.provider
    deploy.diff("Function", "f", {"sql": sql})
    asyncio.run(provider.create(CreateRequest(urn, wired({"sql": sql}), 0, True)))
    for kind, name, inputs in others:
        one, (id_, olds) = urn_of(kind, name), deploy.state[urn_of(kind, name)]
        if inputs is None:
            deploy.delete(kind, name, preview=True)
        else:
            asyncio.run(provider.update(UpdateRequest(one, id_, olds, wired(inputs), 0, [], True)))
    asyncio.run(provider.preview_delete(DeleteRequest(urn, *deploy.state[urn], 0)))


def test_preview_tells_what_is_made_again_and_what_that_blocks(deploy: Deploy) -> None:
    using_f(deploy)
    with deploy.together():
        preview(deploy, DEFAULT)
    told = deploy.plans[-1][2]
    *dropped, function, one, other = parts_of(told)
    assert (set(dropped), function) == ({"drop policy p", "drop index public.i"}, DROP)
    assert {one, other} == {"create index i", "create policy p"}
    assert {one.lock for one in told.statements if "index" in one.sql} == {"ACCESS EXCLUSIVE"}
    [risk] = told.risks
    assert (risk.name, risk.rows is not None) == ("BLOCKS_READS:public.posts", True)
    assert deploy.function("f", sql=DEFAULT) == "replace"


def test_what_is_changed_or_removed_before_is_left_alone(deploy: Deploy) -> None:
    using_f(deploy)
    with deploy.together():
        index = {"schema": "public", "table": "posts", "name": "i", "columns": ["(public.f(id, 2))"]}
        deploy.check("Index", "i", index)
        preview(deploy, TWO, ("Index", "i", index), ("Policy", "p", None))
        assert deploy.statements() == [DROP]
        assert deploy.risks() == []


def test_what_is_changed_and_calls_it_still_is_made_again(deploy: Deploy) -> None:
    using_f(deploy)
    with deploy.together():
        policy = {**deploy.outputs("Policy", "p"), "using": "public.f(id) = 2"}
        del policy["definition"]
        preview(deploy, DEFAULT, ("Policy", "p", policy), ("Index", "i", None))
        assert parts_of(deploy.plans[-1][2]) == ["drop policy p", DROP, "create policy p"]


def hazards(deploy: Deploy, before: str, after: str) -> list[str]:
    """What the making of a function with other arguments is told of, after the former one is in use."""
    deploy.function("f", sql=before)
    deploy.table(columns=[col("id", "integer")], row_security="enabled")
    deploy.policy("p", command="select", roles=["public"], using="public.f(id) = 1")
    deploy.index("i", columns=["(public.f(id))"])
    deploy.sql("insert into posts (id) values (1)")
    deploy.function("f", sql=after)
    *_, making, _ = [plan for _, _, plan in deploy.plans]
    return [risk.name for risk in making.risks]


def test_another_body_decides_for_a_policy(deploy: Deploy) -> None:
    """The index is no hazard of it: it is built anew with the new body."""
    widened = DEFAULT.replace("select $1", "select 1")
    assert hazards(deploy, ONE, widened) == ["WIDENS_ACCESS:public.f(int4,int4)"]


def test_the_same_body_decides_as_before(deploy: Deploy) -> None:
    assert hazards(deploy, ONE, DEFAULT) == []


def test_another_body_outdates_what_asks_through_others(deploy: Deploy) -> None:
    deploy.function("f", sql=ONE)
    deploy.function("g", sql=fn("g(a int) returns int", "select public.f(a)"))
    deploy.table(columns=[col("id", "integer")])
    deploy.index("i", columns=["(public.g(id))"])
    deploy.sql("insert into posts (id) values (1)")
    deploy.function("f", sql=DEFAULT.replace("select $1", "select 1"))
    *_, making, _ = [plan for _, _, plan in deploy.plans]
    assert [risk.name for risk in making.risks] == ["OUTDATES_VALUES:public.f(int4,int4)"]


def test_a_definer_with_other_arguments_is_compared_with_the_former_one(deploy: Deploy) -> None:
    deploy.table(columns=[col("id", "integer")])
    deploy.sql("insert into posts (id) values (1)")
    head, body = "security definer set search_path = '' stable", "select 1 from public.posts where id = $1"
    held = {"public": ["execute"]}
    deploy.function("f", sql=fn("f(a int) returns int", body, head), privileges=held)
    for arguments, shown, risks in (
        ("a int, b int default 1", body, []),
        ("a int, b text default ''", body.partition(" where")[0], ["WIDENS_ACCESS"]),
    ):
        deploy.function("f", sql=fn(f"f({arguments}) returns int", shown, head), privileges=held)
        assert [risk.hazard for risk in deploy.plans[-2][2].risks] == risks
