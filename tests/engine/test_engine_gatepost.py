"""The embedded engine and Gatepost's provider together: many at once, all or nothing, import, targets."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest
from fix_stack import DeployedStack
from pulumi import ResourceOptions

from gatepost.engine import DeploymentFailed, Manner
from gatepost.errors import UnsupportedFeature
from gatepost.resources import (
    Backfill,
    Check,
    Column,
    ForeignKey,
    Function,
    Index,
    MaterializedView,
    Policy,
    PrimaryKey,
    Table,
    View,
)

Declare = Callable[[ResourceOptions], object]
COLUMNS = [Column("id", "bigint"), Column("status", "text", default="'draft'")]


def shop(tables: int = 14, *, check: str = "status <> ''") -> Declare:
    """Some tables, each with a key, a reference to the one before, a check, an index and a policy."""

    def declare(opts: ResourceOptions) -> None:
        before: Table | None = None
        for number in range(tables):
            name = f"t{number:02d}"
            table = Table(name, columns=COLUMNS, row_security="enabled", opts=opts)
            PrimaryKey(f"{name}_pkey", table, ["id"], opts=opts)
            if before is not None:
                ForeignKey(f"{name}_fkey", table, ["id"], references=before, opts=opts)
            Check(f"{name}_status", table, check if number == 5 else "status <> ''", opts=opts)
            Index(f"{name}_idx", table, ["status"], opts=opts)
            Policy(f"{name}_read", table, command="select", roles=["public"], using="id > 0", opts=opts)
            before = table

    return declare


def transactions(deployed: DeployedStack) -> int:
    """How many transactions wrote into the ledger."""
    return deployed.sql("select count(distinct xmin::text) from gatepost.ledger")[0][0]


def test_many_new_objects_are_made_together_and_as_if_alone(deployed: DeployedStack) -> None:
    made = deployed.up(shop())
    together = deployed.snapshot()
    assert made.changes == {"create": 14 * 6 - 1 + 2}
    assert transactions(deployed) < 8
    assert deployed.sql("select count(*) from gatepost.ledger where outcome = 'done'")[0][0] >= 14 * 6 - 1
    again = deployed.up(shop())
    assert again.changes == {"same": 14 * 6 - 1 + 2}
    deployed.deployment(Manner()).destroy()
    assert deployed.snapshot() == {}
    for tables in range(2, 15, 2):  # a few at a time go one by one
        deployed.up(shop(tables))
    assert deployed.snapshot() == together


def test_one_that_fails_among_many_fails_alone(deployed: DeployedStack) -> None:
    failed = deployed.failed_up(shop(check="status > 1"))
    assert [failure.urn.rpartition("::")[2] for failure in failed.failures] == ["t05_status"]
    assert "operator does not exist" in str(failed)
    assert failed.result.changes["create"] == 14 * 6 - 2 + 2
    assert deployed.up(shop()).changes == {"same": 14 * 6 - 2 + 2, "create": 1}


def test_an_object_that_somebody_else_made_is_named_among_many(deployed: DeployedStack) -> None:
    deployed.sql("create table public.t03 (id bigint)")
    failed = deployed.failed_up(shop())
    assert "public.t03 exists already" in str(failed)
    assert len(failed.failures) == 1


def test_atomic_is_all(deployed: DeployedStack) -> None:
    deployed.up(shop(), atomic=True)
    assert deployed.up(shop()).changes == {"same": 14 * 6 - 1 + 2}
    deployed.up(shop(12, check="status <> 'no'"), atomic=True)
    assert not [key for key in deployed.snapshot() if key.name == "t13"]


def unqualified(opts: ResourceOptions) -> None:
    """Texts that name what is in public without saying so; foreign keys under forced row security."""
    a = Table("a", columns=COLUMNS, row_security="forced", opts=opts)
    b = Table("b", columns=[Column("a_id", "bigint")], row_security="forced", opts=opts)
    PrimaryKey("a_pkey", a, ["id"], opts=opts)
    ForeignKey("b_a", b, ["a_id"], references=a, opts=opts)
    View("v", sql="create view v with (security_invoker = true) as select id from a", opts=opts)
    Function("f", sql="create function f(a a) returns bigint language sql stable return a.id", opts=opts)
    MaterializedView("m", sql="create materialized view m as select count(*) as seen from b", opts=opts)
    Policy("p", a, command="select", roles=["public"], using="id in (select a_id from b)", opts=opts)


def test_atomic_does_what_a_deployment_does(deployed: DeployedStack) -> None:
    deployed.up(unqualified)
    made = deployed.snapshot()
    deployed.up(lambda _opts: None)
    deployed.up(unqualified, atomic=True)
    assert deployed.snapshot() == made
    assert set(deployed.up(unqualified).changes) == {"same"}


def test_atomic_is_nothing_when_one_fails(deployed: DeployedStack) -> None:
    deployed.up(shop(2))
    before, state = deployed.snapshot(), deployed.state
    failed = deployed.failed_up(shop(check="status > 1"), atomic=True)
    assert "t05_status" in str(failed)
    assert (deployed.snapshot(), deployed.state) == (before, state)
    deployed.up(shop(), atomic=True)


def test_atomic_refuses_what_cannot_be(deployed: DeployedStack) -> None:
    deployed.up(shop(2))
    deployed.sql("insert into t00 values (1, 'new')")
    before, state = deployed.snapshot(), deployed.state

    def with_index(opts: ResourceOptions) -> None:
        table = Table("t00", columns=COLUMNS, row_security="enabled", opts=opts)
        Index("t00_more", table, ["id", "status"], opts=opts)

    for attempt in (deployed.preview, deployed.up):
        with pytest.raises((DeploymentFailed, UnsupportedFeature)) as caught:
            attempt(with_index, atomic=True)
        assert "create index concurrently" in str(caught.value)
    assert (deployed.snapshot(), deployed.state) == (before, state)


def filled(opts: ResourceOptions, *, backfill: bool = True) -> None:
    """A forced table, and what fills a column of its rows."""
    table = Table("t", columns=COLUMNS, row_security="forced", opts=opts)
    key = PrimaryKey("t_pkey", table, ["id"], opts=opts)
    if backfill:
        after = ResourceOptions.merge(opts, ResourceOptions(depends_on=[key]))
        Backfill("renamed", table, sets={"status": "'new'"}, where="status = 'old'", opts=after)


KILLED = """
import os, pickle, sys
from engine.test_engine_gatepost import DeployedStack, filled
from gatepost.postgres.runner import Runner

