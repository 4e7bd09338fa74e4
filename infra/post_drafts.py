"""Drafts that save themselves: versioned, each save once, the last writer wins and learns of it."""

from __future__ import annotations

from gatepost.intent import COMMANDS, Intent, everybody, own
from gatepost.resources import Check, Column, ForeignKey, Index, Policy, PrimaryKey, Table, Unique
from gatepost.resources.policy import Command
from infra.common import Foundation, Sources, open_to_services
from infra.posts import AUTHORED
from infra.server import SERVICE, USER

SOURCES = Sources("post_collectives")
_CONTENT = (
    Column("title", "text", default="''"),
    Column("body", "text", default="''"),
    Column("settings", "jsonb", default="'{}'", comment="What the editor wants to remember: collectives …"),
)
_CHECKS = {
    "title": "length(title) <= 300",
    "body": "length(body) <= 200000",
    "settings": "jsonb_typeof(settings) = 'object' and octet_length(settings::text) <= 65536",
    "version": "version > 0",
}


def declare(on: Foundation, posts: Table) -> None:
    """Declare drafts, the saves that made them, and the function that saves."""
    drafts = _drafts(on, posts)
    _saves(drafts)
    SOURCES.function(
        "save_post_draft",
        USER,
        comment="Saves a draft of the user: the same save once, the last writer wins, a conflict is told",
    )
    SOURCES.function(
        "trim_post_draft_saves", SERVICE, comment="Removes old saves of drafts, but for the newest of each"
    )


_DRAFT_COLUMNS = [
    Column("author_id", "uuid", default="app.current_user_id()"),
    Column("id", "uuid"),
    Column("post_id", "uuid", nullable=True, comment="The post that is being changed; null: a new one"),
    *_CONTENT,
    Column("version", "integer", default="1"),
    Column("created_at", "timestamptz", default="now()"),
    Column("updated_at", "timestamptz", default="now()"),
]


def _drafts(on: Foundation, posts: Table) -> Table:
    table = Table(
        "post_drafts",
        comment="What an author is writing",
        columns=_DRAFT_COLUMNS,
        row_security="forced",
        privileges={
            USER: [
                "select",
                "insert (author_id, id, post_id, title, body, settings, version)",
                "update (title, body, settings, version, updated_at)",
                "delete",
            ],
            SERVICE: ["select", "delete"],
        },
        intent=Intent(
            authenticated=own("author_id"),
            service_role={"select": everybody(), "delete": everybody()},
        ),
    )
    PrimaryKey("post_drafts_pkey", table, ["author_id", "id"])
    for name, expression in _CHECKS.items():
        Check(f"post_drafts_{name}_check", table, expression)
    ForeignKey("post_drafts_author_id_fkey", table, ["author_id"], references=on.users, on_delete="cascade")
    ForeignKey(
        "post_drafts_post_id_fkey",
        table,
        ["post_id", "author_id"],
        references=posts,
        columns_of=["id", "author_id"],
        on_delete="cascade",
    )
    _draft_indexes(table)
    _own_rows(table, "post_drafts", COMMANDS)
    return table


def _draft_indexes(table: Table) -> None:
    Index(
        "idx_post_drafts_recent",
        table,
        ["author_id", "updated_at desc"],
        serves="queries/drafts_of_author.sql",
    )
    Index(
        "idx_post_drafts_post",
        table,
        ["author_id", "post_id"],
        where="post_id is not null",
        serves="queries/drafts_of_post.sql",
    )


_SAVE_COLUMNS = [
    Column("author_id", "uuid", default="app.current_user_id()"),
    Column("draft_id", "uuid"),
    Column("version", "integer"),
    Column("save_id", "uuid", comment="Chosen by the client: the same save has the same"),
    Column("based_on", "integer", comment="The version that the client had; 0: none"),
    Column("conflict", "boolean", comment="Whether others' versions lie between"),
    *_CONTENT,
    Column("saved_at", "timestamptz", default="now()"),
]


def _saves(drafts: Table) -> None:
    table = Table(
        "post_draft_saves",
        comment="Each save of a draft: an answer for its repetition, and what a conflict overwrote",
        columns=_SAVE_COLUMNS,
        row_security="forced",
        privileges={
            USER: [
                "select",
                "insert (author_id, draft_id, version, save_id, based_on, conflict, title, body, settings)",
            ],
            SERVICE: ["select", "delete"],
        },
        intent=Intent(
            authenticated={"select": own("author_id"), "insert": own("author_id")},
            service_role={"select": everybody(), "delete": everybody()},
        ),
    )
    PrimaryKey("post_draft_saves_pkey", table, ["author_id", "draft_id", "version"])
    Unique("post_draft_saves_save_id_key", table, ["author_id", "draft_id", "save_id"])
    ForeignKey(
        "post_draft_saves_draft_id_fkey",
        table,
        ["author_id", "draft_id"],
        references=drafts,
        columns_of=["author_id", "id"],
        on_delete="cascade",
    )
    Index(
        "idx_post_draft_saves_saved",
        table,
        ["saved_at"],
        method="brin",
        serves="queries/auto_save_health.sql",
        comment="A few kilobytes, whatever the number of saves",
    )
    _own_rows(table, "post_draft_saves", ("select", "insert"))


def _own_rows(table: Table, name: str, commands: tuple[Command, ...]) -> None:
    for command in commands:
        Policy(
            f"{name}_{command}",
            table,
            command=command,
            roles=[USER],
            using=None if command == "insert" else AUTHORED,
            check=AUTHORED if command in ("insert", "update") else None,
            comment="A draft is its author's alone",
        )
    open_to_services(table, name)
