"""What stands round the declared objects, named by no declaration, and changes who reaches their rows."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from gatepost.provider.settings import listed
from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import said
from gatepost.verify.server import TYPES

_CHECKED_WITH_THE_ROLE = frozenset({"statement_timeout", "idle_in_transaction_session_timeout"})
_WORDS = {letter: word for word, letter in TYPES.items()}
_OPEN_TO_ALL = frozenset({"public", "pg_catalog", "information_schema"})
"""Schemas that PostgreSQL lets everybody use."""
_USUAL_DEFAULTS = frozenset({("f", "execute"), ("T", "usage")})
"""What PostgreSQL gives to everybody of whatever anybody makes, and no default privilege says."""


def check_surroundings(sources: list[Source], source: Source, catalog: Catalog) -> Iterator[Check]:
    """Fail for what nobody declared beside a database's tables, among its roles, and in the database itself.

    What concerns the whole database is held only where the program makes the database: elsewhere it has a
    platform's own. What the provider's `existing` names, such as `backup_*`, is known to be there.
    """
    existing = listed(source.settings.get("existing"), os.environ.get("GATEPOST_EXISTING"))
    for check in (*_tables(source, catalog), *_round_the_tables(sources, catalog)):
        if not any(fnmatchcase(check.name, pattern) for pattern in existing):
            yield check


def _round_the_tables(sources: list[Source], catalog: Catalog) -> Iterator[Check]:
    server = _Server.of(sources)
    yield from server.memberships(catalog)
    yield from server.settings(catalog)
    if catalog.database in server.named("Database"):
        yield from server.unheld_roles(catalog)
        yield from server.objects(sources, catalog)
        yield from server.privileges(catalog)


def _tables(source: Source, catalog: Catalog) -> Iterator[Check]:
    features = {
        (one.inputs.get("schema", "public"), one.inputs["name"]): one.feature
        for one in source.objects
        if one.kind == "Table"
    }
    known = _verbatim([source])
    for row in catalog.rows("beside_tables"):
        feature = features.get((row["schema"], row["table"]))
        if feature is not None and _folded(f"{row['kind']} {row['name']}") not in known:
            yield _failed(feature, row["kind"], row["name"], row["found"], row["expected"])


@dataclass(frozen=True)
class _Server:
    """What the program declares of roles, databases and grants, by kind."""

    declared: dict[str, list[Declared]]
    deployers: frozenset[str]

    @classmethod
    def of(cls, sources: list[Source]) -> _Server:
        declared: dict[str, list[Declared]] = defaultdict(list)
        for source in sources:
            for one in source.objects:
                declared[one.kind].append(one)
        return cls(declared, frozenset(source.settings["username"] for source in sources))

    def given(self, kind: str) -> list[dict[str, Any]]:
        return [one.inputs for one in self.declared.get(kind, [])]

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.given(kind)}

    def memberships(self, catalog: Catalog) -> Iterator[Check]:
        """Fail for members of declared roles, and of roles that declared ones are in, beyond the declared."""
        roles = self.named("Role")
        granted = {(one["grantRole"], one["role"]): one for one in self.given("GrantRole")}
        within = {(role, name) for name, one in roles.items() for role in one.get("roles") or ()}
        for row in catalog.rows("memberships"):
            role, member = row["role"], row["member"]
            ours = roles.keys() | (self.deployers if catalog.database in self.named("Database") else set())
            if member in self.deployers or not {role, member} & ours:
                continue
            expected = {"member"} if (role, member) in {*granted, *within} else set()
            if granted.get((role, member), {}).get("withAdminOption"):
                expected.add("with admin option")
            if (found := _membership(row)) != expected:
                yield _failed(
                    "postgresql", "membership", f"{member} in {role}", _words(found), _words(expected)
                )

    def unheld_roles(self, catalog: Catalog) -> Iterator[Check]:
        """Fail for roles that row security does not hold, the declared and the server's first apart."""
        known = self.named("Role").keys() | self.deployers
        for row in catalog.rows("roles"):
            power = "superuser" if row["superuser"] else "bypass row security"
            held = not (row["superuser"] or row["bypass_row_security"])
            if not (held or row["made_with_the_server"] or row["name"] in known):
                yield _failed("postgresql", "role", row["name"], power, "no such role")

    def settings(self, catalog: Catalog) -> Iterator[Check]:
        """Fail for what is set for declared roles, or for everybody here, and not declared."""
        roles, ours = self.named("Role"), catalog.database in self.named("Database")
        for row in catalog.rows("settings"):
            role, name = row["role"], row["name"]
            declared = roles.get(role, {})
            told = _CHECKED_WITH_THE_ROLE | {"search_path" if declared.get("searchPaths") else ""}
            told |= {"role" if declared.get("assumeRole") else ""}
            if (role and role not in roles) or (not role and not ours):
                continue
            if role and name in told and not row["in_database"]:
                continue
            whose = f"role {role}" if role else "everybody"
            where = f" in database {catalog.database}" if row["in_database"] else ""
            yield _failed("postgresql", "setting", f"{name} of {whose}{where}", row["setting"])

    def objects(self, sources: list[Source], catalog: Catalog) -> Iterator[Check]:
        """Fail for casts, event triggers, servers … that nobody declared, and for changed text search."""
        known = _verbatim(sources)
        known |= {f"extension {name}" for name in self.named("Extension")}
        known |= {f"publication {name}" for name in self.named("Publication")}
        for row in catalog.rows("beside_database"):
            if _folded(f"{row['kind']} {row['name']}") not in known:
                yield _failed("postgresql", row["kind"], row["name"], "there", f"no such {row['kind']}")
        for row in catalog.rows("text_search"):
            yield _failed("postgresql", row["kind"], row["name"], row["found"], row["expected"])

    def privileges(self, catalog: Catalog) -> Iterator[Check]:
        """Fail for grants on the database, its schemas and the server itself, and for new objects."""
        roles = {*self.named("Role"), "public"}
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for role, name, privilege in (
            *self._on_spaces(catalog),
            *self._on_new_objects(catalog),
            *((row["role"], row["name"], row["privilege"]) for row in catalog.rows("server_privileges")),
            *(
                (row["role"], f"gatepost.{row['name']}", row["privilege"])
                for row in catalog.all("privileges", schema="gatepost", is_owner=False)
            ),
        ):
            if role in roles:
                found[role, name].add(privilege)
        for (role, name), privileges in sorted(found.items()):
            yield _failed("postgresql", "privileges", f"{role} on {name}", said(privileges), "nothing")

    def _on_spaces(self, catalog: Catalog) -> Iterator[tuple[str, str, str]]:
        """Yield what roles that no grant names may do with the database and its schemas."""
        granted = {
            (one["objectType"], one.get("schema") or one["database"], one["role"])
            for one in self.given("Grant")
        }
        for row in catalog.rows("grants"):
            kind, name, role = row["type"], row["name"], row["role"]
            elsewhere = kind == "database" and name != catalog.database
            usual = role == "public" and (
                row["privilege"] in ("connect", "temporary")
                if kind == "database"
                else row["privilege"] == "usage" and name in _OPEN_TO_ALL
            )
            if not (elsewhere or usual or (kind, name, role) in granted):
                yield role, f"{kind} {name}", row["privilege"]

    def _on_new_objects(self, catalog: Catalog) -> Iterator[tuple[str, str, str]]:
        """Yield what new objects of the declared roles and the deployer will give, and nobody declared."""
        known = {
            (one["owner"], one.get("schema") or "", TYPES[one["objectType"]], one["role"])
            for one in self.given("DefaultPrivileges")
        }
        owners = {*self.named("Role"), *self.deployers}
        for row in catalog.rows("default_privileges"):
            owner, schema, kind, role = row["owner"], row["schema"], row["type"], row["role"]
            usual = role == "public" and not schema and (kind, row["privilege"]) in _USUAL_DEFAULTS
            if owner in owners and not usual and (owner, schema, kind, role) not in known:
                where = f" in schema {schema}" if schema else ""
                yield role, f"new {_WORDS[kind]}s of {owner}{where}", row["privilege"]


def _membership(row: Row) -> set[str]:
    admin = {"with admin option"} if row["admin"] else set()
    return {"member", *admin} | ({"inheriting"} if row["inherits"] and not row["usually_inherits"] else set())


def _words(found: set[str]) -> str:
    return " ".join(sorted(found, key=["member", "with admin option", "inheriting"].index)) or "no member"


def _verbatim(sources: list[Source]) -> set[str]:
    """Return what the program makes by statements of its own, such as `cast (text as uuid)`."""
    return {
        _folded(str(one.inputs["creates"]))
        for source in sources
        for one in source.objects
        if "creates" in one.inputs
    }


def _folded(name: str) -> str:
    """Return a name as PostgreSQL and a person both give it: `cast (text as uuid)`."""
    plain = name.lower().replace("pg_catalog.", "").replace("foreign-data", "foreign data")
    return " ".join(plain.split())


def _failed(feature: str, kind: str, name: str, found: str, expected: str = "nothing") -> Check:
    return Check(feature, kind, name, {"": expected}, {"": found})
