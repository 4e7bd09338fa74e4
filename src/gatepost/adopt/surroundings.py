"""The module of a program that says where the database is and what surrounds its tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from gatepost.adopt.database import Database, Unexpressed
from gatepost.adopt.described import described
from gatepost.adopt.source import Call, Name, assignment, render
from gatepost.provider.from_catalog import token_of
from gatepost.provider.kinds import KINDS

_HEAD = '''"""The database: where it is, its schemas and extensions, and who may enter."""

import os
from urllib.parse import parse_qs, unquote, urlsplit

import pulumi
import pulumi_postgresql as postgresql

from gatepost.resources import Provider

url = urlsplit(os.environ.get("GATEPOST_DATABASE_URL") or pulumi.Config().require("databaseUrl"))
database = unquote(url.path.removeprefix("/"))
sslmode = parse_qs(url.query).get("sslmode", ["prefer"])[-1]
password = unquote(url.password) if url.password else None

server = postgresql.Provider(
    "server",
    host=url.hostname,
    port=url.port or 5432,
    username=unquote(url.username or "postgres"),
    password=pulumi.Output.secret(password) if password else None,
    database=database,
    sslmode=sslmode,
    superuser=False,
)
made: list[pulumi.Resource] = []


def in_turn() -> pulumi.ResourceOptions:
    """One after the other: what changes together fails with "tuple concurrently updated"."""
    return pulumi.ResourceOptions(provider=server, depends_on=made[-1:])


'''
_TAIL = """

target = Provider(
    "target",
    host=url.hostname or "localhost",
    port=str(url.port or 5432),
    username=unquote(url.username or "postgres"),
    password=password,
    database=database,
    sslmode=sslmode,{role}{existing}
    opts=pulumi.ResourceOptions(depends_on=made),
)
"""
_OBJECT_TYPES = ("table", "sequence", "function", "type", "schema")


def source(database: Database, user: str, existing: list[str]) -> str:
    """Return the module's text.

    :param user: the role that deploys: what it owns needs no other role.
    :param existing: what the program's SQL uses and does not declare.
    """
    lines = [f"made.append({assignment(None, call)})" for call in _calls(database)]
    owner = database.main_owner
    role = "" if owner == user else f"\n    role={render(owner)},"
    outside = f"\n    existing={render(existing, 1, len('existing='))}," if existing else ""
    return _HEAD + "\n".join(lines) + "\n" + _TAIL.format(role=role, existing=outside)


def unexpressed(database: Database) -> Iterator[Unexpressed]:
    """Name the default privileges that Pulumi's own provider has no words for, and the other owners."""
    others: dict[str, list[str]] = defaultdict(list)
    for key, owner in database.owners.items():
        known = key in database.definitions and not (key.object and key.kind != "functions")
        if known and owner != database.main_owner and "owner" not in KINDS[token_of(key)].inputs.model_fields:
            others[owner].append(described(key))
    for owner, found in sorted(others.items()):
        listed = f"{', '.join(sorted(found))}: deployed elsewhere they belong to {database.main_owner}"
        yield Unexpressed(f"objects of {owner}", listed)
    for given in database.default_privileges:
        if given.object_type not in _OBJECT_TYPES:
            what = f"default privileges of {given.owner} on {given.object_type} for {given.role}"
            yield Unexpressed(what, "pulumi-postgresql knows no such kind of object")


def _calls(database: Database) -> Iterator[Call]:
    yield from _schemas(database)
    for extension in database.extensions:
        named = {"name": extension.name, "database": Name("database"), "schema": extension.schema}
        yield _made("Extension", extension.name, named)
    for given in database.default_privileges:
        if given.object_type in _OBJECT_TYPES:
            parts = (given.role, "gets", given.object_type, "of", given.owner, "in", given.schema)
            named = {
                "database": Name("database"),
                "owner": given.owner,
                "role": given.role,
                "schema": given.schema,
                "object_type": given.object_type,
                "privileges": given.privileges,
                "with_grant_option": given.grantable or None,
            }
            yield _made("DefaultPrivileges", "_".join(part for part in parts if part), named)


def _schemas(database: Database) -> Iterator[Call]:
    for schema in database.schemas:
        if schema.name != "public" or schema.owner != "pg_database_owner":
            named = {"name": schema.name, "database": Name("database"), "owner": schema.owner}
            yield _made("Schema", schema.name, named)
        grants = list(schema.grants)
        if schema.name == "public" and not any(one["role"] == "public" for one in grants):
            grants.append({"role": "public", "privileges": [], "grantable": False})
        for grant in grants:
            named = {
                "database": Name("database"),
                "object_type": "schema",
                "schema": schema.name,
                "role": grant["role"],
                "privileges": grant["privileges"],
                "with_grant_option": grant["grantable"] or None,
            }
            yield _made("Grant", f"{grant['role']}_in_{schema.name}", named)


def _made(kind: str, name: str, named: dict[str, object]) -> Call:
    given = {key: value for key, value in named.items() if value is not None}
    resource = re.sub(r"[^\w.-]+", "_", name)
    return Call(f"postgresql.{kind}", [resource], {**given, "opts": Name("in_turn()")})
