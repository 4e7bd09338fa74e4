"""Partitions: there and back again, secured as their table is, never in anybody's way."""

from __future__ import annotations

import time
from datetime import date

import psycopg
import pytest
from changes import POSTS, ROWS, Change, each, fill, prove
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import HazardNotApproved, InvalidDeclaration, LockTimeout, ObjectExists, StatementFailed
from gatepost.resources import Daily, Hash, List, Monthly, Partition, Quarterly, Range, Weekly, Yearly
from gatepost.resources.partition import Schedule

SUBSCRIBER = {"gp_reader": ["select", "update (title)"]}


def part(name: str, bounds: str, **more: object) -> Inputs:
    return {"name": name, "bounds": bounds, **more}


def by(key: str, *parts: Inputs, **more: object) -> Inputs:
    return {"columns": POSTS, "partition_by": key, "partitions": list(parts), **more}


def by_id(*parts: Inputs, **more: object) -> Inputs:
    return by("range (id)", *parts, **more)


LOW = part("low", "from (minvalue) to (15)")
HIGH = part("high", "from (15) to (1000)")
LATER = part('Later "on" %s', "from (1000) to (2000)")
REST = part("rest", "default")
REGION = by("list (status)", part("draft", "in ('draft', null)"), part("rest", "default"))
QUARTERS = [part(f"q{n}", f"with (modulus 4, remainder {n})") for n in range(4)]
DEEP = [
    part("high", "from (15) to (1000)", partitionBy="list (status)"),
    part("draft", "in ('draft')", of="high"),
    part("rest", "default", of="high"),
]

CHANGES = {
    "added": Change(by_id(LOW, HIGH), by_id(LOW, HIGH, LATER)),
    "added beside a default one": Change(by_id(LOW, REST), by_id(LOW, LATER, REST)),
    "default added": Change(by_id(LOW, HIGH), by_id(LOW, HIGH, REST)),
    "list added beside a default one": Change(
        REGION, {**REGION, "partitions": [*REGION["partitions"], part("done", "in ('done', 'gone')")]}
    ),
    "bounds": Change(by_id(LOW, HIGH), by_id(LOW, part("high", "from (15) to (5000)"))),
    "bounds of both": Change(
        by_id(part("low", "from (minvalue) to (0)"), part("high", "from (0) to (99)")),
        by_id(part("low", "from (minvalue) to (-5)"), part("high", "from (-5) to (99)")),
    ),
    "renamed": Change(by_id(LOW, HIGH), by_id({**LOW, "name": "lowest"}, HIGH)),
    "two names exchanged": Change(
        by_id(LOW, HIGH), by_id({**HIGH, "name": "low2"}, {**LOW, "name": "high2"})
    ),
    "hash": Change(by("hash (id)", *QUARTERS), by("hash (id)", *QUARTERS, row_security="enabled")),
    "divided further": Change(by_id(LOW, *DEEP), by_id(LOW, *DEEP, part("done", "in ('done')", of="high"))),
    "divided further secured": Change(
        by_id(LOW, *DEEP), by_id(LOW, *DEEP, row_security="forced", privileges=SUBSCRIBER)
    ),
    "row security": Change(by_id(LOW, HIGH), by_id(LOW, HIGH, row_security="forced")),
    "privileges": Change(by_id(LOW, HIGH), by_id(LOW, HIGH, privileges=SUBSCRIBER)),
    "privileges and partitions": Change(
        by_id(LOW, HIGH, privileges=SUBSCRIBER, row_security="forced"),
        by_id(LOW, HIGH, LATER, privileges={"gp_other": ["select"]}),
    ),
    "own privileges": Change(
        by_id(LOW, HIGH, privileges=SUBSCRIBER),
        by_id(LOW, {**HIGH, "privileges": {}, "rowSecurity": "enabled"}, privileges=SUBSCRIBER),
    ),
    "storage": Change(
        by_id(LOW, HIGH), by_id(LOW, HIGH, storage={"fillfactor": 70, "autovacuum_enabled": False})
    ),
    "own storage": Change(
        by_id(LOW, HIGH, storage={"fillfactor": 70}),
        by_id(
            LOW,
            {**HIGH, "storage": {"fillfactor": "90"}},
            storage={"fillfactor": 70, "toast.autovacuum_enabled": False},
        ),
    ),
    "comment": Change(by_id(LOW, HIGH), by_id({**LOW, "comment": "it's low"}, HIGH, comment="c")),
    "columns": Change(
        by_id(LOW, HIGH),
        by_id(LOW, HIGH, LATER)
        | {
            "columns": [
                *POSTS,
                col("note", nullable=False, default="'x'", comment="n"),
                col("doubled", "integer", generated="views * 2"),
            ]
        },
    ),
    "column retyped and another dropped": Change(
        by_id(LOW, HIGH), by_id(LOW, HIGH) | {"columns": [*POSTS[:3], col("views", "bigint"), *POSTS[5:]]}
    ),
    "identity": Change(
        by_id(LOW, HIGH),
        by_id(LOW, HIGH)
        | {"columns": [col("id", "integer", nullable=False, identity="by default"), *POSTS[1:]]},
    ),
    "not null": Change(
        by_id(LOW, HIGH),
        by_id(LOW, HIGH) | {"columns": [*POSTS[:1], col("title", nullable=False), *POSTS[2:]]},
    ),
}


