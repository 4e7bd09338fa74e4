"""A small project with a server of its own: what rehearsals are tried on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from gatepost.addresses import OWN
from gatepost.engines import Embedded
from gatepost.observer import Observer
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.stacks import Stack

DATABASE = "notes"
PROGRAM = """
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

_RULE = """
    Verbatim(
        "kept",
        creates="rule kept on app.notes",
        sql="{}create rule kept as on delete to app.notes where false do instead nothing;"
        " comment on rule kept on app.notes is 'Nothing is deleted'{}",
    )
"""


_APPROVED = """
    approve=[
        "BREAKS_CLIENTS:rule kept on app.notes",
        "CHANGES_ACCESS:app.notes",
        "DELETES_DATA:app.notes",
    ],"""


def with_rule(before: str = "", after: str = "") -> str:
    """Return the program with a rule too, whose SQL has more statements before and after what makes it.

    What a rule endangers is approved.
    """
    program = PROGRAM.replace("Provider, Table", "Provider, Table, Verbatim")
    return program.replace('sslmode="disable",', f'sslmode="disable",{_APPROVED}') + _RULE.format(
        before, after
    )


@dataclass(frozen=True)
class Project:
    """The project in a folder."""

    root: Path

    @property
    def stack(self) -> Stack:
        """Its only stack."""
        return Stack(self.root, "local")

    def write(self, program: str) -> None:
        """Declare this now."""
        (self.root / "infra").mkdir(exist_ok=True)
        (self.root / "infra" / "__main__.py").write_text(program)

    def commit(self, program: str = PROGRAM) -> None:
        """Make the folder a repository, with the program committed."""
        self.write(program)
        (self.root / "Pulumi.yaml").write_text("name: notes\nmain: infra/\nruntime: python\n")
        (self.root / "Pulumi.local.yaml").write_text("config:\n  notes:environment: local\n")
        (self.root / ".gitignore").write_text(".gatepost/\n")
        who = ["-c", "user.name=gatepost", "-c", "user.email=gatepost@localhost"]
        for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "--message=base"]):
            subprocess.run(["git", "-C", str(self.root), *command], check=True)

    @contextmanager
    def served(self) -> Iterator[EmbeddedServer]:
        """Lend a server to deploy to, without the database; it is gone afterwards."""
        server, before = EmbeddedServer(self.root / ".gatepost" / "example"), os.environ.get(OWN)
        try:
            server.start()
            os.environ[OWN] = server.url(DEPLOYER, DATABASE)
            yield server
        finally:
            os.environ.pop(OWN, None)
            if before is not None:
                os.environ[OWN] = before
            server.remove()

    def deploy(self, server: EmbeddedServer) -> None:
        """Make the database, deploy what is declared, and fill it with 500 rows."""
        with psycopg.connect(server.url(SUPERUSER), autocommit=True) as connection:
            connection.execute("create database notes owner deployer")
        with psycopg.connect(server.url(DEPLOYER, DATABASE), autocommit=True) as connection:
            connection.execute("create schema app")
            Embedded(self.stack, Observer(), 4).up()
            connection.execute("insert into app.notes select n, 'x' from generate_series(1, 500) as n")
