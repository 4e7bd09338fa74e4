"""Posts and what readers say about them."""

from __future__ import annotations

from gatepost.intent import Intent, everybody, having, own, through
from gatepost.resources import Check, Column, ForeignKey, Index, Policy, PrimaryKey, Table, Trigger, Unique
from infra.collectives import COLLECTIVE, Collectives
from infra.common import EVERYTHING, ME, Foundation, Sources, open_to_services, readable
from infra.server import ANONYMOUS, DEFINER, SERVICE, USER

SOURCES = Sources("post_collectives")
AUTHORED = f"author_id = {ME}"
_PUBLIC = "status = 'published' and visibility = 'public'"
_SHARED = (
    "status = 'published' and visibility = 'collectives' and exists (select 1"
    " from public.post_collectives as pc where pc.post_id = posts.id and pc.status = 'published' offset 0)"
)
"""The policy of post_collectives says which shares the reader sees: those of the reader's collectives.

`offset 0` keeps PostgreSQL from gathering all posts of all the user's collectives to look up a few.
"""
_SEARCH = (
    "setweight(to_tsvector('pg_catalog.english', title), 'A')"
    " || setweight(to_tsvector('pg_catalog.english', body), 'B')"
)


def declare(on: Foundation, known: Collectives) -> Table:
    """Declare posts with their comments and reactions; who reads a post depends on where it is shared."""
    table = Table(
        "posts",
        comment="What somebody wrote; it belongs to its author, wherever it is shared",
        columns=_COLUMNS,
        row_security="forced",
        privileges={
            ANONYMOUS: ["select (id, author_id, title, body, status, visibility, published_at)"],
            USER: [
                "select",
                "insert (id, author_id, collective_id, title, body, status, visibility)",
                "update (collective_id, title, body, status, visibility)",
                "delete",
            ],
            SERVICE: EVERYTHING,
            DEFINER: ["select", "update (collective_id)"],
        },
        intent=_INTENT,
    )
    _keys(on, known, table)
    for name, expression in _CHECKS.items():
        Check(f"posts_{name}_check", table, expression)
    fields = SOURCES.function(
        "keep_post_fields", comment="Keeps the times of creation, change and publication; clients cannot"
    )
    Trigger("posts_fields", table, function=fields, events=["insert", "update"])
    _indexes(table)
    return table


_IS_PUBLIC = having(status="published", visibility="public")
_SHARED_WITH_ME = through(
    "id",
    "public.post_collectives",
    having(status="published") & COLLECTIVE.member("collective_id"),
    key="post_id",
)
READABLE = (
    own("author_id") | _IS_PUBLIC | (having(status="published", visibility="collectives") & _SHARED_WITH_ME)
)
"""Who reads a post, for intents."""
_INTENT = Intent(
    anon={"select": _IS_PUBLIC},
    authenticated={
        "select": READABLE,
        "insert": own("author_id"),
        "update": own("author_id"),
        "delete": own("author_id"),
    },
    service_role=everybody(),
    app_definer={"select": everybody(), "update": everybody()},
)
_COLUMNS = [
    Column("id", "uuid", default="gen_random_uuid()"),
    Column("author_id", "uuid", default="app.current_user_id()"),
    Column(
        "collective_id",
        "uuid",
        nullable=True,
        comment="The one collective of the former schema, kept in step with post_collectives",
    ),
    Column("title", "text"),
    Column("body", "text", default="''"),
    Column("status", "text", default="'draft'", comment="draft, published or archived"),
    Column(
        "visibility",
        "text",
        default="'collectives'",
        comment="public, collectives (members of those that it is shared with) or private",
    ),
    Column("published_at", "timestamptz", nullable=True, comment="Kept by trigger"),
    Column("search", "tsvector", nullable=True, generated=_SEARCH),
    Column("created_at", "timestamptz", default="now()"),
    Column("updated_at", "timestamptz", default="now()"),
]
_CHECKS = {
    "title": "length(title) between 1 and 300",
    "body": "length(body) <= 200000",
    "status": "status in ('draft', 'published', 'archived')",
    "visibility": "visibility in ('public', 'collectives', 'private')",
}


def _keys(on: Foundation, known: Collectives, table: Table) -> None:
    PrimaryKey("posts_pkey", table, ["id"])
    Unique(
        "posts_id_author_id_key",
        table,
        ["id", "author_id"],
        comment="What foreign keys refer to, so that they carry the author",
    )
    ForeignKey("posts_author_id_fkey", table, ["author_id"], references=on.users, on_delete="cascade")
    ForeignKey(
        "posts_collective_id_fkey",
        table,
        ["collective_id"],
        references=known.collectives,
        on_delete="set null",
    )


def _indexes(table: Table) -> None:
    Index("idx_posts_author", table, ["author_id", "created_at desc"], serves="queries/posts_of_author.sql")
    Index(
        "idx_posts_public",
        table,
        ["published_at desc", "id desc"],
        where=_PUBLIC,
        serves="queries/public_posts.sql",
    )
    Index(
        "idx_posts_former_collective",
        table,
        ["collective_id", "created_at desc"],
        where="collective_id is not null",
        serves="queries/posts_of_former_collective.sql",
    )
    Index(
        "idx_posts_search",
        table,
        ["search"],
        method="gin",
        where="status = 'published'",
        serves="queries/matching_posts.sql",
        comment="Under row security only where a policy is simply true: see app.search_posts",
    )


def declare_policies(table: Table) -> None:
    """Declare who reads and writes posts, once the table that they are shared in is there."""
    readable(table, "posts", ANONYMOUS, _PUBLIC, "Everybody reads what is public")
    readers = f"{AUTHORED} or ({_PUBLIC}) or ({_SHARED})"
    readable(table, "posts", USER, readers, "Authors, readers of public posts, and members")
    Policy(
        "posts_insert",
        table,
        command="insert",
        roles=[USER],
        check=AUTHORED,
        comment="The policy of post_collectives asks for the right to share it at once, which a trigger does",
    )
    Policy("posts_update", table, command="update", roles=[USER], using=AUTHORED, check=AUTHORED)
    Policy("posts_delete", table, command="delete", roles=[USER], using=AUTHORED)
    Policy(
        "posts_in_step",
        table,
        command="update",
        roles=[DEFINER],
        using="true",
        check="true",
        comment="For app.keep_former_collective",
    )
    readable(table, "posts", DEFINER, comment="For app.search_posts, which says itself who may see what")
    open_to_services(table, "posts")
