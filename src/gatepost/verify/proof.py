"""The whole proof: every declared object of every database, then the features' queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gatepost.postgres.connect import DatabaseMissing, Target, connect, translating
from gatepost.verify import server
from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check, facts
from gatepost.verify.constraints import check_constraint
from gatepost.verify.declared import Declared, Source, collect
from gatepost.verify.definitions import check_definitions
from gatepost.verify.functions import check_function, read_head
from gatepost.verify.indexes import check_index
from gatepost.verify.materialized_views import check_materialized_view
from gatepost.verify.plans import check_queries
from gatepost.verify.policies import check_policy
from gatepost.verify.publications import check_publication
from gatepost.verify.reference_data import check_reference_data
from gatepost.verify.sequences import check_sequence
from gatepost.verify.surroundings import check_surroundings
from gatepost.verify.tables import check_table
from gatepost.verify.triggers import check_trigger
from gatepost.verify.types import check_type
from gatepost.verify.views import check_view

if TYPE_CHECKING:
    from gatepost.stacks import Stack

Checker = Callable[[Declared, Source, Catalog], Iterator[Check]]
CHECKERS: dict[str, Checker] = {
    "Table": check_table,
    "Constraint": check_constraint,
    "Index": check_index,
    "Policy": check_policy,
    "Function": check_function,
    "Trigger": check_trigger,
    "View": check_view,
    "MaterializedView": check_materialized_view,
    "Type": check_type,
    "Sequence": check_sequence,
    "Publication": check_publication,
    "ReferenceData": check_reference_data,
    "Role": server.check_role,
    "GrantRole": server.check_membership,
    "Database": server.check_database,
    "Schema": server.check_schema,
    "Extension": server.check_extension,
    "Grant": server.check_grant,
    "DefaultPrivileges": server.check_default_privileges,
}


@dataclass
class Databases:
    """Open connections to the databases of the proof, one each."""

    stack: ExitStack
    _open: dict[Target, Catalog | None] = field(default_factory=dict)

    def catalog(self, target: Target) -> Catalog | None:
        """Return the catalog of a database; None when there is no such database."""
        if target not in self._open:
            try:
                self._open[target] = Catalog(self.stack.enter_context(connect(target)))
            except DatabaseMissing:
                self._open[target] = None
        return self._open[target]


def prove(stack: Stack) -> list[Check]:
    """Return every check, in the order of the program, feature by feature.

    :raises GatepostError: the program is wrong, or a server cannot be reached.
    """
    sources, features = collect(stack)
    with ExitStack() as opened, translating("reading the catalog"):
        databases = Databases(opened)
        checks = [check for source in sources for check in _check_source(source, databases)]
        for source in sources:
            if source.package == "gatepost" and (catalog := databases.catalog(source.target())):
                checks += check_surroundings(sources, source, catalog)
                checks += check_definitions(stack, source, catalog.connection)
                checks += check_queries(stack.root, features, source.owner, catalog.connection)
    places = {feature: at for at, feature in enumerate(["postgresql", "gatepost", *features])}
    return sorted(checks, key=lambda check: places.get(check.feature, len(places)))


def _check_source(source: Source, databases: Databases) -> Iterator[Check]:
    for declared in source.objects:
        checker = CHECKERS.get(declared.kind)
        if checker is None:
            continue
        catalog = databases.catalog(source.target(_database(declared)))
        if catalog is None:
            name = declared.inputs.get("name") or declared.name
            yield Check(
                declared.feature, declared.kind.lower(), str(name), facts(there=True), None, "no database"
            )
            continue
        catalog.learn_types(_types(declared))
        yield from checker(declared, source, catalog)


def _database(declared: Declared) -> str | None:
    """Return the database that an object is in, where that is not its provider's own."""
    in_another = declared.kind in ("Schema", "Extension", "Grant", "DefaultPrivileges")
    return declared.inputs.get("database") if in_another else None


def _types(declared: Declared) -> list[Any]:
    if declared.kind == "Table":
        return [column["type"] for column in declared.inputs["columns"]]
    return read_head(declared.inputs["sql"]).arguments if declared.kind == "Function" else []
