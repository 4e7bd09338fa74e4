"""Lints of the catalog: a way round row security each, one SQL file each, the same columns all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from gatepost.isolation.result import Finding, Proof

if TYPE_CHECKING:
    from gatepost.isolation.declared import Declaration
    from gatepost.postgres.connect import Connection

SURROUNDINGS = ("api_roles", "guarded_schemas")
"""What the lints look at: the roles of requests and the schemas of the application."""


@dataclass(frozen=True)
class Lint:
    """One lint: its query gives a finding, its subject and a remedy a row; no row is good."""

    name: str
    title: str
    """What it finds, in words."""
    body: str
    """The query over `api_roles` and `guarded_schemas`."""

    @property
    def query(self) -> str:
        """The whole query, for a database that has neither of the two."""
        made = ",\n".join(f"{name} as (\n{surroundings(name)})" for name in SURROUNDINGS)
        return f"with {made}\n{self.body}"


def view_of(one: Lint, schema: str) -> str:
    """Return the statement that makes the view `finding_<name>` of a lint in a schema."""
    return _view(schema, f"finding_{one.name}", one.query)


def surroundings_view(name: str, schema: str) -> str:
    """Return the statement that makes a view of `api_roles` or `guarded_schemas` in a schema."""
    return _view(schema, name, surroundings(name))


def _view(schema: str, name: str, body: str) -> str:
    from psycopg import sql

    statement = sql.SQL("create view {} with (security_invoker = true) as\n{}")
    return statement.format(sql.Identifier(schema, name), sql.SQL(body)).as_string(None)


def surroundings(name: str) -> str:
    """Return the query of `api_roles` or `guarded_schemas`."""
    return _split(f"_{name}")[1]


@cache
def lints() -> tuple[Lint, ...]:
    """Return every lint by name."""
    folder = files("gatepost.isolation").joinpath("lints")
    names = sorted(one.name.removesuffix(".sql") for one in folder.iterdir() if one.name.endswith(".sql"))
    return tuple(Lint(name, *_split(name)) for name in names if not name.startswith("_"))


def _split(name: str) -> tuple[str, str]:
    """Return what the first line says, and the query below it."""
    text = files("gatepost.isolation").joinpath("lints", f"{name}.sql").read_text(encoding="utf-8")
    title, _, body = text.partition("\n")
    return title.removeprefix("-- "), body


def lint(connection: Connection, declaration: Declaration, proof: Proof) -> None:
    """Run every lint and note what each found; what an intent accepts stays, with the reason."""
    from psycopg import sql

    accepted = {
        name: reason
        for subject in declaration.subjects.values()
        for name, reason in subject.intent.accepted.items()
    }
    for one in lints():
        proof.lints += 1
        for finding, subject, remedy in connection.execute(sql.SQL(one.query)).fetchall():
            name = f"{finding} {subject}"
            proof.findings.append(
                Finding("lint", name, str(subject), f"{one.title}: {remedy}", accepted.get(name, ""))
            )
