"""Comments and reactions: whoever reads a post may answer it."""

from __future__ import annotations

from gatepost.intent import Intent, Update, everybody, own, through
from gatepost.resources import Check, Column, ForeignKey, Index, Policy, PrimaryKey, Table, Trigger
from infra.common import AUDIT, EVERYTHING, ME, Foundation, index_for_erasure, open_to_services, readable
from infra.posts import AUTHORED, READABLE
from infra.server import SERVICE, USER

_READER = through("post_id", "public.posts", READABLE)
_READABLE_POST = "exists (select 1 from public.posts as p where p.id = {table}.post_id{having} offset 0)"
"""`offset 0` leaves one plan of all that the policy of posts asks: without it each query begins a second one,
of a hash of all posts, and never uses it."""


def declare(on: Foundation, posts: Table) -> None:
    """Declare comments on posts, and reactions to them."""
    _comments(on, posts)
    _reactions(on, posts)


def _readable_post(table: str, having: str = "") -> str:
    return _READABLE_POST.format(table=table, having=having)


_COMMENT_COLUMNS = [
    Column("id", "uuid", default="gen_random_uuid()"),
    Column("post_id", "uuid"),
    Column("author_id", "uuid", default="app.current_user_id()"),
    Column("body", "text"),
    *AUDIT,
]


_COMMENT_INTENT = Intent(
    authenticated={
        "select": _READER,
        "insert": own("author_id") & _READER,
        "update": Update(old=own("author_id"), new=own("author_id") & _READER),
        "delete": own("author_id") | through("post_id", "public.posts", own("author_id")),
    },
    service_role=everybody(),
)


def _comments(on: Foundation, posts: Table) -> None:
    table = Table(
        "comments",
        comment="What a reader answers to a post",
        columns=_COMMENT_COLUMNS,
        row_security="forced",
        privileges={
            USER: ["select", "insert (id, post_id, author_id, body)", "update (body)", "delete"],
            SERVICE: EVERYTHING,
        },
        intent=_COMMENT_INTENT,
    )
    PrimaryKey("comments_pkey", table, ["id"])
    Check("comments_body_check", table, "length(body) between 1 and 10000")
    ForeignKey("comments_post_id_fkey", table, ["post_id"], references=posts, on_delete="cascade")
    ForeignKey("comments_author_id_fkey", table, ["author_id"], references=on.users, on_delete="cascade")
    Index(
        "idx_comments_post",
        table,
        ["post_id", "created_at", "id"],
        serves="queries/comments_of_post.sql",
    )
    Index(
        "idx_comments_author",
        table,
        ["author_id", "created_at desc"],
        serves="queries/comments_of_author.sql",
    )
    index_for_erasure(table, "comments", "author_id")
    Trigger("comments_audit", table, function=on.tenancy.audit, events=["insert", "update"])
    _comment_policies(table)


def _comment_policies(table: Table) -> None:
    readable(table, "comments", USER, _readable_post("comments"), "Whoever reads the post")
    answer = f"{AUTHORED} and {_readable_post('comments')}"
    Policy("comments_insert", table, command="insert", roles=[USER], check=answer)
    Policy("comments_update", table, command="update", roles=[USER], using=AUTHORED, check=answer)
    own_post = _readable_post("comments", f" and p.author_id = {ME}")
    Policy(
        "comments_delete",
        table,
        command="delete",
        roles=[USER],
        using=f"{AUTHORED} or {own_post}",
        comment="Who wrote it, and the post's author",
    )
    open_to_services(table, "comments")


_REACTION_INTENT = Intent(
    authenticated={
        "select": _READER,
        "insert": own("user_id") & _READER,
        "delete": own("user_id"),
    },
    service_role=everybody(),
)


def _reactions(on: Foundation, posts: Table) -> None:
    table = Table(
        "reactions",
        comment="A reader's reaction to a post, at most one of a kind",
        columns=[
            Column("post_id", "uuid"),
            Column("user_id", "uuid", default="app.current_user_id()"),
            Column("kind", "text", default="'like'"),
            Column("created_at", "timestamptz", default="now()"),
        ],
        row_security="forced",
        privileges={USER: ["select", "insert (post_id, user_id, kind)", "delete"], SERVICE: EVERYTHING},
        intent=_REACTION_INTENT,
    )
    PrimaryKey("reactions_pkey", table, ["post_id", "user_id", "kind"])
    Check("reactions_kind_check", table, "kind in ('like', 'love', 'insight', 'thanks')")
    ForeignKey("reactions_post_id_fkey", table, ["post_id"], references=posts, on_delete="cascade")
    ForeignKey("reactions_user_id_fkey", table, ["user_id"], references=on.users, on_delete="cascade")
    Index(
        "idx_reactions_user",
        table,
        ["user_id", "created_at desc"],
        serves="queries/reactions_of_user.sql",
    )
    readable(table, "reactions", USER, _readable_post("reactions"), "Whoever reads the post")
    mine = f"user_id = {ME}"
    Policy(
        "reactions_insert",
        table,
        command="insert",
        roles=[USER],
        check=f"{mine} and {_readable_post('reactions')}",
    )
    Policy("reactions_delete", table, command="delete", roles=[USER], using=mine)
    open_to_services(table, "reactions")