Runner._run_concurrent = lambda *_: os._exit(9)
DeployedStack(*pickle.load(sys.stdin.buffer)).up(filled)
"""


def test_what_a_killed_backfill_left_goes_though_nothing_else_changes(deployed: DeployedStack) -> None:
    deployed.up(lambda opts: filled(opts, backfill=False))
    deployed.sql("insert into t select g, 'old' from generate_series(1, 10) as g")
    before = deployed.snapshot()
    tests = Path(__file__).parents[1]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED],
        input=pickle.dumps((deployed.database, deployed.root)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tests, tests.parent)))},
        timeout=120,
        check=False,
    )
    assert killed.returncode == 9
    assert deployed.snapshot() != before
    assert deployed.up(lambda opts: filled(opts, backfill=False)).warnings == []
    assert deployed.snapshot() == before
    assert deployed.up(filled).changes["create"] == 1
    assert deployed.sql("select distinct status from t") == [("new",)]
    assert deployed.snapshot() == before


def test_import_takes_over_what_is_there(deployed: DeployedStack) -> None:
    deployed.up(shop(2))
    declared = deployed.snapshot()
    (deployed.root / ".pulumi" / "stacks" / "shop" / "dev.json").unlink()

    def imported(opts: ResourceOptions, status: str = "'draft'::text") -> None:
        def known(identity: str) -> ResourceOptions:
            return ResourceOptions.merge(opts, ResourceOptions(import_=identity))

        columns = [COLUMNS[0], Column("status", "text", default=status)]
        table = Table("t00", columns=columns, row_security="enabled", opts=known("public.t00"))
        PrimaryKey("t00_pkey", table, ["id"], opts=known("public.t00.t00_pkey"))
        Index("t00_idx", table, ["status"], opts=known("public.t00_idx"))
        Policy(
            "t00_read",
            table,
            command="select",
            roles=["public"],
            using="id > 0",
            opts=known("public.t00.t00_read"),
        )

    failed = deployed.failed_up(lambda opts: imported(opts, "'new'"))
    assert "differs from the declaration in columns: declare it as it is" in str(failed)
    assert "'draft'::text" in str(failed)
    assert deployed.up(imported).changes == {"same": 2, "import": 4}
    assert deployed.snapshot() == declared
    assert deployed.up(imported).changes == {"same": 6}


def test_import_of_what_is_not_there_says_so(deployed: DeployedStack) -> None:
    def nothing(opts: ResourceOptions) -> None:
        Table("t", columns=COLUMNS, opts=ResourceOptions.merge(opts, ResourceOptions(import_="public.t")))

    assert "'public.t' does not exist" in str(deployed.failed_up(nothing))


def test_a_target_is_all_that_changes(deployed: DeployedStack) -> None:
    assert deployed.up(shop(3), targets=("t00*",)).changes["create"] == 7
    assert {key.name for key in deployed.snapshot()} == {"t00"}
    deployed.up(shop(3))
    assert deployed.up(shop(2, check=""), targets=("t02*",)).changes["delete"] == 6
    assert {key.name for key in deployed.snapshot()} == {"t00", "t01"}


def test_refresh_comes_first_when_it_is_asked_for(deployed: DeployedStack) -> None:
    deployed.up(shop(2))
    declared = deployed.snapshot()
    deployed.sql("drop index t00_idx; alter table t01 disable row level security")
    assert deployed.up(shop(2)).changes == {"same": 13}
    assert deployed.preview(shop(2), refresh=True).changes == {"same": 11, "update": 1, "create": 1}
    assert deployed.up(shop(2), refresh=True).changes == {"same": 11, "update": 1, "create": 1}
    assert deployed.snapshot() == declared


def test_outputs_of_a_plain_declaration_are_outputs_like_others(deployed: DeployedStack) -> None:
    heard: list[object] = []

    def declare(opts: ResourceOptions) -> None:
        table = Table("posts", columns=COLUMNS, opts=opts)
        table.name.apply(heard.append)
        named = pulumi.Output.concat(table.schema, ".", table.name)
        pulumi.export("table", named)
        pulumi.export("id", table.id)
        Index(
            "posts_idx", table, ["status"], name=table.name.apply(lambda name: f"{name}_by_status"), opts=opts
        )  # type: ignore[arg-type]

    assert deployed.up(declare).outputs == {"table": "public.posts", "id": "public.posts"}
    assert heard == ["posts"]
    assert {key.object for key in deployed.snapshot()} == {"", "posts_by_status"}


def test_many_new_objects_and_nobody_answers(deployed: DeployedStack) -> None:
    deployed.superuser.execute("alter role deployer connection limit 0")
    try:
        failed = deployed.failed_up(shop())
    finally:
        deployed.superuser.execute("alter role deployer connection limit -1")
    assert len(failed.failures) == 14
    assert "too many connections" in str(failed)
    assert deployed.up(shop()).changes == {"create": 14 * 6 - 1, "same": 2}


@pytest.mark.parametrize("path", ["row_security", "rowSecurity", "columns[0].identity_options"])
def test_options_name_properties_as_arguments(deployed: DeployedStack, path: str) -> None:
    def declare(opts: ResourceOptions, row_security: str, cache: int) -> None:
        opts = ResourceOptions.merge(opts, ResourceOptions(ignore_changes=[path]))
        numbered = Column("id", "bigint", identity="always", identity_options={"cache": cache})
        Table("t", columns=[numbered], row_security=row_security, opts=opts)

    deployed.up(lambda opts: declare(opts, "forced", 7))
    before = deployed.snapshot()
    secured = path.startswith("row")
    again = deployed.up(lambda opts: declare(opts, "off" if secured else "forced", 7 if secured else 9))
    assert set(again.changes) == {"same"}
    assert deployed.snapshot() == before


def test_a_custom_timeout_ends_what_takes_longer(deployed: DeployedStack) -> None:
    def slow(opts: ResourceOptions, seconds: str) -> None:
        hurried = ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=seconds))
        text = "create materialized view m as select pg_sleep(3)::text as slept"
        MaterializedView("m", sql=text, opts=ResourceOptions.merge(opts, hurried))

    failed = deployed.failed_up(lambda opts: slow(opts, "1s"))
    assert "custom timeout on the resource" in str(failed)
    assert deployed.up(lambda opts: slow(opts, "1m")).changes["create"] == 1
    assert deployed.sql("select relispopulated from pg_class where relname = 'm'") == [(True,)]
