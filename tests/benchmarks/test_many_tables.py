"""Hundreds of tables, each with a key, a foreign key, two indexes and a policy, beside `psql -f`.

Both run in turn in one run of the benchmark, on the same server: their ratio counts, not their seconds.
The server is one as users have it: on disk, with `fsync` and `synchronous_commit` as they are by default.
In memory nothing waits for a disk, and only the work of processors is compared: that has a target of its own.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from fix_stack import DeployedStack
from fix_workspace import Workspace
from pulumi import ResourceOptions
from pytest_benchmark.fixture import BenchmarkFixture
from servers import Server

from gatepost import targets
from gatepost.engine import Manner, Result
from gatepost.resources import Column, ForeignKey, Index, Policy, PrimaryKey, Table

USER = "owner_id = nullif(current_setting('app.user_id', true), '')::uuid"


def tables(number: int) -> Callable[[ResourceOptions], None]:
    """A program of so many tables, each with a foreign key to the one before."""

    def declare(on: ResourceOptions) -> None:
        before: Table | None = None
        for place in range(number):
            name = f"t{place:04d}"
            columns = [
                Column("id", "bigint", identity="always"),
                Column("prior_id", "bigint", nullable=True),
                Column("owner_id", "uuid"),
                Column("status", "text", default="'draft'"),
                Column("made_at", "timestamptz", default="now()"),
            ]
            table = Table(name, columns=columns, row_security="enabled", opts=on)
            PrimaryKey(f"{name}_pkey", table, ["id"], opts=on)
            ForeignKey(f"{name}_prior_fkey", table, ["prior_id"], references=before or table, opts=on)
            Index(f"{name}_owner_idx", table, ["owner_id"], opts=on)
            Index(f"{name}_drafts_idx", table, ["made_at"], where="status = 'draft'", opts=on)
            Policy(f"{name}_own", table, command="select", roles=["public"], using=USER, opts=on)
            before = table

    return declare


@contextmanager
def empty_stack(server: Server, root: Path) -> Iterator[DeployedStack]:
    """A stack on a new database."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    with server.database() as database:
        stack = DeployedStack(database, root)
        try:
            yield stack
        finally:
            stack.superuser.close()


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def psql(server: Server, script: Path) -> float:
    """Run a script as the deployer on a new database; return the seconds of the whole process."""
    program = shutil.which("psql")
    if program is None:
        pytest.skip("there is no psql to compare with")
    with server.database() as database:
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("grant all on schema public to deployer")
        command = [program, database.deployer_url, "-qX", "-v", "ON_ERROR_STOP=1", "-f", str(script)]
        return timed(lambda: subprocess.run(command, check=True))


def test_many_tables_are_deployed_like_a_script(
    benchmark: BenchmarkFixture, durable_server: Server, tmp_path: Path
) -> None:
    beside_psql(benchmark, durable_server, tmp_path, targets.MANY_TABLES)


def test_many_tables_in_memory(benchmark: BenchmarkFixture, server: Server, tmp_path: Path) -> None:
    beside_psql(benchmark, server, tmp_path, targets.MANY_TABLES_IN_MEMORY)


def beside_psql(benchmark: BenchmarkFixture, server: Server, tmp_path: Path, target: targets.Target) -> None:
    """300 tables with all that belongs to them, and the very statements by `psql -f`, five times in turn."""
    script, ours, theirs = tmp_path / "statements.sql", [], []
    for _ in range(5):
        with empty_stack(server, tmp_path / "stack") as stack:
            ours.append(timed(lambda: stack.up(tables(300))))
            rows = stack.sql("select statement from gatepost.ledger order by id")
            script.write_text(";\n".join(row[0] for row in rows) + ";\n")
        theirs.append(psql(server, script))
    benchmark.pedantic(lambda: None, rounds=1)
    ratio = sorted(a / b for a, b in zip(ours, theirs, strict=True))[2]
    judge(benchmark, target, ratio, f"{min(ours):.2f} s; psql -f {min(theirs):.2f} s")


def test_nothing_to_do_of_300(benchmark: BenchmarkFixture, server: Server, tmp_path: Path) -> None:
    """The same again, when nothing changed."""
    with empty_stack(server, tmp_path / "stack") as stack:
        stack.up(tables(300))
        judge_nothing_to_do(benchmark, stack, 300, targets.NOTHING_OF_300)


@pytest.fixture(scope="module")
def thousand(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """A stack of 1,000 tables."""
    with empty_stack(server, tmp_path_factory.mktemp("thousand") / "stack") as stack:
        stack.up(tables(1000))
        yield stack


def test_nothing_to_do_of_1000(benchmark: BenchmarkFixture, thousand: DeployedStack) -> None:
    judge_nothing_to_do(benchmark, thousand, 1000, targets.NOTHING_OF_1000)


def test_refresh_of_1000(benchmark: BenchmarkFixture, thousand: DeployedStack) -> None:
    """1,000 tables read again, by as many queries as 10."""
    benchmark.pedantic(lambda: thousand.deployment(Manner()).refresh(), rounds=3, warmup_rounds=1)
    unit = 1024 if sys.platform != "darwin" else 2**20
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    judge(benchmark, targets.REFRESH_OF_1000, benchmark.stats["min"], f"{megabytes:.0f} MB, all tests")


def test_adoption_of_1000(benchmark: BenchmarkFixture, thousand: DeployedStack, tmp_path: Path) -> None:
    """A program of 1,000 tables written for the database that has them, taken into a state and proved."""
    url = thousand.database.superuser_url
    workspace = Workspace(tmp_path, thousand.database, {"GATEPOST_DATABASE_URL": url})
    adopted = ("adopt", url, "--json")
    told = benchmark.pedantic(lambda: workspace.run(*adopted, seconds=600).stdout, rounds=1)
    assert json.loads(told)["unchanged"] > 6000
    judge(benchmark, targets.ADOPTION_OF_1000, benchmark.stats["min"], "")


def judge_nothing_to_do(
    benchmark: BenchmarkFixture, stack: DeployedStack, number: int, target: targets.Target
) -> None:
    """Deploy the same again within this process."""
    again: list[Result] = []
    benchmark.pedantic(lambda: again.append(stack.up(tables(number))), rounds=3, warmup_rounds=1)
    assert set(again[-1].changes) == {"same"}
    judge(benchmark, target, benchmark.stats["min"], "")


def judge(benchmark: BenchmarkFixture, target: targets.Target, found: float, beside: str) -> None:
    """Print what was found beside its target, and hold it."""
    figure = f"{found:.2f} {target.unit}" + (f" ({beside})" if beside else "")
    benchmark.extra_info |= {
        "what": target.what,
        "figure": figure,
        "target": f"{target.limit:g} {target.unit}",
    }
    assert target.holds(found), f"{target.what}: {figure}"
