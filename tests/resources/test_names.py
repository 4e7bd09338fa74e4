"""Dependencies are found in SQL, so that nobody writes them down."""

from __future__ import annotations

from typing import Any

import pytest

from gatepost.resources._names import Declared, name_created_by, names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select * from posts", {"public.posts"}),
        ("SELECT * FROM Posts", {"public.posts"}),
        ("app.current_user_id()", {"app.current_user_id"}),
        ("app . current_user_id ()", {"app.current_user_id"}),
        ('select * from "Odd Schema"."Odd ""Table"""', {'Odd Schema.Odd "Table"'}),
        ('select * from "Posts"', {"public.Posts"}),
        ("app.mood[]", {"app.mood"}),
        ("select count(*) from posts as p join app.log as l on l.post = p.id", {"public.posts", "app.log"}),
        ("id in (select post_id from members)", {"public.members"}),
        ("null::app.mood is null and lower(x) = 'a'", {"app.mood", "public.lower"}),
        ("'posts'::regclass", {"public.posts"}),
        ("nextval('app.numbers')", {"app.numbers"}),
        (
            "create function f(r app.rows) returns setof posts language sql as 'select * from log'",
            {"app.rows", "public.posts", "public.log"},
        ),
        ("create function f() returns int language sql begin atomic select app.g(); end", {"app.g"}),
        (
            "create function f() returns int language sql set search_path = app, audit as 'select g()'",
            {"app.g", "audit.g"},
        ),
        (
            "create function f() returns int language plpgsql as $$ begin "
            "for r in select * from posts loop perform app.g(r.x); end loop; "
            "execute 'insert into app.log' || now(); end $$",
            {"public.posts", "app.g", "app.log"},
        ),
        (
            "create function f() returns trigger language plpgsql as $$ declare o app.org; begin "
            "o.name := (select name from posts); return new; end $$",
            {"app.org", "public.posts"},
        ),
        (
            "insert into posts select * from app.old returning app.touch()",
            {"public.posts", "app.old", "app.touch"},
        ),
        ("title = '--' and exists (select from posts)", {"public.posts"}),
        ("title = '/*' or exists (select from members) -- */", {"public.members"}),
        ("not /* isn't */ exists (select from members) -- don't", {"public.members"}),
    ],
)
def test_names_in(text: str, names: set[str]) -> None:
    assert names <= {".".join(name) for name in names_in(text)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("select 1 -- from posts", "public.posts"),
        ("select 1 /* from\nposts */", "public.posts"),
        ("select * from posts_archive", "public.posts"),
        ("select * from app.posts", "public.posts"),
        ('select * from "Posts"', "public.posts"),
        ("posts is not null and posts.title = 'x'", "public.posts"),
        ("with posts as (select 1) select * from posts", "public.posts"),
        ("select 1 as posts, members.posts from members", "public.posts"),
        (
            "create function f() returns int language plpgsql as $$ begin /* posts */ return 1; end $$",
            "public.posts",
        ),
    ],
)
def test_what_is_not_named(text: str, name: str) -> None:
    assert tuple(name.split(".")) not in names_in(text)


def test_each_is_used_once_in_order_of_declaration() -> None:
    objects: list[Any] = ["posts", "posts_pkey", "touch", "posts_select"]
    declared = Declared()
    for thing in objects:
        declared.add("app" if thing == "touch" else "public", "touch" if thing == "touch" else "posts", thing)
    assert declared.used_in(["select app.touch() from posts", "posts"]) == [
        "posts",
        "posts_pkey",
        "posts_select",
        "touch",
    ]
    assert declared.used_in(["select 1"]) == []


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("create function f() returns int", ("public", "f")),
        ("-- create view x\nCREATE OR REPLACE PROCEDURE App.F()", ("app", "f")),
        ('create view "Odd S"."V ""x""" as select 1', ("Odd S", 'V "x"')),
        ("create materialized view a.b as select 1", ("a", "b")),
        ("create view a.b as", ("public", "?")),
        ("select 1", ("public", "?")),
    ],
)
def test_name_created_by(sql: str, found: tuple[str, str]) -> None:
    assert name_created_by(sql) == found
