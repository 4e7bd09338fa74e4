"""The releases of persistence, as data: what each declares of the tables that devices share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatepost.errors import UsageError
from gatepost.intent import Command, Intent, Rule, Update, claimed, everybody, having, own, through
from gatepost.resources import Column
from infra.common import ME

_OWN_PROFILES = f"from public.profiles as p where p.user_id = {ME}"
_OWNER = "owner = (select app.current_owner())"
OWN = own("user_id") | (having(user_id=None) & claimed("client_id", "client_id", signed_in=False))
"""The rows of a user, and of a guest, who has no user, but a token that names the client."""
_TAKEN_OVER = having(user_id=None) & claimed("client_id", "guest_client_id", signed_in=True)
"""The rows of the guest whose own token was verified beside the user's."""


@dataclass(frozen=True)
class SharedTable:
    """A table whose rows belong to a person, with what is its own in every release."""

    name: str
    comment: str
    columns: Sequence[Column]
    checks: dict[str, str]
    listed_by: str
    """What an owner's rows are listed by."""


@dataclass(frozen=True)
class Release:
    """What a release declares of every shared table.

    `readable` is a condition on rows that are there, `writable` on new ones of the table `{table}`.
    """

    number: int
    title: str
    needs_profile: bool
    """Whether each row names a profile."""
    columns: Sequence[Column]
    readable: str
    writable: str
    reads: Rule
    writes: Rule
    """The same as intents."""
    syncs: bool
    """Whether rows have versions, an owner and a position in the order of changes."""

    @property
    def intent(self) -> Intent:
        """Who may do what."""
        user: Mapping[Command, Rule | Update] = {
            "select": self.reads,
            "insert": self.writes,
            "update": Update(old=self.reads, new=self.writes),
            "delete": self.reads,
        }
        return Intent(authenticated=user, service_role=everybody(), app_owner=everybody())

    def intent_of(self, table: str) -> Intent:
        """Who may do what to the rows of one table, and what the proof may find there."""
        if not self.syncs:
            return self.intent
        why = "the tombstone that a delete becomes is an update, which the policy for updates holds back"
        return self.intent.accepting({f"policy {table}_delete: using is true": why})


TABLES = (
    SharedTable(
        "groups",
        "A group of students that meets regularly",
        [Column("name", "text")],
        {"name": "length(name) between 1 and 200"},
        "name",
    ),
    SharedTable(
        "students",
        "A student whose attendance is kept",
        [
            Column("name", "text"),
            Column(
                "group_id", "uuid", nullable=True, comment="No foreign key: devices bring rows in any order"
            ),
        ],
        {"name": "length(name) between 1 and 200"},
        "name",
    ),
    SharedTable(
        "attendance_records",
        "Whether a student was there on a day",
        [
            Column("student_id", "uuid", comment="No foreign key: devices bring rows in any order"),
            Column("held_on", "date"),
            Column("status", "text", default="'present'", comment="present, absent, late or excused"),
            Column("note", "text", default="''"),
        ],
        {
            "status": "status in ('present', 'absent', 'late', 'excused')",
            "note": "length(note) <= 2000",
        },
        "held_on desc",
    ),
    SharedTable(
        "completed_makeup_sessions",
        "A missed lesson that was made up for",
        [
            Column("student_id", "uuid", comment="No foreign key: devices bring rows in any order"),
            Column("missed_on", "date"),
            Column("completed_on", "date"),
        ],
        {"order": "completed_on >= missed_on"},
        "completed_on desc",
    ),
    SharedTable(
        "archived_terms",
        "A term that is over, with its figures",
        [
            Column("name", "text"),
            Column("starts_on", "date"),
            Column("ends_on", "date"),
            Column("summary", "jsonb", default="'{}'"),
        ],
        {
            "name": "length(name) between 1 and 200",
            "order": "ends_on >= starts_on",
            "summary": "jsonb_typeof(summary) = 'object' and length(summary::text) <= 100000",
        },
        "starts_on desc",
    ),
)
SYNC_COLUMNS = (
    Column(
        "user_id",
        "uuid",
        default="app.current_user_id()",
        nullable=True,
        comment="The account; null: a guest's row, or one of a profile that nobody claimed",
    ),
    Column("deleted", "boolean", default="false", comment="A tombstone: other devices learn of the removal"),
    Column("updated_at", "timestamptz", default="now()", comment="Kept by trigger"),
    Column(
        "client_id",
        "text",
        default="app.current_client_id()",
        nullable=True,
        comment="The device that wrote last; of a guest's row the guest",
    ),
    Column("version", "bigint", default="1", comment="Grows with each change: the greater one wins"),
    Column("metadata", "jsonb", default="'{}'"),
    Column(
        "owner",
        "text",
        nullable=True,
        comment="By trigger: the user_id, or guest:<client_id>; null: nobody's",
    ),
    Column(
        "changed_in",
        "xid8",
        default="pg_current_xact_id()",
        comment="By trigger: the transaction of the last change, which pulls follow",
    ),
)
RELEASES = (
    Release(
        1,
        "Rows belong to a profile",
        needs_profile=True,
        columns=(),
        readable=f"profile_id = any(array(select p.id {_OWN_PROFILES}))",
        writable=f"exists (select 1 {_OWN_PROFILES} and p.id = {{table}}.profile_id)",
        reads=through("profile_id", "public.profiles", own("user_id")),
        writes=through("profile_id", "public.profiles", own("user_id")),
        syncs=False,
    ),
    Release(
        2,
        "Rows belong to a user or a guest and are synchronized among devices",
        needs_profile=False,
        columns=SYNC_COLUMNS,
        readable="owner = any((select app.my_owners())::text[])",
        writable=_OWNER,
        reads=OWN | _TAKEN_OVER,
        writes=OWN,
        syncs=True,
    ),
)
LATEST = RELEASES[-1].number


def numbered(number: int) -> Release:
    """Return a release.

    :raises UsageError: there is none of that number.
    """
    for release in RELEASES:
        if release.number == number:
            return release
    known = ", ".join(str(release.number) for release in RELEASES)
    raise UsageError(f"persistence has no release {number}: there are {known}")
