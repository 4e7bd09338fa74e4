"""A client of the former schema, where a post had one collective, works as before; its posts are migrated."""

import psycopg
import pytest
from fix_platform import Deployed, Stage
from gazette import GAZETTE, LETTER, NOTES, UNFINISHED, WELCOME, WORKSHOP
from people import ADA, BO, DAN

INSERT = (
    "insert into posts (author_id, collective_id, title, body, status)"
    " values (%(author)s, %(collective)s, 'Title', 'Body', 'published') returning id"
)
OF_COLLECTIVE = (
    "select id::text from posts where collective_id = %(collective)s and status = 'published'"
    " order by created_at desc"
)
MOVE = "update posts set collective_id = %(collective)s where id = %(id)s"
SHARED = "select collective_id::text as id from post_collectives where post_id = %(id)s order by 1"
FORMER = "select collective_id::text as id from posts where id = %(id)s"
SHARE = "insert into post_collectives (post_id, collective_id, display_order) values (%(id)s, %(c)s, %(n)s)"
UNSHARE = "delete from post_collectives where post_id = %(id)s and collective_id = %(c)s"
MIGRATE = "select migrate_legacy_post_collectives(%(batch)s) as n"


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["id"] for row in rows]


def test_former_client_posts_and_members_of_the_new_see_it(stage: Stage) -> None:
    (post,) = stage.as_user(BO).run(INSERT, author=BO, collective=GAZETTE)
    assert ids(stage.as_user(BO).run(SHARED, id=post["id"])) == [GAZETTE]
    assert stage.as_user(DAN).count("select from posts where id = %(id)s", id=post["id"]) == 1
    assert str(post["id"]) in ids(stage.as_user(DAN).run(OF_COLLECTIVE, collective=GAZETTE))


def test_former_client_posts_only_where_it_may(stage: Stage) -> None:
    stage.as_user(DAN).denied(INSERT, author=DAN, collective=GAZETTE)
    stage.as_user(BO).denied(INSERT, author=BO, collective=NOTES)
    assert stage.as_user(BO).count(INSERT, author=BO, collective=None) == 1


def test_former_client_moves_a_post(stage: Stage) -> None:
    bo = stage.as_user(BO)
    (post,) = bo.run(INSERT, author=BO, collective=GAZETTE)
    assert bo.count(MOVE, id=post["id"], collective=WORKSHOP) == 1
    assert ids(bo.run(SHARED, id=post["id"])) == [WORKSHOP]
    assert bo.count(MOVE, id=post["id"], collective=None) == 1
    assert bo.run(SHARED, id=post["id"]) == []
    bo.denied(MOVE, id=post["id"], collective=NOTES)


def test_former_client_sees_what_new_clients_share(stage: Stage) -> None:
    bo = stage.as_user(BO)
    bo.run("update posts set status = 'published' where id = %(id)s", id=UNFINISHED)
    bo.run(SHARE, id=UNFINISHED, c=WORKSHOP, n=1)
    bo.run(SHARE, id=UNFINISHED, c=GAZETTE, n=0)
    assert ids(bo.run(FORMER, id=UNFINISHED)) == [WORKSHOP]
    assert UNFINISHED in ids(stage.as_user(DAN).run(OF_COLLECTIVE, collective=WORKSHOP))
    bo.run(UNSHARE, id=UNFINISHED, c=WORKSHOP)
    assert ids(bo.run(FORMER, id=UNFINISHED)) == [GAZETTE]
    bo.run(UNSHARE, id=UNFINISHED, c=GAZETTE)
    assert ids(bo.run(FORMER, id=UNFINISHED)) == [None]


def test_of_several_the_first_in_order_is_told(stage: Stage) -> None:
    stage.as_user(BO).run(
        "insert into post_collectives (post_id, collective_id, display_order)"
        " values (%(id)s, %(a)s, 2), (%(id)s, %(b)s, 1)",
        id=UNFINISHED,
        a=GAZETTE,
        b=WORKSHOP,
    )
    assert ids(stage.as_user(BO).run(FORMER, id=UNFINISHED)) == [WORKSHOP]