@each(CHANGES)
def test_change(deploy: Deploy, change: Change) -> None:
    """There are rows while it changes; what it is compared with is built without any."""

    def table(**inputs: object) -> str:
        return deploy.table("posts", **inputs)

    prove(deploy, table, change, lambda: deploy.delete("Table", "posts"), rows=True)


def test_definition_says_what_is_declared(deploy: Deploy) -> None:
    own = {
        **HIGH,
        "privileges": {},
        "rowSecurity": "enabled",
        "storage": {"fillfactor": "90"},
        "comment": "c",
    }
    deploy.table(
        **by_id(LOW, own, REST, row_security="forced", privileges=SUBSCRIBER, storage={"fillfactor": 70})
    )
    found = deploy.must_have("tables", "posts")
    assert (found["partitionBy"], found["partitions"]) == (
        "RANGE (id)",
        [
            {"name": "high", "bounds": "FROM (15) TO (1000)", "privileges": {}, "rowSecurity": "enabled"}
            | {"storage": {"fillfactor": "90"}, "comment": "c"},
            {"name": "low", "bounds": "FROM (MINVALUE) TO (15)", "storage": {"fillfactor": "70"}},
            {"name": "rest", "bounds": "DEFAULT", "storage": {"fillfactor": "70"}},
        ],
    )


def modes(deploy: Deploy) -> list[tuple[str, str]]:
    return [(one.mode, one.sql) for one in deploy.plans[-1][2].statements]


def test_partition_beside_a_default_one_is_proved_apart(deploy: Deploy) -> None:
    """The default partition is locked for a moment only: what PostgreSQL would read is proved before."""
    deploy.table(**by_id(LOW, REST))
    fill(deploy)
    deploy.table(**by_id(LOW, LATER, REST))
    assert [mode for mode, _ in modes(deploy)][:3] == ["together", "separate", "together"]
    notices: list[str] = []
    deploy.superuser.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
    deploy.sql("set client_min_messages = debug1")
    proof = "alter table rest add constraint k check (id is null or id < 5000 or id >= 6000)"
    deploy.sql(proof)
    deploy.sql("create table more (like posts)")
    deploy.sql("alter table posts attach partition more for values from (5000) to (6000)")
    assert any("default partition" in one and "implied by existing" in one for one in notices)


TOLD = r'"public.low": 14 of its rows are in the default partition "public.rest": take the rows .* out'


