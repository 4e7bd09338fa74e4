"""What is changed by hand, property by property: drift names it, mends it, and tells what accepts it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fix_workspace import Workspace, make_workspace
from servers import Server

from gatepost.postgres import catalog

HERE = Path(__file__).parent
PROGRAM = f"import accepting\n{(HERE / 'by_hand.py').read_text()}\naccepting.add(target, last)\n"
SECTIONS = dict(
    re.findall(r"^-- \[(\w+)\]\n(.*?)(?=^-- \[|\Z)", (HERE / "by_hand.sql").read_text(), re.M | re.S)
)
FILE = "create function public.from_file() returns int language sql as 'select 1'\n"
APPROVED = "DELETES_DATA,BREAKS_CLIENTS,CHANGES_ACCESS,WIDENS_ACCESS,INDEX_DROPPED,REWRITES_TABLE"


@dataclass
class Deployed:
    """The program, deployed to a database of its own."""

    workspace: Workspace

    def by_hand(self, *sections: str) -> None:
        """Make the changes of these sections, one by one."""
        for statements in "\n\n".join(SECTIONS[section] for section in sections).split("\n\n"):
            self.run(["set search_path = public", statements])

    def catalog(self) -> dict[catalog.Key, Any]:
        """What the database is, columns by name."""
        with psycopg.connect(self.workspace.database.superuser_url, autocommit=True) as connection:
            found = catalog.read_all(connection)
        for definition in found.values():
            definition.get("columns", []).sort(key=lambda one: str(one["name"]))
        return found

    def drift(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.workspace.json("drift", code=15)["drift"]
        return found

    def run(self, statements: list[str]) -> None:
        """Run statements as the deployer, who owns what is deployed, where that is enough."""
        try:
            self._run(self.workspace.database.deployer_url, statements)
        except psycopg.errors.InsufficientPrivilege:
            self._run(self.workspace.database.superuser_url, statements)

    def _run(self, url: str, statements: list[str]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture(scope="module")
def deployed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with server.database() as database:
        workspace = make_workspace(tmp_path_factory.mktemp("by_hand"), database)
        yield first_deployed(workspace)
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("drop role by_hand_reader, by_hand_writer, by_hand_login")


def first_deployed(workspace: Workspace) -> Deployed:
    workspace.environment["PYTHONPATH"] = str(HERE)
    (workspace.root / "__main__.py").write_text(PROGRAM)
    (workspace.root / "schema").mkdir()
    made = Deployed(workspace)
    up(made, {})
    return made


def up(deployed: Deployed, accepted: dict[str, str]) -> dict[str, int]:
    """Deploy the program with what was accepted in the place of what it says; return what changed."""
    root = deployed.workspace.root
    (root / "accepted.json").write_text(json.dumps(accepted))
    text = accepted.get("Function from_file", FILE)
    (root / "schema" / "from_file.sql").write_text(text[text.lower().index("create ") :])
    changes: dict[str, int] = deployed.workspace.json("up", "--yes", GATEPOST_APPROVE=APPROVED)["changes"]
    return changes


def test_what_is_changed_by_hand(deployed: Deployed) -> None:
    before = deployed.catalog()
    deployed.by_hand(*SECTIONS)
    told = deployed.drift()
    assert {named(one) for one in told} == expected(*SECTIONS)

    for one in told:
        deployed.run(one["mend"])
    deployed.workspace.run("drift")
    assert deployed.catalog() == before

    unsaid = {one.partition(":")[0] for one in expected("unsaid")}
    printed = {label(one): one["accept"] for one in told}
    words = [printed.pop(one) for one in unsaid]
    assert all(one.startswith("# ") and not one.startswith("# nothing: take") for one in words)
    assert printed["+ type public.positive"].startswith("# not proved here, and proved where it is deployed ")
    deployed.by_hand(*(one for one in SECTIONS if one != "unsaid"))
    changed = deployed.catalog()
    deployed.workspace.run("refresh", "--yes")
    granted = [one for what, one in printed.items() if what.startswith("+") and one.startswith("postgresql.")]
    changes = up(deployed, printed)
    assert changes.keys() == {"same", "import", "create"}
    assert changes["create"] == len(granted) == 3
    deployed.workspace.run("drift")
    assert deployed.catalog() == changed

    deployed.run([statement for one in told for statement in one["mend"] if " owner to " in statement])
    deployed.workspace.run("refresh", "--yes")
    up(deployed, {})
    assert deployed.catalog() == before


ATTACHED = """alter table "public"."lists" attach partition "public"."lists_a" for values in ('a')"""
UNMENDED = {
    "alter table public.child no inherit public.parent": (
        {"Table child: columns.id, inherits"},
        "what it inherits from cannot change in place",
        "drop table public.child",
    ),
    "alter table public.lists detach partition public.lists_a": (
        {"Table lists: partitions.lists_a", "+ table public.lists_a: gone"},
        "exists already as a table of its own: attach it",
        ATTACHED,
    ),
}


def test_what_cannot_be_mended_in_place_is_told_so(deployed: Deployed) -> None:
    before = deployed.catalog()
    deployed.run(list(UNMENDED))
    told = {named(one): one["mend"] for one in deployed.drift()}
    assert told.keys() == set().union(*(what for what, *_ in UNMENDED.values()))
    assert told.pop("+ table public.lists_a: gone") == [ATTACHED]
    for (remark,), (_, words, back) in zip(told.values(), UNMENDED.values(), strict=True):
        assert remark.startswith("-- ")
        assert words in remark
        deployed.run([back])
    deployed.workspace.run("refresh", "--yes")
    up(deployed, {})
    assert deployed.catalog() == before


def expected(*sections: str) -> set[str]:
    """What drift must name: each object with the properties that differ."""
    merged: dict[str, set[str]] = {}
    text = "\n".join(SECTIONS[section] for section in sections)
    for one in re.findall(r"^-- (\+ .*|\w+ \w+: .*)$", text, re.MULTILINE):
        what, _, paths = (one, "", "gone") if one.startswith("+") else one.partition(": ")
        merged.setdefault(what, set()).update(paths.split(", "))
    return {f"{what}: {', '.join(sorted(paths))}" for what, paths in merged.items()}


def named(told: dict[str, Any]) -> str:
    paths = [one["property"] for one in told["differs"]] or ["gone"]
    return f"{label(told)}: {', '.join(sorted(paths))}"


def label(told: dict[str, Any]) -> str:
    _, _, kind, name = told["urn"].split("::")
    return f"+ {told['what']}" if told["old"] is None else f"{kind.rpartition(':')[2]} {name}"
