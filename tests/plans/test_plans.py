"""A structure with one of each mistake: the proof finds every one of them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from servers import Server, at

from gatepost.plans.judgement import QueryProof
from gatepost.plans.proof import PlanProof, Question, prove
from gatepost.postgres.connect import Target
from gatepost.postgres.structure import Structure, read_structure
from gatepost.queries import load

STRUCTURE = Path(__file__).with_name("structure.sql")
SUBJECTS = """-- Somebody, the organization, a note of it
-- as: plans_reader
select n.organization_id as organization, m.user_id as member
from public.notes as n inner join public.memberships as m on n.organization_id = m.organization_id
limit 1;
"""
TENANT = "-- parameter: organization_id uuid = {organization}\n"
MINE = "n.organization_id = %(organization_id)s"
QUERIES = {
    "newest_notes": f"-- index: idx_notes_newest\n{TENANT}"
    f"select n.id from public.notes as n where {MINE} order by n.created_at desc limit 20;",
    "labelled_notes": "-- index: idx_notes_labels\n-- parameter: labels text[] = {labels}\n"
    "select n.id from public.notes as n where n.labels @> %(labels)s;".replace("{labels}", "urgent, new"),
    "called_for_each_row": "-- index: idx_memberships_user\n"
    "select n.id from public.slow_notes as n where n.kind = 'draft' limit 20;",
    "all_visits": "select count(*) from public.visits as v where v.path < 'zz';",
    "all_visits_as_declared": "-- grows: linear\n-- target: 1000 ms\n"
    "-- parameter: path text = a ~ public.visits.path\n"
    "select count(*) from public.visits as v where v.path <= %(path)s;",
    "dropped_index": f"-- index: idx_notes_dropped\n{TENANT}"
    f"select n.id from public.notes as n where {MINE} and n.kind = 'published' limit 5;",
    "too_slow": "-- target: 0.0001 ms\n-- index: idx_memberships_user\n"
    "-- parameter: user_id uuid = {member}\n"
    "select m.role from public.memberships as m where m.user_id = %(user_id)s;",
    "nothing": "-- index: users_email_key\n-- parameter: email text = nobody@example.org\n"
    "select u.id from public.users as u where lower(u.email) = lower(%(email)s);",
    "newest_events": f"-- index: idx_events_newest\n{TENANT}"
    "select e.kind from public.events as e where e.organization_id = %(organization_id)s"
    " order by e.happened_at desc limit 20;",
}


@pytest.fixture(scope="module")
def structure(server: Server) -> Iterator[Structure]:
    with server.database() as made:
        url = at(server.superuser_url, made.name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("drop role if exists plans_reader")
            connection.execute("create role plans_reader")
            connection.execute(STRUCTURE.read_bytes())
            info = connection.info
            yield read_structure(Target(info.host, info.port, info.user, info.dbname, info.password))
            connection.execute("drop owned by plans_reader")
            connection.execute("drop role plans_reader")


@pytest.fixture(scope="module")
def proof(structure: Structure, tmp_path_factory: pytest.TempPathFactory) -> PlanProof:
    schema = tmp_path_factory.mktemp("schema")
    (schema / "notes" / "queries").mkdir(parents=True)
    (schema / "notes" / "subjects.sql").write_text(SUBJECTS)
    for name, text in QUERIES.items():
        file = schema / "notes" / "queries" / f"{name}.sql"
        file.write_text(f"-- {name}\n-- as: plans_reader\n{text}\n")
    queries = {"notes": load(schema / "notes" / "queries"), "none": {}}
    return prove(Question(structure, [], schema, queries, rows=20_000, at=1e9), lambda _: None)


def findings(proof: PlanProof, name: str) -> str:
    return "\n".join(one_of(proof, name).findings)


def one_of(proof: PlanProof, name: str) -> QueryProof:
    return next(one for one in proof.queries if one.query.name == name)


@pytest.mark.parametrize("name", ["newest_notes", "all_visits_as_declared", "newest_events"])
def test_good_query_is_proven(proof: PlanProof, name: str) -> None:
    assert not findings(proof, name)


def test_index_that_was_dropped(proof: PlanProof) -> None:
    found = findings(proof, "dropped_index")
    assert "the custom plan does not use idx_notes_dropped: it uses" in found
    assert "the generic plan does not use idx_notes_dropped: it uses" in found
    assert "the generic plan for 1,000,000,000 rows does not use idx_notes_dropped" in found


def test_function_that_is_called_for_each_row(proof: PlanProof) -> None:
    assert "app.is_member() is called for each row" in findings(proof, "called_for_each_row")


def test_operator_that_is_not_leakproof(proof: PlanProof) -> None:
    found = findings(proof, "labelled_notes")
    assert "does not use idx_notes_labels" in found
    assert "an operator of its condition is not leakproof" in found


def test_pages_that_grow_with_the_table(proof: PlanProof) -> None:
    assert "more than log growth" in findings(proof, "all_visits")
    assert "growth" not in findings(proof, "newest_notes")


def test_target_that_is_missed(proof: PlanProof) -> None:
    assert "its target is 0.0001 ms" in findings(proof, "too_slow")


def test_query_that_finds_nothing_proves_nothing(proof: PlanProof) -> None:
    assert "no request found a row" in findings(proof, "nothing")


def test_indexes_that_could_go(proof: PlanProof) -> None:
    reasons = {one.index: one.reason for one in proof.indexes}
    assert reasons["idx_memberships_tenant"].startswith("memberships_pkey begins with the same columns")
    assert "no query of any feature uses it" in reasons["idx_notes_forgotten"]
    assert not reasons.keys() & {
        "idx_notes_newest",
        "idx_events_newest",
        "idx_memberships_user",
        "notes_pkey",
    }


def test_plans_for_a_billion_rows(proof: PlanProof) -> None:
    plans = one_of(proof, "newest_notes").at
    assert {mode: "idx_notes_newest" in plan.indexes for mode, plan in plans.items()} == {
        "custom": True,
        "generic": True,
    }
    assert max(plan.expected for one in proof.queries for plan in one.at.values()) > 1e7


def test_sizes_are_a_hundredth_and_a_tenth_and_all(proof: PlanProof) -> None:
    assert [size.rows for size in one_of(proof, "newest_notes").sizes] == [200, 2_000, 20_000]
    assert all(size.found for size in one_of(proof, "newest_notes").sizes)
