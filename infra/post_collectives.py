"""Posts shared with collectives: posts, collectives, drafts, and every operation audited."""

from __future__ import annotations

from gatepost.intent import Intent, Update, everybody, having, own, through
from gatepost.resources import Check, Column, Feature, ForeignKey, Index, Policy, PrimaryKey, Table, Trigger
from infra import collectives, post_collective_audit, post_conversation, post_drafts, posts
from infra.collectives import (
    COLLECTIVE,
    MINE,
    MODERATED,
    MODERATED_BY,
    MODERATORS,
    POSTERS,
    Collectives,
    member_of,
)
from infra.common import AUDIT, EVERYTHING, Foundation, Sources, index_for_erasure, open_to_services, readable
from infra.posts import AUTHORED
from infra.server import ANONYMOUS, DEFINER, SERVICE, USER

SOURCES = Sources("post_collectives")


def declare(on: Foundation) -> None:
    """Declare the feature."""
    with Feature("post_collectives", provider=on.target):
        known = collectives.declare(on)
        written = posts.declare(on, known)
        shared = _post_collectives(known, written)
        posts.declare_policies(written)
        post_conversation.declare(on, written)
        post_drafts.declare(on, written)
        post_collective_audit.declare(shared)
        _functions()
        _former_schema(written, shared)
        SOURCES.reference_data("post_collective_jobs")
        SOURCES.reference_data("personal_data_of_post_collectives")
        if on.settings.has_demo_data:
            SOURCES.seed("demo_posts")


def _post_collectives(known: Collectives, written: Table) -> Table:
    table = Table(
        "post_collectives",
        comment="One post shared with one collective",
        columns=_COLUMNS,
        row_security="forced",
        privileges={
            ANONYMOUS: ["select (post_id, collective_id, status, display_order, created_at)"],
            USER: [
                "select",
                "insert (post_id, collective_id, status, sharing_settings, display_order)",
                "update (status, sharing_settings, display_order)",
                "delete",
            ],
            SERVICE: EVERYTHING,
            DEFINER: ["select"],
        },
        intent=_INTENT,
    )
    PrimaryKey(
        "post_collectives_pkey",
        table,
        ["post_id", "collective_id", "author_id"],
        comment="With the author, so that nobody learns by a conflict where another's post is shared",
    )
    for name, expression in _CHECKS.items():
        Check(f"post_collectives_{name}_check", table, expression)
    _foreign_keys(known, written, table)
    _indexes(table)
    _policies(table)
    _triggers(known, table)
    return table


_BY_AUTHOR = own("author_id") & having(status=("published", "hidden"))
_BY_MODERATOR = having(status=("published", "rejected")) & COLLECTIVE.member("collective_id", MODERATORS)
_MAY_POST = POSTERS.member("collective_id")
_INTENT = Intent(
    anon={
        "select": having(status="published")
        & through("collective_id", "public.collectives", having(visibility="public"))
    },
    authenticated={
        "select": own("author_id")
        | (having(status="published") & COLLECTIVE.member("collective_id"))
        | COLLECTIVE.member("collective_id", MODERATORS),
        "insert": _BY_AUTHOR & _MAY_POST,
        "update": Update(old=_BY_AUTHOR | _BY_MODERATOR, new=(_BY_AUTHOR & _MAY_POST) | _BY_MODERATOR),
        "delete": _BY_AUTHOR | COLLECTIVE.member("collective_id", MODERATORS),
    },
    service_role=everybody(),
    app_definer={"select": everybody()},
).accepting(
    {
        "policy post_collectives_insert: check without author_id ="
        " (SELECT app.current_user_id() AS current_user_i…": (
            "users cannot write author_id, whose default is the user"
        ),
    }
)
_COLUMNS = [
    Column("post_id", "uuid"),
    Column("collective_id", "uuid"),
    Column("author_id", "uuid", default="app.current_user_id()", comment="The post's author, always"),
    Column("status", "text", default="'published'", comment="published, hidden (by the author) or rejected"),
    Column("sharing_settings", "jsonb", default="'{}'"),
    Column("display_order", "integer", default="0"),
    Column("origin", "text", default="'shared'", comment="shared, or legacy: made from the former schema"),
    *AUDIT,
]
_CHECKS = {
    "status": "status in ('published', 'hidden', 'rejected')",
    "sharing_settings": "jsonb_typeof(sharing_settings) = 'object'"
    " and octet_length(sharing_settings::text) <= 4096",
    "display_order": "display_order between 0 and 10000",
    "origin": "origin in ('shared', 'legacy')",
}


def _foreign_keys(known: Collectives, written: Table, table: Table) -> None:
    ForeignKey(
        "post_collectives_post_id_fkey",
        table,
        ["post_id", "author_id"],
        references=written,
        columns_of=["id", "author_id"],
        on_delete="cascade",
    )
    ForeignKey(
        "post_collectives_collective_id_fkey",
        table,
        ["collective_id"],
        references=known.collectives,
        on_delete="cascade",
    )


