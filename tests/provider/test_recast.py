"""A type changes under checks and policies that PostgreSQL keeps without the casts they were made with."""

from __future__ import annotations

import pytest
from changes import POSTS, ROWS, but, fill
from fix_provider import Deploy, col

from gatepost.errors import StillUsed

SHORT = "check (length(amount::text) < 100)"


@pytest.fixture
def with_text(deploy: Deploy) -> Deploy:
    """The table with rows and a text of digits in each."""
    deploy.table(columns=POSTS)
    fill(deploy)
    deploy.table(columns=but(col("amount", "text")))
    deploy.sql("update posts set amount = '12'")
    return deploy


def checks(deploy: Deploy) -> list[tuple[str, ...]]:
    return deploy.sql(
        "select conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')"
        " from pg_constraint where conrelid = 'posts'::regclass and contype = 'c' order by 1"
    )


def test_a_check_says_what_it_said(with_text: Deploy) -> None:
    with_text.sql(f"alter table posts add constraint posts_short {SHORT}")
    with_text.sql("comment on constraint posts_short on posts is 'kept'")
    with_text.sql("alter table posts add constraint whatever check (amount is not null) not valid")
    with_text.table(columns=but(col("amount", "numeric")))
    assert checks(with_text) == [
        ("posts_short", "CHECK ((length((amount)::text) < 100))", True, "kept"),
        ("whatever", "CHECK ((amount IS NOT NULL)) NOT VALID", False, None),
    ]
    assert with_text.sql("select count(*) from posts where amount = 12") == [(ROWS,)]
    with_text.table(columns=but(col("amount", "text")))
    with_text.table(columns=but(col("amount", "integer")))
    assert checks(with_text)[0][1] == "CHECK ((length((amount)::text) < 100))"


def test_a_policy_says_what_it_said_and_its_subqueries_are_left_alone(with_text: Deploy) -> None:
    with_text.sql(
        "create table others (amount text);"
        "alter table others owner to deployer;"
        "create policy mine on posts for select using (amount <> 'secret' and not exists"
        " (select from others as o where o.amount = 'x'))"
    )
    with_text.table(columns=but(col("amount", "bigint")))
    [(found,)] = with_text.sql("select pg_get_expr(polqual, polrelid) from pg_policy where polname = 'mine'")
    assert "((amount)::text <> 'secret'::text)" in found
    assert "(o.amount = 'x'::text)" in found


def test_an_index_that_cannot_be_kept_is_refused_before_anything_is_done(with_text: Deploy) -> None:
    with_text.sql(
        "create index posts_long on posts (length(amount)); alter index posts_long owner to deployer"
    )
    before = with_text.snapshot()
    with pytest.raises(StillUsed, match=r"index posts_long is over length\(amount\)"):
        with_text.table(columns=but(col("amount", "numeric")))
    assert with_text.snapshot() == before
