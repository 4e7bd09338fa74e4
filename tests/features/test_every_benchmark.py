"""Whatever can be called has a benchmark with a target: it is found in the code and the schema."""

from __future__ import annotations

from benchmarks.cases.functions import FUNCTIONS, NAMES
from benchmarks.cases.operations import NOT_MEASURED, cases, operations
from benchmarks.test_queries import ASKED
from fix_platform import PROJECT, Deployed

from gatepost import targets
from gatepost.session import Database

TARGETS = {id(one) for one in vars(targets).values() if isinstance(one, targets.Target)}


def test_every_operation_of_a_service_has_one() -> None:
    found = operations().keys()
    with Database("host=/nowhere") as database:
        measured = cases(database)
    assert found - NOT_MEASURED.keys() == measured.keys()
    assert NOT_MEASURED.keys() < found
    assert all(id(case.target) in TARGETS for case in measured.values())


def test_every_function_has_one(platform: Deployed) -> None:
    with platform.superuser() as connection:
        found = {row["name"] for row in connection.execute(NAMES)}
    assert found == FUNCTIONS.keys()
    assert all(id(run.target) in TARGETS for _, run in FUNCTIONS.values())


def test_every_query_has_one() -> None:
    files = (PROJECT / "schema").glob("*/queries/*.sql")
    assert {f"{file.parts[-3]}.{file.stem}" for file in files} == set(ASKED)
