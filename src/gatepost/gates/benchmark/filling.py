"""Rows for a deployed database, made as the proof of plans makes them, by a fixed seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gatepost.engine.model import Project
from gatepost.engine.state import StateFiles
from gatepost.plans.laboratory import ReferenceRows, insert, opened
from gatepost.plans.shape import read_shape
from gatepost.plans.statements import run
from gatepost.plans.volume import fill, volume_files
from gatepost.postgres.connect import Target, translating
from gatepost.provider.sqltext import ident, joined
from gatepost.stacks import Stack

Tell = Callable[[str], None]


def fill_deployed(stack: Stack, target: Target, rows: int, tell: Tell) -> None:
    """Put rows in place of the seeds, beside what every environment has: reference data.

    :param target: the stack's database, as a superuser sees it.
    :param rows: of the largest tables.
    :raises GatepostError: a table's rows cannot be made.
    """
    schema = stack.root / "schema"
    files = volume_files(schema, sorted(path.name for path in schema.iterdir()))
    with opened(target) as connection, translating(f"filling a database with {rows:,} rows"):
        shape = read_shape(connection)
        everything = joined(ident(table.schema, table.name) for table in shape.values())
        connection.execute("set session_replication_role = replica")
        run(connection, "truncate {tables} cascade", tables=everything)
        connection.execute("reset session_replication_role")
        for one in reference_rows(stack):
            insert(one, connection)
        fill(connection, shape, files, rows, lambda table: tell(f"{rows:,} rows: {table}"))


def reference_rows(stack: Stack) -> list[ReferenceRows]:
    """Return what the stack's state says of rows that every environment has."""
    resources = StateFiles(stack.backend, Project(stack.project, stack.root), stack.name).load().resources
    providers = {f"{one['urn']}::{one['id']}": one["inputs"] for one in resources if "id" in one}
    return [
        ReferenceRows(_name(one), one["inputs"]["sql"], _owner(providers[one["provider"]]))
        for one in resources
        if one["type"] == "gatepost:index:ReferenceData"
    ]


def _name(resource: Mapping[str, str]) -> str:
    return resource["urn"].rpartition("::")[2]


def _owner(provider: Mapping[str, str]) -> str:
    return provider.get("role") or provider["username"]
