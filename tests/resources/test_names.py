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
        ("posts.id = m.post_id", {"public.posts"}),
        ("app.posts.id", {"app.posts"}),
        ("'posts'::regclass", {"public.posts"}),
        ("execute 'insert into app.log'", {"app.log"}),
        ("title = '--' and posts.id = 1", {"public.posts"}),
        ("title = '/*' or exists (select from members) -- */", {"public.members"}),
        ("it /* isn't */ (select from members) -- don't", {"public.members"}),
        ("author is not null and posts_id", {"public.posts_id"}),
    ],
)
def test_names_in(text: str, names: set[str]) -> None:
    assert names <= names_in(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("select 1 -- from posts", "public.posts"),
        ("select 1 /* from\nposts */", "public.posts"),
        ("select * from posts_archive", "public.posts"),
        ("select * from app.posts", "public.posts"),
        ('select * from "Posts"', "public.posts"),
    ],
)
def test_what_is_not_named(text: str, name: str) -> None:
    assert name not in names_in(text)


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
        ('create view "Odd S"."V ""x""" as', ("Odd S", 'V "x"')),
        ("create materialized view a.b as", ("a", "b")),
        ("select 1", ("public", "?")),
    ],
)
def test_name_created_by(sql: str, found: tuple[str, str]) -> None:
    assert name_created_by(sql) == found