def test_a_moderators_removal_reaches_former_clients(stage: Stage) -> None:
    stage.as_user(ADA).run(UNSHARE, id=LETTER, c=GAZETTE)
    assert ids(stage.as_user(BO).run(FORMER, id=LETTER)) == [WORKSHOP]


def test_following_is_no_change_of_the_post(stage: Stage) -> None:
    before = stage.as_user(BO).run("select updated_at from posts where id = %(id)s", id=UNFINISHED)
    stage.as_user(BO).run(SHARE, id=UNFINISHED, c=WORKSHOP, n=1)
    assert stage.as_user(BO).run("select updated_at from posts where id = %(id)s", id=UNFINISHED) == before


def test_a_collective_that_goes_leaves_the_post_with_the_others(stage: Stage) -> None:
    stage.service.run("delete from collectives where id = %(id)s", id=GAZETTE)
    assert ids(stage.service.run(FORMER, id=WELCOME)) == [WORKSHOP]
    assert ids(stage.service.run(SHARED, id=WELCOME)) == [WORKSHOP]


@pytest.fixture
def before_release(clone: Deployed) -> Deployed:
    """A database with 25 posts from before: each has its collective, no association."""
    with clone.superuser() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into posts (id, author_id, collective_id, title, status)"
            " select md5('former' || n)::uuid, %s, %s, 'Former ' || n, 'published'"
            " from generate_series(1, 25) as n",
            [BO, GAZETTE],
        )
    return clone


def migrated(stage: Stage, batch: int) -> int:
    count: int = stage.service.run(MIGRATE, batch=batch)[0]["n"]
    return count


def test_migration_goes_on_where_it_was_cut_short_and_can_run_again(before_release: Deployed) -> None:
    counts = []
    for _ in range(5):
        with before_release.connect() as connection:
            counts.append(migrated(Stage(connection), 10))
            connection.commit()
    assert counts == [10, 10, 5, 0, 0]
    with before_release.connect() as connection:
        stage = Stage(connection)
        assert stage.service.count("select from post_collectives where origin = 'legacy'") == 25
        log = "select from post_collective_audit_log where action = 'migrate' and outcome = 'succeeded'"
        assert stage.service.count(log) == 25
        (progress,) = stage.service.run("select * from app.legacy_post_migration")
        assert (progress["migrated"], progress["finished_at"] is None) == (25, False)


def test_migration_cut_short_leaves_nothing_half_done(before_release: Deployed) -> None:
    with before_release.connect() as connection:
        connection.execute("select 1")
        assert migrated(Stage(connection), 10) == 10
        connection.rollback()
    with before_release.connect() as connection:
        stage = Stage(connection)
        assert migrated(stage, 100) == 25
        assert migrated(stage, 100) == 0


def test_migration_takes_what_came_later(before_release: Deployed) -> None:
    with before_release.connect() as connection:
        stage = Stage(connection)
        assert migrated(stage, 100) == 25
        assert migrated(stage, 100) == 0
    with before_release.superuser() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from post_collectives where post_id = md5('former3')::uuid")
    with before_release.connect() as connection:
        assert [migrated(Stage(connection), 100) for _ in range(2)] == [1, 0]


def test_migration_by_the_guides_own_words(before_release: Deployed) -> None:
    with before_release.connect() as connection:
        assert Stage(connection).service.run("SELECT migrate_legacy_post_collectives();") == [
            {"migrate_legacy_post_collectives": 25}
        ]


@pytest.mark.parametrize("batch", [0, 100_001])
def test_migration_refuses_a_wild_batch(stage: Stage, batch: int) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="give 1 to 100000 posts"):
        stage.service.run(MIGRATE, batch=batch)
    stage.as_user(ADA).denied(MIGRATE, batch=1)
