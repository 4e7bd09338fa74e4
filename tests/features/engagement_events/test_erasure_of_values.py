"""What a user wrote into values, settings and texts goes with the rows: a dump has their id as evidence."""

from __future__ import annotations

import re

import psycopg
import pytest
from fix_platform import Deployed
from people import ADA, BO, CLEO
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier, Literal

from gatepost.postgres.connect import Target
from gatepost.postgres.programs import dumped

OWNED = """
    select p.table_name, p.column_name, a.attname as planted, a.atttypid::regtype::text as type
    from app.personal_data as p
    join pg_attribute as a on a.attrelid = to_regclass(p.table_name)
    where p.on_erasure = 'delete' and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and a.atttypid in ('jsonb'::regtype, 'text'::regtype) and a.attname <> p.column_name
    order by 1, 2, 3
"""
_COPY = re.compile(r"^COPY (\S+) \(.*?^\\\.$", re.MULTILINE | re.DOTALL)


def planted(clone: Deployed, user: str) -> set[str]:
    """Write the user's id into every value and text of their rows that takes it; return the columns."""
    found = set()
    with clone.superuser() as connection:
        connection.execute("set session_replication_role = replica")
        for one in connection.execute(OWNED).fetchall():
            value = SQL("jsonb_build_object('by', {id}::text)") if one["type"] == "jsonb" else SQL("{id}")
            change = SQL("update {table} set {column} = " + "{value} where {key}::text = {id}").format(
                table=Identifier(*one["table_name"].split(".")),
                column=Identifier(one["planted"]),
                value=value.format(id=Literal(user)),
                key=Identifier(one["column_name"]),
                id=Literal(user),
            )
            try:
                if connection.execute(change).rowcount:
                    found.add(f"{one['table_name']}.{one['planted']}")
            except psycopg.errors.CheckViolation:
                continue
    return found


def tables_in_dump(clone: Deployed, text: str) -> set[str]:
    """The tables whose rows have a text in them, by pg_dump; partitions count as their table.

    Without the deployment's own ledger, which has the words of the development seeds.
    """
    given = conninfo_to_dict(clone.superuser_url)
    target = Target(
        *(str(given["host"]), int(given["port"]), str(given["user"]), clone.name, str(given["password"]))
    )
    with clone.superuser() as connection:
        version = connection.info.server_version
    dump = dumped(target, version, "--data-only", "--load-via-partition-root", "--exclude-schema=gatepost")
    return {match[1] for match in _COPY.finditer(dump) if text in match[0]}


@pytest.mark.parametrize("user", [ADA, BO, CLEO])
def test_a_dump_has_nothing_of_who_was_erased(clone: Deployed, user: str) -> None:
    columns = planted(clone, user)
    assert columns >= {
        "public.engagement_events.value",
        "public.post_collectives.sharing_settings",
        "public.posts.body",
        "public.users.display_name",
    }
    before = tables_in_dump(clone, user)
    assert before >= {column.rpartition(".")[0] for column in columns}
    with clone.connect() as connection:
        connection.execute("set local role service_role")
        connection.execute("select app.delete_user_data(%s)", [user])
    with clone.superuser() as connection:
        rows = connection.execute("select table_name from app.personal_data where on_erasure = 'keep'")
        kept = {row["table_name"] for row in rows}
    left = tables_in_dump(clone, user)
    assert "app.erased_users" in left
    assert left <= kept
