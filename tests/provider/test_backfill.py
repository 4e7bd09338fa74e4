"""Backfills: every row once, whatever row security hides, and on from where the last deployment stopped."""

from __future__ import annotations

import time
from threading import Thread

import psycopg
import pytest
from changes import POSTS
from fix_provider import Deploy, Refused, col
from killing import Killed, killed_before

from gatepost.errors import InvalidDeclaration, PermissionMissing, StatementFailed

ROWS = 2500
SLUGS = {"sets": {"slug": "lower(title)"}, "where": "slug is null", "pause": 0.0}
COLUMNS = [*POSTS, col("slug"), col("times", "integer", default="0")]


@pytest.fixture
def posts(deploy: Deploy) -> Deploy:
    """The deployer's table `posts`, with a key and rows."""
    deploy.table(columns=COLUMNS)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id"])
    deploy.sql("insert into posts (id, title) select g, 'Title ' || g from generate_series(1, %s) as g", ROWS)
    return deploy


def backfill(deploy: Deploy, name: str = "slugs", **inputs: object) -> str:
    return deploy.backfill(name, schema="public", table="posts", name=name, **{**SLUGS, **inputs})


def filled(deploy: Deploy) -> int:
    (count,) = deploy.sql("select count(*) from posts where slug = lower(title)")[0]
    return int(count)


@pytest.mark.parametrize("security", ["off", "enabled", "forced"])
def test_every_row_is_filled_and_says_so(posts: Deploy, security: str) -> None:
    posts.table(columns=COLUMNS, row_security=security)
    assert backfill(posts) == "create"
    assert filled(posts) == ROWS
    progress = posts.sql("select filled, last_key, finished_at is not null from gatepost.backfills")
    assert progress == [(ROWS, None, True)]
    assert posts.sql("select count(*) from pg_policy") == [(0,)]
    assert backfill(posts) == "same"
    assert backfill(posts, batch=10) == "same"


def test_nobody_else_sees_more_meanwhile(posts: Deploy) -> None:
    posts.table(columns=COLUMNS, row_security="forced")
    posts.sql(
        "create function leak() returns bigint security definer language sql begin atomic"
        " select count(*) from public.posts; end; alter function leak() owner to deployer;"
    )
    backfill(posts)
    (policy,) = [text for text in posts.statements() if text.startswith("create policy")]
    posts.sql(policy.encode())  # type: ignore[arg-type]
    assert posts.sql("select leak()") == [(0,)]


def test_one_that_was_cut_short_goes_on_where_it_stopped(posts: Deploy) -> None:
    """A row that cannot be set stops it; the batches before it stay, and no row is set twice."""
    counted = {"sets": {"slug": "title", "times": "times + 1"}}
    posts.sql("alter table posts add constraint stop check (id <> 2000 or views > 0 or slug is null)")
    with pytest.raises(StatementFailed, match="stop"):
        backfill(posts, **counted)
    assert posts.sql("select filled, last_key from gatepost.backfills") == [(1000, ["1000"])]
    posts.sql("update posts set views = 1")
    backfill(posts, **counted)
    assert posts.sql("select filled from gatepost.backfills") == [(ROWS,)]
    assert posts.sql("select min(times), max(times) from posts") == [(1, 1)]


def test_what_a_killed_one_left_goes_with_the_next_deployment_of_anything(posts: Deploy) -> None:
    posts.table(columns=COLUMNS, row_security="forced")
    with killed_before(1), pytest.raises(Killed):
        backfill(posts)
    assert posts.sql("select polname from pg_policy") == [("gatepost_backfill",)]
    with posts.next_deployment():
        posts.index("i", columns=["author"])
    assert posts.sql("select count(*) from pg_policy") == [(0,)]
    with killed_before(1), pytest.raises(Killed):
        backfill(posts)
    with posts.next_deployment():
        assert backfill(posts) == "create"
    assert filled(posts) == ROWS
    assert posts.sql("select count(*) from pg_policy") == [(0,)]


def test_a_client_is_never_the_victim_of_a_deadlock(posts: Deploy) -> None:
    """The client holds a row of a batch and then wants one that the batch holds: the batch gives way."""
    took = []

    def wants_another(client: psycopg.Connection) -> None:
        while not client.execute("select from pg_locks where not granted").fetchall():
            time.sleep(0.005)
        began = time.monotonic()
        client.execute("update posts set views = 7 where id = 10")
        took.append(time.monotonic() - began)
        client.commit()

    with psycopg.connect(posts.database.superuser_url) as client:
        client.execute("select from posts where id = 900 for update")
        later = Thread(target=wants_another, args=[client])
        later.start()
        backfill(posts)
        later.join()
    assert filled(posts) == ROWS
    assert max(took) < 0.6, "it waited until somebody detected the deadlock"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"sets": {"slog": "title"}}, "no column slog"),
        ({"sets": {"slug": "titel"}}, "unknown column titel"),
        ({"where": "true"}, "which rows still need it"),
        ({"sets": {}}, "sets"),
        ({"sets": {"slug": "title ;"}}, "syntax error"),
    ],
)
def test_refused_by_check(posts: Deploy, inputs: dict[str, object], message: str) -> None:
    with pytest.raises(Refused, match=message):
        backfill(posts, **inputs)


def test_a_condition_that_stays_true_is_an_error(posts: Deploy) -> None:
    with pytest.raises(StatementFailed, match=r"2500 rows of public\.posts still need to be filled"):
        backfill(posts, where="title is not null")


def test_rows_that_the_deployer_cannot_see_are_no_silent_success(posts: Deploy) -> None:
    posts.table(columns=COLUMNS, row_security="forced")
    posts.sql("create policy strict on posts as restrictive using (false)")
    with pytest.raises(PermissionMissing, match="restrictive policy strict hides rows"):
        backfill(posts)
    assert filled(posts) == 0


def test_a_table_without_a_key_is_refused(posts: Deploy) -> None:
    posts.sql("alter table posts drop constraint posts_pkey")
    with pytest.raises(InvalidDeclaration, match="goes along a primary key"):
        backfill(posts)


def test_keys_of_several_columns_of_any_type(deploy: Deploy) -> None:
    columns = [*COLUMNS, col("Day 'x'", "timestamptz", nullable=False, default="clock_timestamp()")]
    deploy.table(columns=columns)
    deploy.sql(
        "alter table posts add primary key (\"Day 'x'\", status);"
        "insert into posts (id, title, status) select g, 'T', 'It''s ' || g from generate_series(1, 500) as g"
    )
    backfill(deploy, batch=7)
    assert filled(deploy) == 500
