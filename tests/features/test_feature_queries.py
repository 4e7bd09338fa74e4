"""Every index has its query, every query its index, and PostgreSQL uses it, under row security."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fix_platform import PROJECT, Deployed, copy_of
from people import ACME, ACME_WHATSAPP, ADA

from gatepost.queries import Query, load

QUERIES: dict[str, Query] = {}
for folder in sorted((PROJECT / "schema").glob("*/queries")):
    QUERIES |= load(folder)
SUBJECTS = {"organization": ACME, "member": ADA, "email": "ada@acme.example", "integration": ACME_WHATSAPP}

MANY_ROWS = Path(__file__).with_name("many_rows.sql")


@pytest.fixture(scope="module")
def full(platform: Deployed) -> Iterator[Deployed]:
    """The platform with 200,000 integrations and as many executions."""
    with copy_of(platform, platform) as copied:
        with copied.superuser() as connection:
            for statement in MANY_ROWS.read_bytes().split(b";\n"):
                connection.execute(statement)
        yield copied


def explain(platform: Deployed, query: Query) -> dict[str, Any]:
    monitors = query.role == "app_monitor"
    with platform.connect("monitor" if monitors else "authenticator") as connection:
        if not monitors:
            connection.execute(
                psycopg.sql.SQL("set local role {}").format(psycopg.sql.Identifier(query.role))
            )
        connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": ADA})])
        statement = f"explain (analyze, buffers, format json) {query.sql}".encode()
        for _ in range(2):
            row = connection.execute(statement, query.arguments(SUBJECTS) or None).fetchone()
        connection.rollback()
    assert row is not None
    plan: dict[str, Any] = row["QUERY PLAN"][0]
    return plan


def indexes_of(node: dict[str, Any]) -> set[str]:
    own = {node["Index Name"]} if "Index Name" in node else set()
    return own.union(*(indexes_of(child) for child in node.get("Plans", [])))


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if query.index])
def test_query_uses_its_index(full: Deployed, name: str) -> None:
    assert QUERIES[name].index in indexes_of(explain(full, QUERIES[name])["Plan"])


@pytest.mark.parametrize("name", QUERIES)
def test_query_runs_on_demo_rows(platform: Deployed, name: str) -> None:
    assert explain(platform, QUERIES[name])["Execution Time"] < 100


def test_active_integrations_take_less_than_5_ms(full: Deployed) -> None:
    assert explain(full, QUERIES["active_integrations"])["Execution Time"] < 5


def test_every_index_names_the_query_that_names_it(platform: Deployed) -> None:
    declared = [one["inputs"] for one in platform.resources if one["type"] == "gatepost:index:Index"]
    assert {one["name"]: Path(one["serves"]).stem for one in declared} == {
        query.index: name for name, query in QUERIES.items() if query.index
    }


def test_fourteen_performance_indexes_beside_those_of_integrations(platform: Deployed) -> None:
    with platform.superuser() as connection:
        rows = connection.execute(
            "select relid::regclass::text as table, indexrelid::regclass::text as index"
            " from pg_stat_user_indexes join pg_index using (indexrelid)"
            " where not indisunique and schemaname in ('public', 'app', 'monitoring')"
        ).fetchall()
    guide = {
        "idx_integrations_organization_id",
        "idx_integrations_type",
        "idx_integrations_status",
        "idx_active_integrations",
    }
    names = {row["index"].split(".")[-1] for row in rows}
    assert names >= guide
    assert len(names - guide) == 14
