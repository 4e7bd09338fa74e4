"""Feature flags: who sees what, in which share, and every version that a flag ever had."""

from __future__ import annotations

from gatepost.intent import Intent, everybody
from gatepost.resources import (
    Check,
    Column,
    Feature,
    ForeignKey,
    Index,
    Policy,
    PrimaryKey,
    Table,
    Trigger,
    Unique,
)
from infra.common import EVERYTHING, Foundation, Sources, open_to_deployment, open_to_services, readable
from infra.server import DEFINER, SERVICE

SOURCES = Sources("feature_flags")
SHARE = "rollout_percentage between 0 and 100"


def declare(on: Foundation) -> None:
    """Declare the feature."""
    with Feature("feature_flags", provider=on.target):
        flags = _feature_flags()
        rules = _feature_flag_segments(flags, _segments())
        _feature_flag_changes(on)
        _functions()
        _keep_versions(flags, rules)
        SOURCES.reference_data("feature_flags")
        SOURCES.reference_data("personal_data_of_feature_flags")
        if on.settings.has_demo_data:
            SOURCES.seed("demo_segments")


_FLAG_COLUMNS = [
    Column("id", "uuid", default="gen_random_uuid()"),
    Column("name", "text"),
    Column("description", "text", default="''"),
    Column("enabled", "boolean", default="false", comment="Off is off for everybody"),
    Column(
        "rollout_percentage",
        "numeric(6, 3)",
        default="100",
        comment="For how many of 100 users an enabled flag is on, in thousandths",
    ),
    Column(
        "salt",
        "text",
        default="gen_random_uuid()::text",
        comment="Which users come first; never changed, so that raising the share moves nobody out",
    ),
    Column("version", "bigint", default="1", comment="Counted by trigger with each change"),
    Column("created_at", "timestamptz", default="now()"),
    Column("updated_at", "timestamptz", default="now()"),
]


def _feature_flags() -> Table:
    table = Table(
        "feature_flags",
        comment="What can be switched on for a share of the users without a deployment",
        columns=_FLAG_COLUMNS,
        row_security="forced",
        privileges={
            SERVICE: [
                "select",
                "insert (name, description, enabled, rollout_percentage)",
                "update (description, enabled, rollout_percentage)",
                "delete",
            ],
            DEFINER: ["select", "update (enabled)"],
        },
        intent=Intent(
            service_role=everybody(),
            app_owner=everybody(),
            app_definer={"select": everybody(), "update": everybody()},
        ),
    )
    PrimaryKey("feature_flags_pkey", table, ["id"])
    Unique("feature_flags_name_key", table, ["name"])
    Check("feature_flags_name_check", table, "name ~ '^[a-z][a-z0-9_]{0,62}$'")
    Check("feature_flags_rollout_percentage_check", table, SHARE)
    Check("feature_flags_salt_check", table, "salt ~ '^[A-Za-z0-9_-]+$'")
    _flag_policies(table)
    return table


def _flag_policies(table: Table) -> None:
    open_to_services(table, "feature_flags")
    open_to_deployment(table, "feature_flags")
    for command in ("select", "update"):
        Policy(
            f"feature_flags_{command}_by_{DEFINER}",
            table,
            command=command,
            roles=[DEFINER],
            using="true",
            check="true" if command == "update" else None,
            comment="A change of a segment's share is a version of the flag",
        )


def _segments() -> Table:
    table = Table(
        "segments",
        schema="app",
        comment="Groups of users that a flag can be opened to before the others",
        columns=[
            Column("name", "text"),
            Column("description", "text", default="''"),
            Column("created_at", "timestamptz", default="now()"),
        ],
        row_security="forced",
        privileges={SERVICE: EVERYTHING},
        intent=Intent(service_role=everybody()),
    )
    PrimaryKey("segments_pkey", table, ["name"])
    Check("segments_name_check", table, "name ~ '^[a-z][a-z0-9_]{0,62}$'")
    open_to_services(table, "segments")
    _segment_members(table)
    return table


