"""Who reads a post, and what readers answer."""

import psycopg
import pytest
from fix_platform import Stage
from gazette import DIARY, EXPERIMENT, GAZETTE, LETTER, MINUTES, NOTES, UNFINISHED, WELCOME, WORKSHOP
from people import ADA, BO, CLEO, DAN, EVE

SEEN = "select id::text from posts"
WRITE = "insert into posts (title, status, visibility) values ('Title', %(status)s, 'public') returning *"
COMMENT = "insert into comments (post_id, body) values (%(post)s, 'Yes!')"
REACT = "insert into reactions (post_id, kind) values (%(post)s, 'love')"
SEARCH = "select post_id::text as id from app.search_posts(%(words)s, %(collective)s)"
FEED = "select post_id::text as id, shared_at from app.newest_shared_posts(50, %(collective)s)"


@pytest.mark.parametrize(
    ("user", "seen"),
    [
        (ADA, {WELCOME, LETTER, EXPERIMENT}),
        (BO, {WELCOME, LETTER, EXPERIMENT, UNFINISHED}),
        (CLEO, {WELCOME, LETTER, EXPERIMENT}),
        (DAN, {WELCOME, LETTER, EXPERIMENT, DIARY}),
        (EVE, {WELCOME, MINUTES}),
        (None, {WELCOME}),
    ],
)
def test_readers(stage: Stage, user: str | None, seen: set[str]) -> None:
    assert {row["id"] for row in stage.as_user(user).run(SEEN)} == seen


def test_visitors_read_what_is_public(stage: Stage) -> None:
    assert [row["id"] for row in stage.anonymous.run(SEEN)] == [WELCOME]
    stage.anonymous.denied("select collective_id from posts")


def test_what_is_hidden_in_a_collective_is_not_read_through_it(stage: Stage) -> None:
    stage.as_user(BO).run("update post_collectives set status = 'hidden' where post_id = %(id)s", id=LETTER)
    assert stage.as_user(DAN).count("select from posts where id = %(id)s", id=LETTER) == 0
    assert stage.as_user(BO).count("select from posts where id = %(id)s", id=LETTER) == 1


def test_a_draft_is_its_authors_even_where_it_is_shared(stage: Stage) -> None:
    share = "insert into post_collectives (post_id, collective_id) values (%(p)s, %(c)s)"
    assert stage.as_user(BO).count(share, p=UNFINISHED, c=GAZETTE) == 1
    assert stage.as_user(ADA).count("select from posts where id = %(id)s", id=UNFINISHED) == 0


def test_a_post_is_its_authors(stage: Stage) -> None:
    (row,) = stage.as_user(DAN).run(WRITE, status="published")
    assert (str(row["author_id"]), row["published_at"] is None) == (DAN, False)
    stage.as_user(DAN).denied(
        "insert into posts (author_id, title) values (%(by)s, 'In the name of Ada')", by=ADA
    )
    stage.as_user(None).denied("insert into posts (title) values ('By nobody')")


@pytest.mark.parametrize(
    "statement",
    ["update posts set title = 'Mine' where id = %(id)s", "delete from posts where id = %(id)s"],
)
def test_only_authors_change(stage: Stage, statement: str) -> None:
    for other in (CLEO, BO, DAN):
        assert stage.as_user(other).count(statement, id=WELCOME) == 0
    assert stage.as_user(ADA).count(statement, id=WELCOME) == 1


def test_the_time_of_publication_is_kept(stage: Stage) -> None:
    bo = stage.as_user(BO)
    published = "select published_at as at from posts where id = %(id)s"
    assert bo.run(published, id=UNFINISHED) == [{"at": None}]
    bo.run("update posts set status = 'published' where id = %(id)s", id=UNFINISHED)
    (first,) = bo.run(published, id=UNFINISHED)
    bo.run("update posts set status = 'archived' where id = %(id)s", id=UNFINISHED)
    bo.run("update posts set status = 'published' where id = %(id)s", id=UNFINISHED)
    assert first["at"] is not None
    assert bo.run(published, id=UNFINISHED) == [first]
    bo.denied("update posts set published_at = null where id = %(id)s", id=UNFINISHED)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("title = ''", "posts_title_check"),
        ("title = repeat('x', 301)", "posts_title_check"),
        ("body = repeat('x', 200001)", "posts_body_check"),
        ("status = 'gone'", "posts_status_check"),
        ("visibility = 'friends'", "posts_visibility_check"),
    ],
)
def test_what_a_post_may_be(stage: Stage, change: str, constraint: str) -> None:
    statement = psycopg.sql.SQL("update posts set {} where id = %(id)s").format(psycopg.sql.SQL(change))
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        stage.as_user(ADA).run(statement, id=WELCOME)
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize("answer", [COMMENT, REACT])
def test_whoever_reads_a_post_may_answer_it(stage: Stage, answer: str) -> None:
    assert stage.as_user(DAN).count(answer, post=EXPERIMENT) == 1
    for user, post in ((EVE, EXPERIMENT), (ADA, DIARY), (DAN, MINUTES), (None, WELCOME)):
        stage.as_user(user).denied(answer, post=post)