@pytest.mark.parametrize("security", ["off", "forced"])
def test_default_partition_that_holds_its_rows_is_refused(deploy: Deploy, security: str) -> None:
    """At the preview, whatever row security hides; and what cannot be seen then is told when it is proved."""
    deploy.table(**by_id(REST, row_security=security))
    fill(deploy)
    before = deploy.snapshot()
    with pytest.raises(InvalidDeclaration, match=TOLD):
        deploy.table(**by_id(LOW, REST, row_security=security))
    assert deploy.snapshot() == before
    if security == "forced":
        deploy.sql("create policy strict on rest as restrictive using (false)")
        with pytest.raises(
            StatementFailed, match=r"violated by some row.*take the rows of \"public\.low\" out"
        ):
            deploy.table(**by_id(LOW, REST, row_security=security))
        deploy.sql("drop policy strict on rest")
    assert deploy.snapshot() == before
    deploy.sql("delete from posts where id < 15")
    deploy.table(**by_id(LOW, REST, row_security=security))


def test_looking_for_such_rows_makes_nobody_wait_long(deploy: Deploy) -> None:
    deploy.table(**by_id(REST, row_security="forced"))
    fill(deploy)
    with psycopg.connect(deploy.database.superuser_url) as client:
        client.execute("select from rest")
        began = time.monotonic()
        with deploy.next_deployment(lockBudget="1"), pytest.raises(LockTimeout):
            deploy.table(**by_id(LOW, REST, row_security="forced"))
        assert time.monotonic() - began < 5


def test_partition_goes_without_blocking_and_with_approval(deploy: Deploy) -> None:
    deploy.table(**by_id(LOW, HIGH, LATER))
    fill(deploy)
    with (
        deploy.next_deployment(approve=""),
        pytest.raises(HazardNotApproved, match=r"DELETES_DATA on public\.posts\.high"),
    ):
        deploy.table(**by_id(LOW, LATER))
    with deploy.next_deployment(approve="DELETES_DATA:public.posts"):
        deploy.table(**by_id(LOW))
    assert modes(deploy) == [
        (
            "concurrent",
            'alter table "public"."posts" detach partition "public"."Later ""on"" %s" concurrently',
        ),
        ("together", 'drop table "public"."Later ""on"" %s"'),
        ("concurrent", 'alter table "public"."posts" detach partition "public"."high" concurrently'),
        ("together", 'drop table "public"."high"'),
    ]
    assert deploy.sql("select count(*) from posts") == [(14,)]


def test_partition_comes_and_changes_while_clients_are_in_a_transaction(deploy: Deploy) -> None:
    """Nobody who has read and written, and goes on later, is waited for or kept waiting."""
    deploy.table(**by_id(LOW))
    with psycopg.connect(deploy.database.superuser_url) as client:
        client.execute("insert into posts (id) values (1)")
        deploy.table(**by_id(LOW, HIGH, storage={"fillfactor": 70}))
        assert client.execute("select count(*) from posts").fetchone() == (1,)
        client.execute("insert into posts (id) values (16)")
    assert deploy.sql("select count(*) from high") == [(1,)]


@pytest.mark.parametrize("left", ["alone", "detaching"])
def test_a_removal_that_was_cut_short_goes_on(deploy: Deploy, left: str) -> None:
    deploy.table(**by_id(LOW, HIGH))
    fill(deploy)
    if left == "alone":
        deploy.sql("alter table posts detach partition high concurrently")
    else:
        deploy.sql("update pg_inherits set inhdetachpending = true where inhrelid = 'high'::regclass")
    deploy.table(**by_id(LOW))
    assert deploy.table(**by_id(LOW)) == "same"
    assert deploy.sql("select to_regclass('high')") == [(None,)]


def test_undeclared_partitions_stay_and_stay_secured(deploy: Deploy) -> None:
    """A set that only grows drops nothing, and what it no longer names follows the table's access."""
    deploy.table(**by_id(LOW, HIGH, privileges=SUBSCRIBER, drop_undeclared=False))
    fill(deploy)
    later = by_id(LATER, privileges={}, row_security="forced", drop_undeclared=False)
    assert deploy.table(**later) == "update"
    assert deploy.table(**later) == "same"
    found = deploy.must_have("tables", "posts")
    assert [one["name"] for one in found["partitions"]] == ['Later "on" %s', "high", "low"]
    assert not any({"privileges", "rowSecurity"} & one.keys() for one in found["partitions"])
    assert deploy.sql("select count(*) from posts") == [(ROWS,)]
    deploy.sql("grant select on low to gp_other")
    assert deploy.refresh("Table", "posts") == "drift"
    assert deploy.table(**later) == "update"
    assert deploy.must_have("tables", "posts") == found


