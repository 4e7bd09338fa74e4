"""Every index has its query, every query its index, and PostgreSQL uses it, under row security."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fix_platform import PROJECT, Deployed, copy_of
from people import ACME, ACME_WHATSAPP, ADA

from gatepost.queries import Query, load
from gatepost.subjects import NOBODY, Subjects, acting_as, subjects_of

FEATURES = {folder.parent: load(folder) for folder in sorted((PROJECT / "schema").glob("*/queries"))}
QUERIES = {
    f"{feature.name}.{name}": query for feature, found in FEATURES.items() for name, query in found.items()
}
HAS_MANY_ROWS = ("foundation", "integrations", "monitoring")
INDEXED = [name for name, query in QUERIES.items() if query.index and name.startswith(HAS_MANY_ROWS)]
MANY_ROWS = Path(__file__).with_name("many_rows.sql")
ACME_MEMBER = {"organization": ACME, "member": ADA, "email": "ada@acme.example", "integration": ACME_WHATSAPP}


@pytest.fixture(scope="module")
def full(platform: Deployed) -> Iterator[Deployed]:
    """The platform with 200,000 integrations and as many executions."""
    with copy_of(platform, platform) as copied:
        with copied.superuser() as connection:
            for statement in MANY_ROWS.read_bytes().split(b";\n"):
                connection.execute(statement)
        yield copied


def explain(platform: Deployed, query: Query, subjects: Subjects) -> dict[str, Any]:
    login = "monitor" if query.role == "app_monitor" else "authenticator"
    statement = f"explain (analyze, buffers, format json) {query.sql}".encode()
    with platform.connect(login) as connection, acting_as(query.role, subjects, connection):
        for _ in range(2):
            row = connection.execute(statement, query.arguments(subjects) or None).fetchone()
    assert row is not None
    plan: dict[str, Any] = row["QUERY PLAN"][0]
    return plan


def indexes_of(node: dict[str, Any]) -> set[str]:
    own = {node["Index Name"]} if "Index Name" in node else set()
    return own.union(*(indexes_of(child) for child in node.get("Plans", [])))


@pytest.mark.parametrize("name", INDEXED)
def test_query_uses_its_index(full: Deployed, name: str) -> None:
    query = QUERIES[name]
    assert query.index in indexes_of(explain(full, query, ACME_MEMBER)["Plan"])


@pytest.mark.parametrize("name", QUERIES)
def test_query_runs_on_demo_rows(platform: Deployed, name: str) -> None:
    query = QUERIES[name]
    feature = query.path.parent.parent
    with platform.superuser() as connection:
        subjects = subjects_of(feature, FEATURES[feature].values(), connection)
    assert explain(platform, query, subjects)["Execution Time"] < 100


def test_active_integrations_take_less_than_5_ms(full: Deployed) -> None:
    query = QUERIES["integrations.active_integrations"]
    assert explain(full, query, ACME_MEMBER)["Execution Time"] < 5


def test_every_index_names_a_query_that_names_it(platform: Deployed) -> None:
    declared = [one["inputs"] for one in platform.resources if one["type"] == "gatepost:index:Index"]
    names = {(query.path.stem, query.index) for query in QUERIES.values()}
    assert not {(Path(one["serves"]).stem, one["name"]) for one in declared} - names


def test_every_query_names_an_index_that_is_there(platform: Deployed) -> None:
    with platform.superuser() as connection:
        rows = connection.execute("select relname from pg_class where relkind in ('i', 'I')").fetchall()
    assert not {query.index for query in QUERIES.values() if query.index} - {row["relname"] for row in rows}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_demo_rows_have_every_subject(platform: Deployed, feature: Path) -> None:
    queries = FEATURES[feature].values()
    asked = {name for query in queries for one in query.parameters for name in one.subjects}
    with platform.superuser() as connection:
        found = subjects_of(feature, queries, connection)
    assert not {name for name in asked if found[name] in (NOBODY, "nobody", "epoch", 0)}


def test_fourteen_performance_indexes_beside_those_of_integrations_and_erasures(
    platform: Deployed,
) -> None:
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
    names = {row["index"].split(".")[-1] for row in rows} & {QUERIES[name].index for name in INDEXED}
    names = {name for name in names if not name.endswith(("created_by", "updated_by"))}
    assert names >= guide
    assert len(names - guide) == 14