@pytest.mark.parametrize("table", ["comments", "reactions"])
def test_answers_are_seen_where_the_post_is(stage: Stage, table: str) -> None:
    rows = psycopg.sql.SQL("select post_id::text as id from {}").format(psycopg.sql.Identifier(table))
    for user in (ADA, BO, DAN, EVE, None):
        readable = {row["id"] for row in stage.as_user(user).run(SEEN)}
        everything = {row["id"] for row in stage.service.run(rows)}
        assert {row["id"] for row in stage.as_user(user).run(rows)} == everything & readable
    stage.anonymous.denied("select from comments")


def test_comments_are_changed_by_who_wrote_them_and_removed_by_the_posts_author_too(stage: Stage) -> None:
    change = "update comments set body = 'Edited' where post_id = %(post)s"
    remove = "delete from comments where post_id = %(post)s"
    assert stage.as_user(DAN).count(change, post=WELCOME) == 1
    for user in (BO, CLEO, EVE):
        assert stage.as_user(user).count(change, post=WELCOME) == 0
        assert stage.as_user(user).count(remove, post=WELCOME) == 0
    assert stage.as_user(ADA).count(change, post=WELCOME) == 0
    assert stage.as_user(ADA).count(remove, post=WELCOME) == 1


def test_reactions_are_taken_back_by_who_reacted(stage: Stage) -> None:
    assert stage.as_user(ADA).count("delete from reactions") == 0
    assert stage.as_user(EVE).count("delete from reactions") == 1
    stage.as_user(EVE).run(REACT, post=WELCOME)
    with pytest.raises(psycopg.errors.UniqueViolation):
        stage.as_user(EVE).run(REACT, post=WELCOME)
    with pytest.raises(psycopg.errors.CheckViolation):
        stage.as_user(EVE).run(
            "insert into reactions (post_id, kind) values (%(post)s, 'rage')", post=WELCOME
        )


def found(stage: Stage, user: str | None, words: str, collective: str | None = None) -> set[str]:
    rows = stage.as_user(user).run(SEARCH, words=words, collective=collective)
    return {row["id"] for row in rows}


def test_search_finds_what_the_user_may_read(stage: Stage) -> None:
    words = "gazette or letter or experiment or diary or minutes or finished"
    for user in (ADA, BO, CLEO, DAN, EVE, None):
        rows = stage.as_user(user).run("select id::text from posts where status = 'published'")
        assert found(stage, user, words) == {row["id"] for row in rows}


def test_search_stems_and_knows_phrases(stage: Stage) -> None:
    assert found(stage, ADA, "experiments") == {EXPERIMENT}
    assert found(stage, ADA, '"letter to our readers"') == {LETTER}
    assert found(stage, ADA, "letter -readers") == set()
    assert found(stage, ADA, "") == set()


def test_search_within_a_collective(stage: Stage) -> None:
    assert found(stage, ADA, "gazette or letter or experiment", GAZETTE) == {WELCOME, LETTER}
    assert found(stage, ADA, "gazette or letter or experiment", WORKSHOP) == {WELCOME, EXPERIMENT}
    assert found(stage, ADA, "gazette or minutes", NOTES) == set()


def test_search_refuses_a_wild_page(stage: Stage) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="give 1 to 100"):
        stage.as_user(ADA).run("select * from app.search_posts('x', page_size => 101)")
    stage.anonymous.denied("select * from app.search_posts('gazette')")


@pytest.mark.parametrize(
    ("user", "collective", "shown"),
    [
        (ADA, GAZETTE, {WELCOME, LETTER}),
        (ADA, WORKSHOP, {WELCOME, EXPERIMENT}),
        (ADA, NOTES, set()),
        (ADA, None, {WELCOME, LETTER, EXPERIMENT}),
        (EVE, GAZETTE, set()),
        (EVE, None, {MINUTES}),
        (None, None, set()),
    ],
)
def test_feeds_show_what_members_share(
    stage: Stage, user: str | None, collective: str | None, shown: set[str]
) -> None:
    rows = stage.as_user(user).run(FEED, collective=collective)
    assert {row["id"] for row in rows} == shown
    assert [row["shared_at"] for row in rows] == sorted((row["shared_at"] for row in rows), reverse=True)


def test_a_feed_refuses_a_wild_page(stage: Stage) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="give 1 to 200"):
        stage.as_user(ADA).run("select * from app.newest_shared_posts(201)")
    stage.anonymous.denied("select * from app.newest_shared_posts()")