def test_partition_without_row_security_has_no_policies(deploy: Deploy) -> None:
    bare = {**HIGH, "rowSecurity": "off"}
    deploy.table(**by_id(LOW, bare, row_security="enabled"))
    deploy.policy("own", command="select", roles=["public"], using="id > 0", comment="c")
    assert deploy.sql(
        "select relid from (select polrelid::regclass::text as relid from pg_policy) as p order by 1"
    ) == [("low",), ("posts",)]
    assert deploy.refresh("Policy", "own") == "same"
    opened = deploy.snapshot()
    deploy.table(**by_id(LOW, HIGH, row_security="enabled"))
    assert deploy.sql("select obj_description(oid) from pg_policy where polrelid = 'high'::regclass") == [
        ("c",)
    ]
    assert deploy.refresh("Policy", "own") == "same"
    deploy.table(**by_id(LOW, bare, row_security="enabled"))
    assert deploy.snapshot() == opened
    deploy.policy("own", command="select", roles=["public"], using="id > 1", comment="c")
    assert deploy.sql("select count(*) from pg_policy") == [(2,)]


def test_new_partition_has_the_policies_of_its_table(deploy: Deploy) -> None:
    deploy.table(**by_id(LOW, row_security="forced", privileges={"gp_reader": ["select"]}))
    own = "exists (select 1 where posts.author = 7)"
    deploy.policy("own", command="select", roles=["gp_reader"], using=own, comment="c")
    deploy.table(**by_id(LOW, HIGH, row_security="forced", privileges={"gp_reader": ["select"]}))
    fill(deploy)
    deploy.sql("set role gp_reader")
    assert deploy.sql("select id from posts") == deploy.sql("select id from low") == [(7,)]
    assert deploy.sql("select id from high") == []
    deploy.sql("reset role")
    assert deploy.refresh("Policy", "own") == "same"


POLICY_DRIFTS = ["drop policy own on high", "alter policy own on high using (true)"]


@pytest.mark.parametrize("drift", POLICY_DRIFTS)
def test_policy_that_differs_in_a_partition_is_drift(deploy: Deploy, drift: str) -> None:
    deploy.table(**by_id(LOW, HIGH, row_security="forced"))
    own = {"command": "all", "roles": ["gp_reader"], "using": "posts.author = 7"}
    deploy.policy("own", **own)
    deployed = deploy.snapshot()
    deploy.sql(drift)  # type: ignore[arg-type]
    assert deploy.refresh("Policy", "own") == "drift"
    assert deploy.policy("own", **own) == "update"
    assert deploy.snapshot() == deployed


