"""Rows that a constraint fails by: nobody is told what they hold, but how to find them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fix_provider import Deploy, Inputs, col

from gatepost.errors import GatepostError, StatementFailed

PERSONAL = "mole@example.org"
COLUMNS = [
    col("id", "integer", nullable=False),
    col("email", "text"),
    col("kind", "text"),
    col("Team", "integer"),
    col("boss", "integer"),
]
FOUND = "correct the rows that this finds, then deploy again: "


def people(deploy: Deploy) -> None:
    """Rows that break every constraint of this file, beside rows that break none."""
    deploy.table("people", columns=COLUMNS)
    deploy.table("teams", columns=[col("id", "integer", nullable=False), col("part", "integer")])
    deploy.constraint("teams_key", table="teams", kind="primary_key", columns=["id"])
    deploy.constraint("teams_parts", table="teams", kind="unique", columns=["id", "part"])
    deploy.sql("insert into teams values (1, 1)")
    deploy.sql(
        'insert into people (id, email, kind, "Team", boss) values'
        " (1, 'mole@example.org', 'x', 4711, 4711), (2, 'MOLE@example.org', null, 4711, 4711),"
        " (3, null, 'y', 1, 1), (4, 'owl@example.org', 'y', 1, null)"
    )


def foreign(*columns: str, to: tuple[str, ...], **more: object) -> Inputs:
    references = {"schema": "public", "table": "teams", "columns": list(to)}
    return {"kind": "foreign_key", "columns": list(columns), "references": references, **more}


CONSTRAINTS: dict[str, tuple[Inputs, str, list[Any]]] = {
    "unique": (
        {"kind": "unique", "columns": ["Team", "boss"]},
        'could not create unique index .*, in public.people ("Team", boss)',
        [(4711, 4711, 2)],
    ),
    "check": (
        {"kind": "check", "expression": "email = lower(email) and kind <> 'z'"},
        "is violated by some row, in public.people",
        [(2,)],
    ),
    "foreign key": (
        foreign("Team", to=("id",)),
        'violates foreign key constraint "k", in public.people (Team)',
        [(4711,)],
    ),
    "foreign key of two columns": (
        foreign("Team", "boss", to=("id", "part")),
        'violates foreign key constraint "k", in public.people (Team, boss)',
        [(4711, 4711)],
    ),
    "foreign key that matches in full": (
        foreign("Team", "boss", to=("id", "part"), match="full"),
        'violates foreign key constraint "k", in public.people (Team, boss)',
        [(1, None), (4711, 4711)],
    ),
    "primary key of nulls": (
        {"kind": "primary_key", "columns": ["email"]},
        "email",
        [(3,)],
    ),
}


def refused(deploy: Deploy, kind: str, inputs: Inputs) -> str:
    with pytest.raises(StatementFailed) as raised:
        deploy.deploy(kind, "k", inputs)
    told = str(raised.value)
    details = deploy.sql("select detail from gatepost.ledger where detail is not null")
    for value in (PERSONAL, PERSONAL.upper(), "4711"):
        assert value not in f"{told} {details}"
    return told


def finds(deploy: Deploy, told: str) -> list[tuple[Any, ...]]:
    """Run the query that a message ends with; of whole rows return their ids."""
    found = deploy.superuser.execute(told.partition(FOUND)[2].encode())
    whole = [column.name for column in found.description or ()] == [one["name"] for one in COLUMNS]
    return sorted(((row[0],) if whole else row for row in found.fetchall()), key=str)


@pytest.mark.parametrize(("inputs", "says", "rows"), CONSTRAINTS.values(), ids=list(CONSTRAINTS))
def test_the_rows_that_a_constraint_fails_by_can_be_found_and_are_not_told(
    deploy: Deploy, inputs: Inputs, says: str, rows: list[Any]
) -> None:
    people(deploy)
    told = refused(deploy, "Constraint", {"table": "people", "name": "k", **inputs})
    assert re.search(re.escape(says).replace(r"\.\*", ".*"), told)
    assert finds(deploy, told) == rows


INDEXES: dict[str, tuple[Inputs, list[Any]]] = {
    "of an expression": ({"columns": ["lower(email)"], "where": "id < 4 or email = 'a'"}, [(2,)]),
    "of nulls that are the same": ({"columns": ["kind"], "nullsNotDistinct": True}, [("y", 2)]),
}


@pytest.mark.parametrize(("inputs", "rows"), INDEXES.values(), ids=list(INDEXES))
def test_the_rows_that_a_unique_index_fails_by_can_be_found(
    deploy: Deploy, inputs: Inputs, rows: list[Any]
) -> None:
    people(deploy)
    told = refused(deploy, "Index", {"table": "people", "name": "k", "unique": True, **inputs})
    assert [row[-len(rows[0]) :] for row in finds(deploy, told)] == rows


def test_the_rows_that_are_null_can_be_found(deploy: Deploy) -> None:
    people(deploy)
    strict = [{**one, "nullable": False} if one["name"] == "email" else one for one in COLUMNS]
    with pytest.raises(StatementFailed) as raised:
        deploy.table("people", columns=strict)
    assert finds(deploy, str(raised.value)) == [(3,)]


WRITTEN = {
    "unique": ('insert into teams select "Team" from people', "teams_key", "public.teams (id)"),
    "check": ('insert into small select "Team", email from people', "small_size_check", "public.small"),
    "not null": ("insert into teams select null from people", "null value in column", "public.teams (id)"),
    "number": ("insert into teams select email::integer from people", "type integer: (a value)", ""),
    "time": ("insert into teams select extract(day from email::date) from people", "(a value)", ""),
    "raised": (
        "do $$ begin raise exception 'no' using detail = (select email from people limit 1); end $$",
        "no",
        "",
    ),
}


@pytest.mark.parametrize(("sql", "says", "place"), WRITTEN.values(), ids=list(WRITTEN))
def test_values_of_rows_that_a_statement_writes_are_left_out(
    deploy: Deploy, sql: str, says: str, place: str
) -> None:
    people(deploy)
    deploy.sql(
        "create table small (size integer check (size < 10), note text); alter table small owner to deployer"
    )
    told = refused(deploy, "Seed", {"sql": sql})
    assert says in told
    assert place in told
    assert "values of rows are left out: run the statement with psql to see them" in told


def test_what_a_statement_itself_says_is_repeated(deploy: Deploy) -> None:
    with pytest.raises(StatementFailed, match='invalid input syntax for type integer: "many"'):
        deploy.deploy("Seed", "k", {"sql": "select 'many'::integer"})


def test_details_that_name_objects_stay(deploy: Deploy) -> None:
    deploy.sql(
        "create table a (b integer); create view v as select b from a; alter table a owner to deployer"
    )
    with pytest.raises(GatepostError, match="view v depends on table a"):
        deploy.deploy("Seed", "k", {"sql": "drop table a"})
