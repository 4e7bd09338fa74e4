"""The rehearsal gate's self-test: a small program with rows, and changes to it, sound and faulty."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg

from gatepost.addresses import OWN
from gatepost.engines import Embedded
from gatepost.gates.gate import Site
from gatepost.gates.rehearsal.gate import RehearsalGate
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
_VERBATIM = """
    Verbatim(
        "kept",
        creates="rule kept on app.notes",
        sql="{}create rule kept as on delete to app.notes where false do instead nothing;"
        " comment on rule kept on app.notes is 'Nothing is deleted'{}",
    )
"""
_SOUND = {
    "nothing changed": _PROGRAM,
    "a new column, a check and an index": _PROGRAM.replace(
        _COLUMN, f'{_COLUMN}, Column("views", "bigint", default="0")'
    )
    + '    Check("notes_views_check", notes, "views >= 0")\n    Index("idx_notes_views", notes, ["views"])\n',
}
_WITH_VERBATIM = _PROGRAM.replace("Provider, Table", "Provider, Table, Verbatim")
_FAULTY = {
    ("a column that is dropped without approval", "deployment-fails"): _PROGRAM.replace(f", {_COLUMN}", ""),
    ("a statement that keeps clients out", "long-wait"): (
        _WITH_VERBATIM + _VERBATIM.format("", "; select pg_sleep(1)")
    ),
    ("rows that are deleted by the way", "rows-lost"): (
        _WITH_VERBATIM + _VERBATIM.format("delete from app.notes where id <= 9; ", "")
    ),
    ("a check that rows violate", "deployment-fails"): (
        f'{_PROGRAM}    Check("notes_body_check", notes, "length(body) > 100")\n'
    ),
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


@contextmanager
def _named(target: Target) -> Iterator[None]:
    """Name the server to the program."""
    login = f"{quote(target.username, '')}:{quote(target.password or '', '')}"
    url = f"postgresql://{login}@{target.host}:{target.port}/{quote(target.database, '')}"
    before = os.environ.get(OWN)
    os.environ[OWN] = before or url
    try:
        yield
    finally:
        del os.environ[OWN]
        if before:
            os.environ[OWN] = before


def trials(folder: Path) -> Iterator[Trial]:
    """Yield the cases; `folder` is empty."""
    project, server = _Project(folder), EmbeddedServer(folder / ".gatepost" / "trials")
    project.write(_PROGRAM)
    project.commit()
    try:
        found = server.start()
        target = Target(found.host, found.port, found.user, "notes", found.password, "disable")
        with _named(target):
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
    for (case, rule), program in _FAULTY.items():
        project.write(program)
        yield _trial(case, Verdict.FAIL, _for_its_reason(project.judge(), rule))


def _for_its_reason(outcome: Outcome, rule: str) -> Outcome:
    """Return the outcome; it is an error where it failed, but not by the rule that the fault is for."""
    if outcome.verdict is not Verdict.FAIL or rule in {one.rule for one in outcome.findings}:
        return outcome
    return replace(outcome, verdict=Verdict.ERROR, figure=f"no {rule}: {outcome.figure}")


def _trial(case: str, expected: Verdict, outcome: Outcome) -> Trial:
    return Trial(RehearsalGate.name, case, expected, outcome)