DRIFTS = {
    "row security": "alter table low disable row level security",
    "granted": "grant select on low to public",
    "revoked": "revoke all on low from gp_reader",
    "storage": "alter table low set (fillfactor = 50)",
    "comment": "comment on table low is 'drifted'",
    "another partition": "create table stray partition of posts for values from (3000) to (4000)",
    "dropped": "drop table high",
    "column": "alter table posts add column stray integer",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    declared = by_id(LOW, HIGH, row_security="forced", privileges=SUBSCRIBER, storage={"fillfactor": 70})
    deploy.table(**declared)
    deployed = deploy.snapshot()
    assert deploy.refresh("Table", "posts") == "same"
    deploy.sql(drift)  # type: ignore[arg-type]
    assert deploy.refresh("Table", "posts") == "drift"
    assert deploy.table(**declared) == "update"
    assert deploy.snapshot() == deployed


def test_detached_partition_is_not_taken_over(deploy: Deploy) -> None:
    deploy.table(**by_id(LOW, HIGH))
    deploy.sql("alter table posts detach partition high")
    assert deploy.refresh("Table", "posts") == "drift"
    attach = r'public.high" exists already as a table of its own: attach it \(alter table .* attach partition'
    with pytest.raises(ObjectExists, match=attach):
        deploy.table(**by_id(LOW, HIGH))


def test_rename_and_move_take_the_partitions_along(deploy: Deploy) -> None:
    deploy.sql("create schema blog; grant all on schema blog to deployer")
    deploy.table(**by_id(part("posts_low", LOW["bounds"]), HIGH))
    fill(deploy)
    moved = by_id(part("articles_low", LOW["bounds"]), HIGH) | {"name": "articles", "schema": "blog"}
    moved = {"columns": moved["columns"], "partitionBy": "range (id)", **moved}
    del moved["partition_by"]
    assert deploy.deploy("Table", "posts", moved) == "update"
    assert deploy.sql("select count(*) from blog.articles_low") == [(14,)]
    assert deploy.sql("select count(*) from blog.articles") == [(ROWS,)]
    assert deploy.refresh("Table", "posts") == "same"


def test_partitions_that_others_made_meanwhile_are_met(deploy: Deploy) -> None:
    """The same partition, made by hand with other rights, becomes what is declared."""
    deploy.table(**by_id(LOW, row_security="forced"))
    deploy.sql("create table high partition of posts for values from (15) to (1000)")
    deploy.sql("alter table high owner to deployer; grant select on high to public")
    deploy.table(**by_id(LOW, HIGH, row_security="forced"))
    high = deploy.must_have("tables", "posts")["partitions"][0]
    assert high == {"name": "high", "bounds": "FROM (15) TO (1000)"}


def test_how_it_is_divided_cannot_change(deploy: Deploy) -> None:
    deploy.table(**by_id(LOW))
    for other in ({"columns": POSTS}, by("hash (id)", *QUARTERS), by("range (views)", LOW)):
        with pytest.raises(
            InvalidDeclaration, match=r"posts\": how a table is partitioned cannot be changed"
        ):
            deploy.table(**other)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (by("range (nope)"), "partition by: there is no column nope"),
        (by("range id"), "partition by.*syntax error"),
        (by("sorted (id)"), "partition by.*unrecognized partitioning strategy"),
        (by_id(part("a", "from (1)")), 'partition "a".*syntax error'),
        (
            by_id(part("a", "from (1) to (2); drop table posts")),
            'partition "a".*(syntax error|more than one)',
        ),
        (by_id(part("a", "in (1)")), 'partition "a": bounds of a list do not fit range'),
        (
            by_id(part("a", "from (1, 2) to (3, 4)")),
            'partition "a": the key has 1 columns: give each a bound',
        ),
        (by("hash (id)", REST), "there is no default partition"),
        (by_id(LOW, LOW), "partition low is declared twice"),
        (by_id(part("a", "in (1)", of="low"), LOW), '"low" is no partition that is divided further'),
        (by_id({**LOW, "privileges": {"x": ["read"]}}), '"x": "read" is none of'),
        ({"columns": POSTS, "partitions": [LOW]}, "does not say by what it is partitioned"),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.table(**inputs)


def names(schedule: Schedule, today: str) -> list[str]:
    return [one.name for one in schedule.partitions("t", date.fromisoformat(today))]


@pytest.mark.parametrize(
    ("schedule", "today", "expected"),
    [
        (Monthly(ahead=1), "2026-12-31", ["t_2026_12", "t_2027_01"]),
        (Monthly(ahead=0, since=date(2026, 10, 9)), "2026-12-01", ["t_2026_10", "t_2026_11", "t_2026_12"]),
        (Monthly(ahead=0, keep=1), "2026-01-01", ["t_2025_12", "t_2026_01"]),
        (Monthly(ahead=0, keep=5, since=date(2026, 1, 1)), "2026-02-01", ["t_2026_01", "t_2026_02"]),
        (Quarterly(ahead=2), "2026-09-30", ["t_2026_q3", "t_2026_q4", "t_2027_q1"]),
        (Yearly(ahead=1), "2026-09-30", ["t_2026", "t_2027"]),
        (Weekly(ahead=1), "2027-01-03", ["t_2026_w53", "t_2027_w01"]),
        (Daily(ahead=2), "2028-02-28", ["t_2028_02_28", "t_2028_02_29", "t_2028_03_01"]),
    ],
)
def test_schedule(schedule: Schedule, today: str, expected: list[str]) -> None:
    assert names(schedule, today) == expected


@pytest.mark.parametrize("unit", [Daily, Weekly, Monthly, Quarterly, Yearly])
def test_periods_leave_no_gap_and_only_wait_for_the_next(unit: type[Schedule]) -> None:
    found = unit(ahead=40).partitions("t", date(2026, 2, 1))
    starts = [one.bounds.split("'")[1] for one in found]
    assert starts[1:] == [one.bounds.split("'")[3] for one in found][:-1]
    assert names(unit(ahead=2), "2026-02-03") == names(unit(ahead=2), "2026-02-04") or unit is Daily


def test_schedule_needs_numbers_of_periods() -> None:
    with pytest.raises(ValueError, match="ahead is a number of periods, at least 0: got -1"):
        Monthly(ahead=-1)


def test_time_goes_on(deploy: Deploy) -> None:
    """A deployment in a new month makes what is missing by then; the past goes only where it is retired."""
    bounds_of = {
        "date": "2026-05-01",
        "timestamp": "2026-05-01 00:00:00",
        "timestamptz": "2026-05-01 00:00:00+00",
    }
    for type_, lower in bounds_of.items():
        columns = [col("at", type_, nullable=False)]

        def table(schedule: Schedule, today: str, columns: list[Inputs] = columns, name: str = type_) -> str:
            parts = [*schedule.partitions(f"{name}_log", date.fromisoformat(today))]
            wired = [{"name": one.name, "bounds": one.bounds} for one in parts]
            given = {"columns": columns, "partition_by": "range (at)", "partitions": wired}
            return deploy.table(f"{name}_log", **given, drop_undeclared=schedule.keep is not None)

        assert table(Monthly(ahead=1), "2026-05-04") == "create"
        assert table(Monthly(ahead=1), "2026-05-31") == "same"
        assert table(Monthly(ahead=1), "2026-06-01") == "update"
        found = deploy.must_have("tables", f"{type_}_log")["partitions"]
        assert [one["name"][-7:] for one in found] == ["2026_05", "2026_06", "2026_07"]
        assert found[0]["bounds"].startswith(f"FROM ('{lower}') TO")
        assert table(Monthly(ahead=1, keep=0), "2026-06-01") == "update"
        assert len(deploy.must_have("tables", f"{type_}_log")["partitions"]) == 2


def test_ways_to_divide() -> None:
    deep = Range(
        "at", [Partition("a", "default", List("region", [Partition("eu", "in ('de')")], default=True))]
    )
    assert (deep.key, list(deep.wire("t"))) == (
        "range (at)",
        [
            {"name": "a", "bounds": "default", "partitionBy": "list (region)"},
            {"name": "eu", "bounds": "in ('de')", "of": "a"},
            {"name": "a_default", "bounds": "default", "of": "a"},
        ],
    )
    assert [one["bounds"] for one in Hash(("a", "b"), 2).wire("t")] == [
        "with (modulus 2, remainder 0)",
        "with (modulus 2, remainder 1)",
    ]
    assert (Hash("a", 2).drops_undeclared, Range("a", Monthly()).drops_undeclared) == (True, False)
    assert Range("a", Monthly(keep=3)).drops_undeclared


def test_partition_of_its_own_access_is_judged_like_a_table(deploy: Deploy) -> None:
    """What opens one partition is told, by a name that an approval for its table covers."""
    deploy.table(**by_id(LOW, HIGH, row_security="forced"))
    fill(deploy)
    opened = {**LOW, "rowSecurity": "off", "privileges": {"gp_reader": ["select"]}}
    with (
        deploy.next_deployment(approve=""),
        pytest.raises(HazardNotApproved, match=r"WIDENS_ACCESS on public\.posts\.low"),
    ):
        deploy.table(**by_id(opened, HIGH, row_security="forced"))
    with deploy.next_deployment(approve="WIDENS_ACCESS:public.posts"):
        assert deploy.table(**by_id(opened, HIGH, row_security="forced")) == "update"
