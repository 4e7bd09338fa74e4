"""Drift that no resource tells of: what was added to a stack's databases by hand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from gatepost.adopt import names
from gatepost.adopt.described import described
from gatepost.adopt.drift import Addition, Variables, importing
from gatepost.adopt.undeclared import Surroundings
from gatepost.engine.model import urn_name, urn_type
from gatepost.errors import GatepostError
from gatepost.exported import Resource, by_provider, configure, declared_inputs, known_inputs, revealed
from gatepost.postgres.catalog import Definition, Key
from gatepost.postgres.plan import Plan
from gatepost.provider.from_catalog import inputs_of, token_of
from gatepost.provider.gate import OnPlan
from gatepost.provider.kinds import kind_of
from gatepost.provider.managed import Managed, managed
from gatepost.provider.mending import BY_HAND
from gatepost.provider.partition_changes import attached_again
from gatepost.provider.partitions import Partitioned
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.table import TableKind
from gatepost.provider.table_inputs import TableInputs

Place = tuple[str, str, str]
"""Host, port and name of a database."""
_TAKEN_AWAY = (
    "verbatim", "publications", "triggers", "policies", "views", "materialized_views", "constraints",
    "indexes", "functions", "tables", "sequences", "types",
)  # fmt: skip
"""The kinds in the order in which one can be dropped after the other."""
_SCHEMA = "postgresql:index/schema:Schema"


def additions(resources: Iterable[Resource], variables: Variables, on_plan: OnPlan) -> list[Addition]:
    """Return what is in the databases of a stack, in the midst of its objects, and no resource has.

    :param resources: the stack's exported state, secrets in clear.
    :param variables: what a declaration calls the resources that it refers to.
    :param on_plan: told the statements that would take each away again; nothing runs them.
    """
    listed = list(resources)
    all_ = {resource["urn"]: resource for resource in listed}
    by_place: dict[Place, list[str]] = defaultdict(list)
    ours = by_provider(listed)  # one that was replaced shares its URN until it is deleted
    for urn in ours:
        if urn in all_:
            by_place[_place(all_[urn])].append(urn)
    found: list[Addition] = []
    for place, urns in by_place.items():
        there = [resource for urn in urns for resource in ours[urn]]
        schemas = _schemas(all_.values(), place[2])
        beside = _Beside(all_[urns[0]], variables, on_plan)
        found += asyncio.run(beside.find(there, schemas, Surroundings(listed, place[2])))
    return found


def _place(provider: Resource) -> Place:
    given = revealed(provider["inputs"])
    return str(given["host"]), str(given.get("port") or "5432"), str(given["database"])


def _schemas(resources: Iterable[Resource], database: str) -> Iterator[str]:
    for resource in resources:
        given = resource.get("outputs") or {}
        if resource["type"] == _SCHEMA and given.get("database") in (None, database):
            yield str(given["name"])


def _keyed(declared: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield where each object is; a declaration that another version wrote tells of none."""
    for urn, given in declared:
        with suppress(ValidationError, GatepostError):
            kind = kind_of(urn_type(urn))
            if key := kind.key(kind.inputs.model_validate(given)):
                yield key, given


def _divided(resources: Iterable[Resource]) -> Iterator[Partitioned]:
    """Yield the tables that are declared with partitions, with all of these: a detached one has rows."""
    for resource in resources:
        if resource["type"] == TableKind.token:
            table = TableInputs.model_validate(declared_inputs(resource)).partitioned()
            if table:
                yield table


class _Beside:
    """Looks into one database through one of its providers."""

    def __init__(self, settings: Resource, variables: Variables, on_plan: OnPlan) -> None:
        self._settings = settings
        self._variables = variables
        self._provider = GatepostProvider()
        self._on_plan = on_plan
        self._stack = "".join(f"{part}::" for part in settings["urn"].split("::")[:2])

    async def find(
        self, resources: list[Resource], schemas: Iterable[str], around: Surroundings
    ) -> list[Addition]:
        """Return what the database has beside these resources, and around them."""
        await configure(self._provider, self._settings["inputs"])
        try:
            return await asyncio.to_thread(self._find, resources, schemas, around)
        finally:
            self._provider.close()

    def _find(
        self, resources: list[Resource], schemas: Iterable[str], around: Surroundings
    ) -> list[Addition]:
        declared: dict[Key, dict[str, Any]] = {}
        for resource in resources:
            kind, given = kind_of(resource["type"]), known_inputs(resource)
            if key := kind.key(kind.inputs.model_validate(given)):
                declared[key] = given
        elsewhere = self._provider.opened().elsewhere(self._stack)
        known = managed(declared, schemas, self._provider.existing, dict(_keyed(elsewhere)))
        return [*self._among(resources, known), *self._around(around, known)]

    def _among(self, resources: list[Resource], known: Managed) -> Iterator[Addition]:
        """Yield what is in the midst of what is declared."""
        catalog = self._provider.opened().read_all()
        added = sorted(known.additions(catalog), key=lambda key: (_TAKEN_AWAY.index(key.kind), str(key)))
        others = [(one["type"], urn_name(one["urn"])) for one in resources]
        chosen = names.resources({key: token_of(key) for key in added}, others)
        divided = list(_divided(resources))
        for key in added:
            urn, definition = f"{self._stack}{token_of(key)}::{chosen[key]}", catalog[key]
            again = (attached_again(table, key) for table in divided if key.kind == "tables")
            plan = next((plan for plan in again if plan), None)
            self._on_plan(urn, BY_HAND, plan or self._removal(key, definition))
            accept = importing(urn, key, definition, self._variables)
            yield Addition(urn, described(key), definition, accept)

    def _around(self, around: Surroundings, known: Managed) -> Iterator[Addition]:
        """Yield what surrounds it."""
        with self._provider.opened().connections.take() as connection:
            found = list(around.undeclared(connection, known))
        for one in found:
            urn = f"{self._stack}{one.token}::{one.what}"
            self._on_plan(urn, BY_HAND, one.removal)
            yield Addition(urn, one.what, one.found, one.accept)

    def _removal(self, key: Key, definition: Definition) -> Plan:
        """Return what would take it away again; nothing where that cannot be said."""
        kind = kind_of(token_of(key))
        try:
            given = {"creates": key.name, "sql": ""} if key.kind == "verbatim" else inputs_of(key, definition)
            with self._provider.opened().facts(preview=True) as facts:
                return kind.delete(kind.inputs.model_validate(given), facts).shown()
        except GatepostError:
            return Plan()
