"""The guide's query on 200,000 integrations, under row security, as `authenticated`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fix_platform import PROJECT, Deployed, copy_of
from pytest_benchmark.fixture import BenchmarkFixture

from gatepost import queries, targets

QUERY = queries.load(PROJECT / "schema/integrations/queries")["active_integrations"]
ROWS = Path(__file__).with_name("many_integrations.sql")
Connection = psycopg.Connection[dict[str, Any]]


def identifier(text: str) -> UUID:
    """The id that many_integrations.sql gives to the thing of this name."""
    return UUID(md5(text.encode(), usedforsecurity=False).hexdigest())


MEMBER = json.dumps({"sub": str(identifier("user 7"))})
ARGUMENTS = QUERY.arguments({"organization": identifier("organization 7")})


@pytest.fixture(scope="module")
def crowded(platform: Deployed) -> Iterator[Deployed]:
    """A copy of the platform with 200,001 integrations."""
    with copy_of(platform, platform) as copied:
        with copied.connect() as connection:
            connection.execute("set role service_role")
            connection.execute(ROWS.read_bytes())
        with copied.superuser() as connection:
            connection.execute("vacuum analyze")
        yield copied


@pytest.fixture
def member(crowded: Deployed) -> Iterator[Connection]:
    """A connection as an API has it, to be used for one member's requests."""
    with crowded.connect(autocommit=True, prepare_threshold=0) as connection:
        yield connection


def ask(connection: Connection, prefix: str = "") -> list[dict[str, Any]]:
    """Run the query as the member: identity and statement in one round trip."""
    with connection.pipeline(), connection.transaction():
        connection.execute("set local role authenticated")
        connection.execute("select set_config('request.jwt.claims', %s, true)", [MEMBER])
        return connection.execute((prefix + QUERY.sql).encode(), ARGUMENTS).fetchall()


def plan_of(connection: Connection) -> dict[str, Any]:
    """The plan that the query ran with, its timing included."""
    explained: dict[str, Any] = ask(connection, "explain (analyze, buffers, format json) ")[0]["QUERY PLAN"][
        0
    ]
    return explained


def index_names(plan: Any) -> set[str]:
    """Every index in a plan."""
    if isinstance(plan, list):
        return set().union(*map(index_names, plan))
    if not isinstance(plan, dict):
        return set()
    own = {plan["Index Name"]} if "Index Name" in plan else set()
    return own.union(*map(index_names, plan.values()))


def test_active_integrations(benchmark: BenchmarkFixture, member: Connection) -> None:
    """One request of a member: set the identity, ask, read the rows; the whole round trip."""
    rows = benchmark.pedantic(ask, [member], rounds=2_000, warmup_rounds=200)
    plan = plan_of(member)
    benchmark.extra_info["what"] = "active integrations of an organization, of 200,001, whole round trip"
    benchmark.extra_info["target"] = f"{targets.INDEXED_QUERY.limit:g} {targets.INDEXED_QUERY.unit}"
    benchmark.extra_info["index"] = ", ".join(sorted(index_names(plan)))
    benchmark.extra_info["server"] = f"{plan['Execution Time']:.3f} ms"
    assert [row["type"] for row in rows] == ["email", "whatsapp"]
    assert "idx_active_integrations" in index_names(plan)
    assert targets.INDEXED_QUERY.holds(benchmark.stats["median"] * 1000)


WITHOUT_INDEXES = """
    do $$
    declare
        doomed record;
    begin
        for doomed in
            select c.conname from pg_constraint as c
            where c.conrelid = 'public.integrations'::regclass and c.contype = 'u'
        loop
            execute format('alter table public.integrations drop constraint %I cascade', doomed.conname);
        end loop;
        for doomed in
            select i.indexrelid::regclass as name from pg_index as i
            where i.indrelid = 'public.integrations'::regclass and not i.indisprimary
        loop
            execute format('drop index %s', doomed.name);
        end loop;
    end
    $$
"""


def test_active_integrations_without_indexes(
    benchmark: BenchmarkFixture, crowded: Deployed, platform: Deployed
) -> None:
    """The same where the table has just its primary key: what the index is worth."""
    with copy_of(platform, crowded) as bare:
        with bare.superuser() as connection:
            connection.execute(WITHOUT_INDEXES)
        with bare.connect(autocommit=True, prepare_threshold=0) as connection:
            rows = benchmark.pedantic(ask, [connection], rounds=20, warmup_rounds=2)
            plan = plan_of(connection)
    benchmark.extra_info["what"] = "the same without any index but the primary key"
    benchmark.extra_info["server"] = f"{plan['Execution Time']:.3f} ms"
    assert [row["type"] for row in rows] == ["email", "whatsapp"]
    assert not {name for name in index_names(plan) if "integrations" in name}