def _indexes(table: Table) -> None:
    Index(
        "idx_post_collectives_collective",
        table,
        ["collective_id", "status", "created_at desc", "post_id desc"],
        serves="queries/newest_of_collective.sql",
        comment="Also the foreign key to collectives",
    )
    Index(
        "idx_post_collectives_author",
        table,
        ["author_id", "created_at desc"],
        serves="queries/shared_by_author.sql",
    )
    index_for_erasure(table, "post_collectives", "author_id")


def _policies(table: Table) -> None:
    # Without an account one sees public collectives alone, by their own policy.
    public = (
        "status = 'published' and exists"
        " (select 1 from public.collectives as c where c.id = post_collectives.collective_id)"
    )
    readable(table, "post_collectives", ANONYMOUS, public, "What a public collective's page shows")
    members = f"(status = 'published' and collective_id = {MINE}) or collective_id = {MODERATED}"
    readable(table, "post_collectives", USER, f"{AUTHORED} or {members}", "Authors, members, moderators")
    by_author = f"{AUTHORED} and status in ('published', 'hidden')"
    by_moderator = "status in ('published', 'rejected') and"
    may_post = member_of("post_collectives", "m.can_post")
    moderates = member_of("post_collectives", f"m.role in {MODERATED_BY}")
    Policy(
        "post_collectives_insert",
        table,
        command="insert",
        roles=[USER],
        check=f"{by_author} and {may_post}",
        comment="Authors share their own posts where they may post",
    )
    Policy(
        "post_collectives_update",
        table,
        command="update",
        roles=[USER],
        using=f"({by_author}) or ({by_moderator} collective_id = {MODERATED})",
        check=f"({by_author} and {may_post}) or ({by_moderator} {moderates})",
        comment="Authors hide, moderators reject; neither takes back what the other did",
    )
    Policy(
        "post_collectives_delete",
        table,
        command="delete",
        roles=[USER],
        using=f"({by_author}) or collective_id = {MODERATED}",
        comment="An author cannot share again what was rejected",
    )
    readable(table, "post_collectives", DEFINER, comment="For feeds, search and the former schema")
    open_to_services(table, "post_collectives")


def _triggers(known: Collectives, table: Table) -> None:
    author = SOURCES.function(
        "fill_post_author", comment="The author of a post that a service shares is the post's"
    )
    Trigger(
        "post_collectives_author",
        table,
        function=author,
        events=["insert"],
        when="new.author_id is null",
    )
    Trigger("post_collectives_audit", table, function=known.audit, events=["insert", "update"])


def _functions() -> None:
    for name, comment in {
        "get_user_postable_collectives": "Where a user may post, as far as the caller sees it",
        "can_user_post_to_collective": "Whether a user may post there, as far as the caller sees it",
        "get_post_collective_count": "How many collectives a post is published in that the caller sees",
    }.items():
        SOURCES.function(name, *(USER, SERVICE), comment=comment)
    SOURCES.function(
        "search_posts",
        *(USER, SERVICE),
        owner=DEFINER,
        comment="Ids of the posts that match and that the user may read, newest first, by the search index",
    )
    SOURCES.function(
        "newest_shared_posts",
        USER,
        owner=DEFINER,
        comment="Ids of the posts that were last shared with the user's collectives, newest first",
    )


def _former_schema(written: Table, shared: Table) -> None:
    """Keep `posts.collective_id` and `post_collectives` in step, whichever of them a client knows."""
    share = SOURCES.function(
        "share_with_former_collective", comment="Shares a post with the collective that a former client names"
    )
    direct = "pg_trigger_depth() = 0"
    for event, happened, when in (
        ("insert", "insert", "new.collective_id is not null"),
        ("update", "update of collective_id", "new.collective_id is distinct from old.collective_id"),
    ):
        Trigger(
            f"posts_former_collective_{event}",
            written,
            function=share,
            timing="after",
            events=[happened],
            when=f"{direct} and {when}",
        )
    step = SOURCES.function(
        "keep_former_collective",
        owner=DEFINER,
        comment="Tells former clients of one of the collectives that a post is shared with",
    )
    for event, rows in (("insert", "new table"), ("delete", "old table")):
        Trigger(
            f"post_collectives_former_{event}",
            shared,
            function=step,
            timing="after",
            events=[event],
            level="statement",
            referencing={rows: "touched"},
        )
    _migration()


def _migration() -> None:
    table = Table(
        "legacy_post_migration",
        schema="app",
        comment="How far migrate_legacy_post_collectives has come",
        columns=[
            Column("id", "boolean", default="true", comment="There is one row"),
            Column("last_post_id", "uuid", nullable=True, comment="Null: before the first post"),
            Column("migrated", "bigint", default="0"),
            Column("finished_at", "timestamptz", nullable=True, comment="When the last walk came to the end"),
        ],
        row_security="forced",
        privileges={SERVICE: ["select", "insert", "update"]},
        intent=Intent(service_role=dict.fromkeys(("select", "insert", "update"), everybody())),
    )
    PrimaryKey("legacy_post_migration_pkey", table, ["id"])
    Check("legacy_post_migration_id_check", table, "id")
    open_to_services(table, "legacy_post_migration")
    SOURCES.function(
        "migrate_legacy_post_collectives",
        SERVICE,
        comment="Shares the next posts of the former schema, returns how many; 0: all are done",
    )
