"""A database becomes a program, and the program that database again: proved with real schemas."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from fix_workspace import Workspace
from psycopg.sql import SQL, Identifier
from servers import Database, Server

from gatepost.postgres.binaries import find_binaries

HERE = Path(__file__).parent
SCHEMAS = HERE.parent.parent.parent / "shared" / "schemas"
ROLES = ("adopt_app", "adopt_owner", "adopt_reader", "graphile_starter", "graphile_starter_visitor")


@dataclass(frozen=True)
class Known:
    """A schema, what of it no declaration says, and how a dump looks without that."""

    file: Path
    left_out: frozenset[str] = frozenset()
    without: tuple[tuple[str, str], ...] = ()
    minimum: int = 150000


EVERYTHING = Known(
    HERE / "everything.sql",
    frozenset(
        {
            "objects of adopt_owner",
            "table app.base",
        }
    ),
    (
        (r"ALTER TABLE app.base OWNER TO .*", ""),
        (r"REVOKE [A-Z,]+ ON TABLE app.base FROM adopt_owner;\nGRANT [^;]*;\nGRANT [^;]*", ""),
    ),
)
KNOWN = {
    "everything": EVERYTHING,
    "nasty": Known(HERE / "nasty.sql"),
    "nasty_18": Known(HERE / "nasty_18.sql", minimum=180000),
    "danbooru": Known(SCHEMAS / "danbooru.sql"),
    "graphile_starter": Known(SCHEMAS / "graphile_starter.sql"),
    "pagila": Known(
        SCHEMAS / "pagila.sql",
        frozenset({"partitions of table public.payment"}),
        ((r"CONSTRAINT \w+ NOT NULL", "NOT NULL"),),
        180000,
    ),
    "zync": Known(SCHEMAS / "zync.sql"),
}


@pytest.fixture(params=KNOWN)
def known(request: pytest.FixtureRequest, server: Server, database: Database) -> Known:
    """A schema, loaded into `database`."""
    found = KNOWN[request.param]
    if not found.file.exists():
        pytest.skip(f"{found.file} is not here")
    if server.version < found.minimum:
        pytest.skip(f"it needs PostgreSQL {found.minimum // 10000}")
    load(database, found.file.read_text())
    return found


def load(database: Database, text: str) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        available = {row[0] for row in connection.execute("select name from pg_available_extensions")}
        needed = set(re.findall(r'CREATE EXTENSION IF NOT EXISTS "?([\w-]+)', text))
        if missing := sorted(needed - available):
            pytest.skip(f"the server has no extension {', '.join(missing)}")
        for role in ROLES:
            if connection.execute("select to_regrole(%s)", [role]).fetchone() == (None,):
                connection.execute(SQL("create role {}").format(Identifier(role)))
        connection.execute(text.encode())


@pytest.fixture
def empty(server: Server) -> Iterator[Database]:
    """Another database, with nothing in it."""
    with server.database() as made:
        yield made


def dumped(database: Database, without: tuple[tuple[str, str], ...] = ()) -> Counter[str]:
    """The statements of a database's structure, in no order."""
    command = [find_binaries(source="wheel").program("pg_dump"), "--schema-only", "--exclude-schema=gatepost"]
    done = subprocess.run([*command, database.superuser_url], capture_output=True, text=True, check=True)
    # Debian's 15 counts the versions of columns in an option of theirs.
    noise = ("--", "\\", "SET (pg_attver=")
    lines = [one for one in done.stdout.splitlines() if not one.startswith(noise[:2]) and noise[2] not in one]
    text = "\n".join(lines)
    for pattern, instead in without:
        text = re.sub(pattern, instead, text)
    return Counter(one.strip(" ;\n") for one in re.split(r";\n\n+", text) if one.strip(" ;\n"))


def test_it_is_the_same_database(tmp_path: Path, known: Known, database: Database, empty: Database) -> None:
    before = dumped(database)
    home = {"GATEPOST_DATABASE_URL": database.superuser_url}
    adopted = Workspace(tmp_path / "adopted", database, home)
    adopted.root.mkdir()
    told = adopted.json("adopt", database.superuser_url)
    assert {one["what"] for one in told["leftOut"]} == known.left_out
    assert all(one["reason"] for one in told["leftOut"])
    assert dumped(database) == before

    preview = adopted.json("preview")
    assert preview["changes"].keys() == {"same"}

    shutil.copytree(adopted.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".gatepost"))
    copy = Workspace(tmp_path / "copy", empty, {"GATEPOST_DATABASE_URL": empty.superuser_url})
    copy.run("up", "--yes")
    there, here = dumped(empty, known.without), dumped(database, known.without)
    assert [*(there - here), *(here - there)] == []


def test_a_program_is_not_overwritten(workspace: Workspace, database: Database) -> None:
    kept = (workspace.root / "Pulumi.yaml").read_text()
    refused = workspace.run("adopt", database.superuser_url, code=2)
    assert "has a program already" in refused.stderr
    assert (workspace.root / "Pulumi.yaml").read_text() == kept
