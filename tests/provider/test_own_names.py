"""What PostgreSQL named after a table and its column follows their new names, as if it had been built so."""

from __future__ import annotations

import pytest
from changes import but, fill
from fix_provider import Deploy, Inputs, col

NAMES = """
    select c.conname::text from pg_constraint as c
    where c.conrelid in ('posts'::regclass, to_regclass('low')) and c.contype = 'n'
    union all select relname::text from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace
    order by 1
"""
SERIAL = {"nullable": False}
BEFORE = but(col("n", "bigint", identity="always", nullable=False), col("s", "serial", **SERIAL))
RENAMED = {
    "not null": [
        *but(col("state", nullable=False, default="'draft'", renamed_from="status"), without=("status",)),
        *BEFORE[-2:],
    ],
    "identity": [
        *but(col("s", "serial", **SERIAL)),
        col("m", "bigint", identity="always", nullable=False, renamed_from="n"),
    ],
    "serial": [*but(BEFORE[-2]), col("t", "serial", renamed_from="s", **SERIAL)],
    "in a row": [
        *but(col("status", "integer", nullable=False, default="0", renamed_from="views"), without=("views",)),
        col("state", nullable=False, default="'draft'", renamed_from="status"),
        *BEFORE[-2:],
    ],
    "identities in a row": [
        *but(),
        col("o", "bigint", identity="always", nullable=False, renamed_from="n"),
        col("n", "serial", renamed_from="s", **SERIAL),
    ],
    "proved too": [
        *but(col("heading", nullable=False, renamed_from="title"), without=("title",)),
        *BEFORE[-2:],
    ],
    "long": [
        *but(
            col("views_" * 10, "integer", nullable=False, default="0", renamed_from="views"),
            without=("views",),
        ),
        *BEFORE[-2:],
    ],
}
PARTED: Inputs = {"partition_by": "range (id)", "partitions": [{"name": "low", "bounds": "from (0) to (99)"}]}


def names(deploy: Deploy) -> list[str]:
    return [name for (name,) in deploy.sql(NAMES)]


@pytest.mark.parametrize("divided", [{}, PARTED], ids=["whole", "partitioned"])
@pytest.mark.parametrize("after", RENAMED.values(), ids=list(RENAMED))
def test_of_a_column(deploy: Deploy, after: list[Inputs], divided: Inputs) -> None:
    deploy.table(columns=BEFORE, **divided)
    started = names(deploy)
    fill(deploy)
    deploy.sql("update posts set title = 'x' where title is null")
    assert deploy.table(columns=after, **divided) == "update"
    changed = names(deploy)
    plain = [{key: value for key, value in one.items() if key != "renamedFrom"} for one in after]
    assert deploy.table(columns=plain, **divided) == "same"
    former = {one["renamedFrom"]: one["name"] for one in after if "renamedFrom" in one}
    back = [{**one, "renamedFrom": former.get(one["name"])} for one in BEFORE]
    deploy.table(columns=back, **divided)
    assert names(deploy) == started
    deploy.delete("Table", "posts")
    deploy.table(columns=plain, **divided)
    assert names(deploy) == changed


def test_of_table_and_column_at_once(deploy: Deploy) -> None:
    def named(name: str, columns: list[Inputs]) -> str:
        return deploy.deploy("Table", "posts", {"schema": "public", "name": name, "columns": columns})

    named("notes", BEFORE)
    deploy.sql("insert into notes (id, title) values (1, 'x')")
    changed = [*RENAMED["proved too"][:-2], *RENAMED["identities in a row"][-2:]]
    named("posts", changed)
    made = names(deploy)
    deploy.delete("Table", "posts")
    named("posts", changed)
    assert names(deploy) == made


def test_a_name_that_somebody_gave_stays(deploy: Deploy) -> None:
    deploy.table(columns=BEFORE)
    deploy.sql("alter sequence posts_n_seq rename to counted; create sequence posts_t_seq")
    deploy.table(columns=[*but(), *RENAMED["identity"][-1:], *RENAMED["serial"][-1:]])
    assert {"counted", "posts_s_seq"} <= set(names(deploy))


def test_a_declared_sequence_of_a_serial_column_has_its_own(deploy: Deploy) -> None:
    given = {"schema": "public", "type": "integer", "comment": "k"}
    deploy.table(columns=BEFORE)
    deploy.sequence("s", **given, name="posts_s_seq", owned_by="public.posts.s")
    for name in ("posts_t_seq", "posts_s_seq"):
        deploy.table(columns=[*but(BEFORE[-2]), col("t", "serial", renamed_from="s", **SERIAL)])
        with deploy.next_deployment():
            request = {**given, "name": name, "ownedBy": "public.posts.t"}
            deploy.sequence("s", **request)
        assert name in names(deploy)
        assert deploy.refresh("Sequence", "s") == "same"
        deploy.table(columns=[*but(BEFORE[-2]), col("s", "serial", renamed_from="t", **SERIAL)])
        deploy.sequence("s", **given, name="posts_s_seq", owned_by="public.posts.s")
