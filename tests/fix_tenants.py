"""The platform's declaration, and a clone of it with rows of two tenants in an open transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from fix_platform import Deployed
from fix_provider import target_of
from servers import at

from gatepost.isolation.case import Case, Outcome, agree
from gatepost.isolation.clone import clone_of
from gatepost.isolation.declared import Declaration, declaration_of
from gatepost.isolation.enumeration import cases_of
from gatepost.isolation.lint import lint
from gatepost.isolation.repertoire import Repertoire
from gatepost.isolation.result import Proof
from gatepost.isolation.statements import Statements, prepare_clone
from gatepost.isolation.structure import structure_of
from gatepost.isolation.world import World, world_in
from gatepost.postgres.connect import connect
from gatepost.verify.declared import Declared, Source


def declared_by(deployed: Deployed) -> Declaration:
    """What the program of a deployed platform says, from its state; its database is that of `deployed`."""
    deployer = target_of(at(deployed.server.deployer_url, deployed.name))
    settings = {
        name: getattr(deployer, name) for name in ("host", "port", "username", "password", "database")
    }
    sources = {
        "gatepost": Source("gatepost", {**settings, "role": "app_owner"}),
        "postgresql": Source("postgresql", settings),
    }
    for one in deployed.resources:
        package, _, kind = one["type"].partition(":")
        if package in sources:
            name = one["urn"].rpartition("::")[2]
            parent = one.get("parent", "").rpartition("::")[2]
            declared = Declared(kind.rpartition(":")[2], name, parent, one.get("inputs", {}))
            sources[package].objects.append(declared)
    return declaration_of(list(sources.values()))


@dataclass
class Laboratory:
    """A clone with rows, its transaction open: whatever is tried is taken back."""

    connection: psycopg.Connection[Any]
    world: World
    choices: Repertoire
    statements: Statements
    _known: dict[str, tuple[list[Case], list[Outcome]]] = field(default_factory=dict)

    def wrong(self, *tables: str, most: int = 1000) -> list[tuple[Case, Outcome, Outcome]]:
        """The cases of some tables that PostgreSQL decides otherwise than the oracle, up to about so many."""
        found: list[tuple[Case, Outcome, Outcome]] = []
        for table in tables:
            if table not in self._known:
                cases = cases_of(self.choices, table)
                self._known[table] = cases, [self.world.oracle.expect(case) for case in cases]
            cases, expected = self._known[table]
            for start in range(0, len(cases), 100):
                got = self.statements.run(cases[start : start + 100])
                pairs = zip(cases[start : start + 100], expected[start : start + 100], got, strict=True)
                found += [(c, e, g) for c, e, g in pairs if not agree(e, g)]
                if len(found) >= most:
                    return found
        return found

    def findings(self) -> set[str]:
        """What the lints find."""
        proof = Proof({}, [], 0)
        lint(self.connection, self.world.declaration, proof)
        return {one.name for one in proof.findings}


@pytest.fixture(scope="session")
def declaration(platform: Deployed) -> Declaration:
    return declared_by(platform)


@pytest.fixture(scope="module")
def laboratory(platform: Deployed, declaration: Declaration) -> Iterator[Laboratory]:
    """As superuser, only so that tests can break what the deployer could not."""
    with clone_of(declaration.source.target()) as clone:
        superuser = target_of(at(platform.superuser_url, clone.target.database))
        with connect(superuser, search_path="") as connection:
            facts = structure_of(connection)
            tables = list(declaration.subjects)
            prepare_clone(connection, facts, tables)
            with world_in(connection, declaration, facts, seed=5) as world:
                statements = Statements(connection, facts, tables, world.marking)
                yield Laboratory(connection, world, Repertoire(world), statements)


@pytest.fixture
def broken(laboratory: Laboratory) -> Iterator[Laboratory]:
    """The laboratory for a test that breaks something: it is mended again."""
    with laboratory.connection.transaction() as savepoint:
        yield laboratory
        raise psycopg.Rollback(savepoint)
