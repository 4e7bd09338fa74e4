"""The rehearsal gate's self-test: a small program with rows, and changes to it, sound and faulty."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from gatepost.engines import Embedded
from gatepost.gates.gate import Site
from gatepost.gates.rehearsal.gate import RehearsalGate, named
from gatepost.gates.verdict import Outcome, Trial, Verdict
from gatepost.observer import Observer
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.connect import Target
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.stacks import Stack

_PROGRAM = """
import os
from urllib.parse import unquote, urlsplit

from gatepost.resources import Check, Column, Feature, Index, PrimaryKey, Provider, Table

at = urlsplit(os.environ["GATEPOST_DATABASE_URL"])
target = Provider(
    "target",
    host=at.hostname,
    port=str(at.port),
    username=at.username,
    password=unquote(at.password),
    database="notes",
    sslmode="disable",
)
with Feature("notes", provider=target):
    notes = Table(
        "notes",
        schema="app",
        columns=[Column("id", "bigint"), Column("body", "text")],
        comment="What people write down",
    )
    PrimaryKey("notes_pkey", notes, ["id"])
"""
_COLUMN = 'Column("body", "text")'
_LOCKING = """
    Verbatim(
        "kept",
        creates="rule kept on app.notes",
        sql="create rule kept as on delete to app.notes where false do instead nothing;"
        " comment on rule kept on app.notes is 'Nothing is deleted'; select pg_sleep(1)",
    )
"""
_SOUND = {
    "nothing changed": _PROGRAM,
    "a new column, a check and an index": _PROGRAM.replace(
        _COLUMN, f'{_COLUMN}, Column("views", "bigint", default="0")'
    )
    + '    Check("notes_views_check", notes, "views >= 0")\n    Index("idx_notes_views", notes, ["views"])\n',
}
_FAULTY = {
    "a column that is dropped without approval": _PROGRAM.replace(f", {_COLUMN}", ""),
    "a statement that keeps clients out": _PROGRAM.replace("Provider, Table", "Provider, Table, Verbatim")
    + _LOCKING,
    "a check that rows violate": f'{_PROGRAM}    Check("notes_body_check", notes, "length(body) > 100")\n',
}


@dataclass(frozen=True)
class _Project:
    root: Path

    @property
    def stack(self) -> Stack:
        return Stack(self.root, "local")

    def write(self, program: str) -> None:
        (self.root / "infra").mkdir(exist_ok=True)
        (self.root / "infra" / "__main__.py").write_text(program)

    def commit(self) -> None:
        (self.root / "Pulumi.yaml").write_text("name: notes\nmain: infra/\nruntime: python\n")
        (self.root / "Pulumi.local.yaml").write_text("config:\n  notes:environment: local\n")
        (self.root / ".gitignore").write_text(".gatepost/\n")
        who = ["-c", "user.name=gatepost", "-c", "user.email=gatepost@localhost"]
        for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "--message=base"]):
            subprocess.run(["git", "-C", str(self.root), *command], check=True)

    def judge(self, base: str = "HEAD", **options: object) -> Outcome:
        site = Site(self.stack, {"base": base, "reader": DEPLOYER, **options})
        return RehearsalGate().judge(site)


def trials(folder: Path) -> Iterator[Trial]:
    """Yield the cases; `folder` is empty."""
    project, server = _Project(folder), EmbeddedServer(folder / ".gatepost" / "trials")
    project.write(_PROGRAM)
    project.commit()
    try:
        found = server.start()
        target = Target(found.host, found.port, found.user, "notes", found.password, "disable")
        with named(target):
            yield _trial("nothing deployed", Verdict.INCONCLUSIVE, project.judge())
            _deploy(project, server)
            yield from _changes(project)
    finally:
        server.remove()


def _deploy(project: _Project, server: EmbeddedServer) -> None:
    with psycopg.connect(server.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("create database notes owner deployer")
    with psycopg.connect(server.url(DEPLOYER, "notes"), autocommit=True) as connection:
        connection.execute("create schema app")
        Embedded(project.stack, Observer(), 4).up()
        connection.execute("insert into app.notes select n, 'x' from generate_series(1, 500) as n")


def _changes(project: _Project) -> Iterator[Trial]:
    for case, program in _SOUND.items():
        project.write(program)
        yield _trial(case, Verdict.PASS, project.judge())
    for case, program in _FAULTY.items():
        project.write(program)
        yield _trial(case, Verdict.FAIL, project.judge())


def _trial(case: str, expected: Verdict, outcome: Outcome) -> Trial:
    return Trial(RehearsalGate.name, case, expected, outcome)