def _segment_members(segments: Table) -> None:
    members = Table(
        "segment_members",
        schema="app",
        comment="Who is in a segment",
        columns=[
            Column("segment", "text"),
            Column("unit", "text", comment="What flags are decided by: a user's id, or guest:<client id>"),
            Column("created_at", "timestamptz", default="now()"),
        ],
        row_security="forced",
        privileges={SERVICE: EVERYTHING},
        intent=Intent(service_role=everybody()),
    )
    PrimaryKey("segment_members_pkey", members, ["unit", "segment"])
    Index(
        "idx_segment_members_segment", members, ["segment", "unit"], serves="queries/members_of_segment.sql"
    )
    ForeignKey(
        "segment_members_segment_fkey",
        members,
        ["segment"],
        references=segments,
        columns_of=["name"],
        on_delete="cascade",
    )
    open_to_services(members, "segment_members")


def _feature_flag_segments(flags: Table, segments: Table) -> Table:
    table = Table(
        "feature_flag_segments",
        schema="app",
        comment="The share of a segment's users that an enabled flag is on for, beside its share of all",
        columns=[
            Column("flag_id", "uuid"),
            Column("segment", "text"),
            Column("rollout_percentage", "numeric(6, 3)", default="100"),
        ],
        row_security="forced",
        privileges={SERVICE: EVERYTHING, DEFINER: ["select"]},
        intent=Intent(service_role=everybody(), app_definer={"select": everybody()}),
    )
    PrimaryKey("feature_flag_segments_pkey", table, ["segment", "flag_id"])
    Check("feature_flag_segments_rollout_percentage_check", table, SHARE)
    Index("idx_feature_flag_segments_flag", table, ["flag_id"], serves="queries/all_flags.sql")
    ForeignKey(
        "feature_flag_segments_flag_id_fkey", table, ["flag_id"], references=flags, on_delete="cascade"
    )
    ForeignKey(
        "feature_flag_segments_segment_fkey", table, ["segment"], references=segments, columns_of=["name"]
    )
    open_to_services(table, "feature_flag_segments")
    readable(table, "feature_flag_segments", DEFINER, comment="For the flag's history")
    return table


def _feature_flag_changes(on: Foundation) -> None:
    table = Table(
        "feature_flag_changes",
        schema="app",
        comment="Every version of every flag, append-only, written in the change's own transaction",
        columns=[
            Column("flag_id", "uuid", comment="Kept when the flag goes"),
            Column("version", "bigint"),
            Column("changed_at", "timestamptz", default="clock_timestamp()"),
            Column("actor_id", "uuid", nullable=True, comment="The user; null: a service"),
            Column("database_role", "text"),
            Column("reason", "text", nullable=True, comment="What app.change_reason was set to"),
            Column("definition", "jsonb", nullable=True, comment="The flag with its segments; null: removed"),
        ],
        row_security="forced",
        privileges={SERVICE: ["select"], DEFINER: ["insert"]},
        intent=Intent(service_role={"select": everybody()}, app_definer={"insert": everybody()}),
    )
    PrimaryKey("feature_flag_changes_pkey", table, ["flag_id", "version"])
    readable(table, "feature_flag_changes", SERVICE)
    Policy(
        "feature_flag_changes_insert",
        table,
        command="insert",
        roles=[DEFINER],
        check="true",
        comment="Only the trigger writes",
    )
    Trigger(
        "feature_flag_changes_append_only",
        table,
        function=on.append_only,
        level="statement",
        events=["update", "delete", "truncate"],
    )


def _functions() -> None:
    SOURCES.function(
        "flag_bucket",
        SERVICE,
        comment="Where a unit stands among 100,000 for a salt; services.feature_flags computes the same",
    )
    SOURCES.function(
        "flag_enabled", SERVICE, comment="Whether a flag is on for a unit; an unknown flag is off"
    )


def _keep_versions(flags: Table, rules: Table) -> None:
    count = SOURCES.function("count_flag_version", comment="Counts a flag's versions")
    Trigger("feature_flags_version", flags, function=count, events=["update"])
    record = SOURCES.function(
        "record_flag_change", owner=DEFINER, comment="Keeps each version of a flag with its segments"
    )
    events = ["insert", "update", "delete"]
    Trigger("feature_flags_change", flags, function=record, timing="after", events=events)
    touch = SOURCES.function(
        "change_flag_of_segment", owner=DEFINER, comment="A segment's share is part of the flag's version"
    )
    Trigger("feature_flag_segments_change", rules, function=touch, timing="after", events=events)
