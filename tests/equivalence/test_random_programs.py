"""Any program becomes any other: the catalog equals a direct build, rows survive, a second plan is empty."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from equivalence.programs import VALUES, OneTable, Program, between, declare, programs
from fix_provider import target_of
from hypothesis import HealthCheck, Phase, given, settings
from psycopg.sql import SQL, Identifier
from servers import Database, Server

from gatepost.engine import Deployment, Project
from gatepost.postgres import catalog
from gatepost.provider.provider import GatepostProvider

EXAMPLES = int(os.environ.get("GATEPOST_RANDOM_PROGRAMS", "0"))
"""More than the few that every run tries, and others each time."""
ROWS = 3


@dataclass
class Deployed:
    """A database, its state, and the program that made it what it is."""

    database: Database
    root: Path

    def up(self, program: Program) -> dict[str, int]:
        target = target_of(self.database.deployer_url)
        deployment = Deployment(
            Project("random", self.root),
            "local",
            backend=self.root,
            passphrase=lambda: "unused",
            config={},
            providers={"gatepost": GatepostProvider},
        )
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PGPASSWORD", target.password or "")
            return deployment.up(lambda: declare(program, target)).changes

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.database.superuser_url, autocommit=True)

    def catalog(self) -> dict[catalog.Key, Any]:
        with self.connect() as connection:
            found = catalog.read_all(connection)
        for definition in found.values():
            if "columns" in definition:
                definition["columns"].sort(key=lambda column: column["name"])
        return found

    def fill(self, program: Program) -> None:
        """Give every table the rows 1, 2, 3, each of which refers to the row of its own number."""
        with self.connect() as connection:
            for name, one in program.items():
                listed = SQL(", ").join(Identifier(column) for column in ("id", "ref", *one.columns))
                values = SQL(", ").join(SQL(VALUES[column]) for column in one.columns)  # type: ignore[arg-type]
                separator = SQL(", ") if one.columns else SQL("")
                connection.execute(
                    SQL(
                        "set session_replication_role = replica;"
                        "insert into {} ({}) select n, n{}{} from generate_series(1, {}) as n"
                    ).format(Identifier(name), listed, separator, values, ROWS)
                )

    def forget_references(self, tables: list[str]) -> None:
        with self.connect() as connection:
            for name in tables:
                connection.execute(SQL("update {} set ref = null").format(Identifier(name)))

    def rows(self, program: Program) -> dict[str, int]:
        with self.connect() as connection:
            return {
                name: connection.execute(SQL("select count(*) from {}").format(Identifier(name))).fetchone()[
                    0
                ]  # type: ignore[index]
                for name in program
            }


@contextmanager
def fresh(server: Server) -> Iterator[Deployed]:
    with ExitStack() as stack:
        database = stack.enter_context(server.database())
        root = Path(stack.enter_context(TemporaryDirectory()))
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute("grant all on schema public to deployer, gp_owner, gp_reader")
        yield Deployed(database, root)


def built(server: Server, program: Program) -> dict[catalog.Key, Any]:
    """What the catalog says where the program was deployed to an empty database."""
    with fresh(server) as direct:
        direct.up(program)
        return direct.catalog()


def change(deployed: Deployed, before: Program, after: Program) -> None:
    """Deploy `after` over `before`, in further releases where it drops columns."""
    deployed.forget_references(
        [name for name in before.keys() & after.keys() if _is_new(after[name], before)]
    )
    for program in (*between(before, after), after):
        deployed.up(program)


def _is_new(one: OneTable, before: Program) -> bool:
    """Whether a table refers to another one that was not there: no row of that can be meant."""
    return one.references is not None and one.references not in before


@pytest.mark.usefixtures("roles")
@settings(
    max_examples=EXAMPLES or 12,
    deadline=None,
    derandomize=not EXAMPLES,
    print_blob=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(before=programs, after=programs)
def test_any_program_becomes_any_other(server: Server, before: Program, after: Program) -> None:
    with fresh(server) as deployed:
        deployed.up(before)
        started = deployed.catalog()
        deployed.fill(before)
        change(deployed, before, after)
        assert deployed.catalog() == built(server, after)
        kept = before.keys() & after.keys()
        assert {name: deployed.rows(after)[name] for name in kept} == dict.fromkeys(kept, ROWS)
        assert set(deployed.up(after)) == {"same"}
        change(deployed, after, before)
        assert deployed.catalog() == started
