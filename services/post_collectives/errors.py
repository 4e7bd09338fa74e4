"""What can go wrong when posts are shared: one class a failure, in words for the person who shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from gatepost.web.problems import Problem


class PostCollectiveError(Problem):
    """Any failure of these services; `code` names it in the audit log and in statistics.

    :param detail: what to tell people, and what they can do.
    :param audit: names and numbers for the audit log: no content.
    """

    code: ClassVar[str] = "internal"
    outcome: ClassVar[str] = "refused"

    def __init__(self, detail: str | None = None, *, audit: dict[str, Any] | None = None, **more: Any):
        super().__init__(detail, **more)
        self.audit = audit or {}


class InvalidInput(PostCollectiveError):
    """Ids, numbers or settings that cannot be right."""

    code = "invalid_input"
    status = 422
    type = "/problems/invalid"
    title = "Something about this request is not right"


class NotSignedIn(PostCollectiveError):
    """Nobody in particular asks."""

    code = "not_signed_in"
    status = 403
    type = "/problems/forbidden"
    title = "Please sign in to share posts"


class ForeignUser(PostCollectiveError):
    """Somebody acts in another user's name."""

    code = "foreign_user"
    status = 403
    type = "/problems/forbidden"
    title = "You can only act in your own name"


class PostUnknown(PostCollectiveError):
    """There is no such post, or it is somebody else's: nobody is told which."""

    code = "post_unknown"
    status = 404
    type = "/problems/post-unknown"
    title = "This post does not exist, or it is not yours"


class PostingNotAllowed(PostCollectiveError):
    """Some collectives do not exist for the user, or the user may not post to them."""

    code = "posting_not_allowed"
    status = 403
    type = "/problems/posting-not-allowed"
    title = "You may not post to all of these collectives"

    def __init__(self, collective_ids: Sequence[UUID]) -> None:
        self.collective_ids = tuple(collective_ids)
        shown = [str(one) for one in collective_ids]
        super().__init__(
            "Nothing was shared: leave out the collectives where you may not post, or ask their owners.",
            audit={"collectives_refused": len(shown), "first_refused": shown[:10]},
            collective_ids=shown,
        )


class AssociationUnknown(PostCollectiveError):
    """The post is not shared there."""

    code = "association_unknown"
    status = 404
    type = "/problems/association-unknown"
    title = "The post is not shared with all of these collectives"

    def __init__(self, collective_ids: Sequence[UUID]) -> None:
        shown = [str(one) for one in collective_ids]
        super().__init__("Nothing was changed.", audit={"unknown": len(shown)}, collective_ids=shown)


class AssociationLocked(PostCollectiveError):
    """The collective's moderators decided; the author cannot change it any more."""

    code = "association_locked"
    status = 409
    type = "/problems/association-locked"
    title = "The moderators of a collective have rejected this post"

    def __init__(self, collective_ids: Sequence[UUID]) -> None:
        shown = [str(one) for one in collective_ids]
        super().__init__(
            "Nothing was changed: ask the moderators of the collective.",
            audit={"locked": len(shown)},
            collective_ids=shown,
        )


class ServicesOnly(PostCollectiveError):
    """What concerns everybody is not told to one user."""

    code = "services_only"
    status = 403
    type = "/problems/forbidden"
    title = "Only services may ask this"


class TemporarilyFailed(PostCollectiveError):
    """The database could not be had, or was too busy; nothing was changed."""

    code = "temporarily_failed"
    outcome = "failed"
    status = 503
    type = "/problems/unavailable"
    title = "That did not work just now, nothing was changed: please try again in a moment"
    fixed_headers = {"Retry-After": "1"}


class OutcomeNotKnown(PostCollectiveError):
    """The connection was lost while it was being done, and stayed lost."""

    code = "outcome_unknown"
    outcome = "failed"
    status = 503
    type = "/problems/outcome-unknown"
    title = "We could not find out whether it was done: please try again, nothing will be done twice"
    fixed_headers = {"Retry-After": "1"}


class InternalFailure(PostCollectiveError):
    """A defect of ours."""

    code = "internal"
    outcome = "failed"
    status = 500
    type = "/problems/internal"
    title = "Something is wrong on our side; we know of it"


class Cancelled(PostCollectiveError):
    """The caller gave up; what was under way was rolled back."""

    code = "cancelled"
    outcome = "failed"
    status = 503
    type = "/problems/cancelled"
    title = "The request was cancelled"
