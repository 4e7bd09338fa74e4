"""What the services take and give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MOST_COLLECTIVES = 200
"""Collectives in one call, at most."""
MOST_ROWS = 200
"""Rows of one page, at most."""
Action = Literal["create", "update", "remove", "migrate", "validate", "other"]
Outcome = Literal["succeeded", "refused", "failed"]


def _once(given: object) -> object:
    """Drop what is repeated; the order stays."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        return list(dict.fromkeys(str(one) for one in given))
    return given


Collectives = Annotated[list[UUID], BeforeValidator(_once), Field(min_length=1, max_length=MOST_COLLECTIVES)]


class _Given(BaseModel):
    """Input: nothing unknown is accepted in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Settings(_Given):
    display_order: int = Field(default=0, ge=0, le=10_000)
    allow_comments: bool = True
    notify_members: bool = True
    pinned: bool = False
    note: str | None = Field(default=None, max_length=500, description="Words to the collective's members")

    def stored(self, *, only_given: bool = False) -> dict[str, Any]:
        """Return what stands in `sharing_settings`: all that has no column of its own."""
        return self.model_dump(exclude={"status", "display_order"}, exclude_unset=only_given)


class SharingSettings(_Settings):
    """How a post appears in a collective."""

    status: Literal["published", "hidden"] = "published"


class SharingChange(_Settings):
    """What to change of how a post appears in a collective: what is not given stays as it is."""

    status: Literal["published", "hidden", "rejected"] | None = None
    """Authors hide, moderators reject."""

    @property
    def order(self) -> int | None:
        """The new place, None where it stays."""
        return self.display_order if "display_order" in self.model_fields_set else None


class Sharing(_Given):
    """What to share, in whose name, with whom and how."""

    post_id: UUID
    user_id: UUID
    collective_ids: Collectives
    sharing_settings: SharingSettings = SharingSettings()


class Change(_Given):
    """What to change, in whose name."""

    post_id: UUID
    user_id: UUID
    collective_ids: Collectives
    sharing_settings: SharingChange


class Removal(_Given):
    """What to take back, in whose name."""

    post_id: UUID
    user_id: UUID
    collective_ids: Collectives


class PermissionQuestion(_Given):
    """Whether somebody may post to some collectives."""

    user_id: UUID
    collective_ids: Collectives


class CollectivePermission(BaseModel):
    """What a user may do in one collective."""

    collective_id: UUID
    name: str | None = Field(description="None where the collective cannot be seen")
    member_role: str | None
    can_post: bool
    reason: str | None = Field(description="Why not, for people")


class PermissionValidation(BaseModel):
    """What a user may do in each of the collectives asked for, in their order."""

    user_id: UUID
    is_valid: bool
    """Whether the user may post to all of them."""
    collectives: list[CollectivePermission]


class PostableCollective(BaseModel):
    """A collective where the user may post."""

    collective_id: UUID
    name: str
    slug: str
    visibility: str
    member_role: str


class SharedWith(BaseModel):
    """One association after the call."""

    collective_id: UUID
    status: str
    is_new: bool = Field(description="False: it was shared before, and stays as it was")


class Shared(BaseModel):
    """What a call to share did."""

    post_id: UUID
    operation_id: UUID
    associations: list[SharedWith]


class Updated(BaseModel):
    """What a call to update did."""

    post_id: UUID
    operation_id: UUID
    changed: list[UUID]
    unchanged: list[UUID] = Field(description="They were so already")


class Removed(BaseModel):
    """What a call to remove did."""

    post_id: UUID
    operation_id: UUID
    removed: list[UUID]
    absent: list[UUID] = Field(description="They were not shared, or not any more")


class Association(BaseModel):
    """Where a post is shared, and how."""

    collective_id: UUID
    name: str | None
    slug: str | None
    status: str
    sharing_settings: dict[str, Any]
    display_order: int
    created_at: datetime
    updated_at: datetime


class NewPost(_Given):
    """A post to be made; the client chooses its id, so that a repetition makes no second one."""

    id: UUID
    title: str = Field(min_length=1, max_length=300)
    body: str = Field(default="", max_length=200_000)
    status: Literal["draft", "published"] = "draft"
    visibility: Literal["public", "collectives", "private"] = "collectives"


class PostSummary(BaseModel):
    """A post in a list."""

    id: UUID
    author_id: UUID
    title: str
    published_at: datetime | None = None
    shared_at: datetime | None = Field(default=None, description="In a collective's list")


class DraftSave(_Given):
    """One save of a draft; the same save has the same `save_id`, however often it is sent."""

    draft_id: UUID
    save_id: UUID
    seen_version: int = Field(ge=0, le=2**31 - 2, description="The version that the editor had; 0: none")
    title: str = Field(default="", max_length=300)
    body: str = Field(default="", max_length=200_000)
    settings: dict[str, Any] = Field(default_factory=dict)
    post_id: UUID | None = Field(default=None, description="The post that is being changed")


class DraftSaved(BaseModel):
    """What a save did: the last writer wins, and learns of a conflict."""

    draft_id: UUID
    version: int
    conflict: bool = Field(description="Whether another editor saved since `seen_version`")
    repeated: bool = Field(description="Whether this save had been done before")
    overwritten_version: int | None = Field(description="The version to look at after a conflict")


class DraftSummary(BaseModel):
    """A draft in a list."""

    id: UUID
    post_id: UUID | None
    title: str
    version: int
    updated_at: datetime
